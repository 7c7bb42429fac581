import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestRedis, hasRedis } from '../../test/support/redis.ts'
import { createLog } from '../base/log.ts'
import { openRedis } from '../base/redis.ts'
import type { RedisClient } from '../base/redis.ts'
import { createMemoryBus } from '../bus/memory.ts'
import type { Presence, PresenceOptions, Seen } from './index.ts'
import { createMemoryPresence } from './memory.ts'
import { createRedisPresence } from './redis.ts'

// What presence owes to the rest of the house, whichever way it is kept.

const ALICE = 1
const BOB = 2
let redis: TestRedis | undefined
let client: RedisClient | undefined
beforeAll(async () => {
  if (!hasRedis) return
  redis = await TestRedis.start()
  client = await openRedis({ kind: 'standalone', url: redis.url }, createLog({ level: 'silent', pretty: false }))
})
beforeEach(async () => {
  await client?.flushall()
})
afterAll(async () => {
  client?.disconnect()
  await redis?.close()
})

const DRIVERS: Record<string, (options: PresenceOptions) => Presence | Promise<Presence>> = { memory: createMemoryPresence }
if (hasRedis) DRIVERS.redis = (options) => createRedisPresence({ ...options, redis: client as RedisClient })

describe.each(Object.entries(DRIVERS))('presence kept in %s', (_name, create) => {
  /** A presence table, and what it tells: `next` waits for the next announcement, `seen` holds when people went. */
  async function open({ graceMs = 20, idleMs = 60_000 }) {
    const bus = createMemoryBus((error) => {
      throw error
    })
    const announced: number[] = []
    let wake = () => {}
    await bus.subscribe('presence', ({ userId }) => {
      announced.push(userId)
      wake()
    })
    const seen: Seen[] = []
    const presence = await create({ bus, graceMs, idleMs, onOffline: (gone) => Promise.resolve(void seen.push(...gone)) })
    const next = async () => {
      while (announced.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return announced.shift()
    }
    const stateOf = async (userId: number) => (await presence.states([userId])).get(userId)
    return { presence, announced, next, seen, stateOf }
  }

  test('somebody is there from the first connection to the last one’s end, and is announced once for each', async () => {
    const { presence, announced, next, seen, stateOf } = await open({})
    const leavePhone = presence.connect(ALICE)
    const leaveLaptop = presence.connect(ALICE)
    expect(await next()).toBe(ALICE)
    expect([...(await presence.states([ALICE, BOB])).keys()]).toEqual([ALICE])
    leavePhone()
    leavePhone()
    expect(await stateOf(ALICE)).toMatchObject({ idle: false })
    const ended = Date.now()
    leaveLaptop()
    const left = Date.now()
    expect(announced).toEqual([])
    expect(await next()).toBe(ALICE)
    expect(await stateOf(ALICE)).toBeUndefined()
    expect(seen.map(({ userId }) => userId)).toEqual([ALICE])
    expect(seen[0]?.at.getTime()).toBeGreaterThanOrEqual(ended)
    expect(seen[0]?.at.getTime()).toBeLessThanOrEqual(left)
    await presence.close()
    expect(announced).toEqual([])
  })

  test('who comes back in time was never away', async () => {
    const { presence, announced, next, seen } = await open({ graceMs: 40 })
    presence.connect(ALICE)()
    await next()
    presence.connect(ALICE)
    // Bob's going comes after all that could still be told of Alice.
    presence.connect(BOB)()
    expect([await next(), await next()]).toEqual([BOB, BOB])
    expect(announced).toEqual([])
    expect(seen.map(({ userId }) => userId)).toEqual([BOB])
    await presence.close()
  })

  test('who asks for nothing is idle, until they ask again: each is announced once', async () => {
    const { presence, announced, next, stateOf } = await open({ idleMs: 400 })
    presence.connect(ALICE)
    await next()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const touched = Date.now()
    presence.touch(ALICE)
    const done = Date.now()
    expect(await next()).toBe(ALICE)
    expect(Date.now() - touched).toBeGreaterThanOrEqual(400)
    const idle = await stateOf(ALICE)
    expect(idle?.idle).toBe(true)
    expect(idle?.activeAt.getTime()).toBeGreaterThanOrEqual(touched)
    expect(idle?.activeAt.getTime()).toBeLessThanOrEqual(done)
    // Another device by itself is no sign of a person.
    presence.connect(ALICE)
    expect(announced).toEqual([])
    presence.touch(ALICE)
    presence.touch(ALICE)
    expect(await next()).toBe(ALICE)
    expect(announced).toEqual([])
    expect((await stateOf(ALICE))?.idle).toBe(false)
    expect(await next()).toBe(ALICE)
    expect((await stateOf(ALICE))?.idle).toBe(true)
    await presence.close()
  })

  test('who was idle left when they were last active', async () => {
    const { presence, next, seen } = await open({ idleMs: 30, graceMs: 1 })
    const leave = presence.connect(ALICE)
    const came = Date.now()
    await next()
    await next()
    leave()
    await next()
    expect(seen[0]?.at.getTime()).toBeLessThanOrEqual(came)
    await presence.close()
  })

  test('asking without a connection is no presence', async () => {
    const { presence, announced, stateOf } = await open({})
    presence.touch(ALICE)
    expect(await stateOf(ALICE)).toBeUndefined()
    expect(announced).toEqual([])
    await presence.close()
  })

  test('its end is everybody’s, those in their grace too', async () => {
    const { presence, seen, announced, next } = await open({ graceMs: 60_000 })
    const leaveLater = presence.connect(ALICE)
    presence.connect(BOB)()
    expect([await next(), await next()].sort()).toEqual([ALICE, BOB])
    await presence.close()
    expect(seen.map(({ userId }) => userId).sort()).toEqual([ALICE, BOB])
    leaveLater()
    await presence.close()
    expect(seen).toHaveLength(2)
    expect(announced).toEqual([])
  })
})
