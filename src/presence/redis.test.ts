import { afterEach, describe, expect, test } from 'vitest'
import { TestCluster, TestRedis, hasRedis } from '../../test/support/redis.ts'
import { createLog } from '../base/log.ts'
import { readRedisUrl } from '../base/redis-url.ts'
import { openRedis } from '../base/redis.ts'
import { createMemoryBus } from '../bus/memory.ts'
import type { Seen } from './index.ts'
import { createRedisPresence } from './redis.ts'

// What only several servers show.

const ALICE = 1
const BOB = 2
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

/** One server: its presence table, and a bus that only it hears, so that it is seen who announced what. */
async function server(url: string, { graceMs = 500, idleMs = 60_000 } = {}) {
  const settings = readRedisUrl(url)
  if (typeof settings === 'string') throw new Error(settings)
  const redis = await openRedis(settings, createLog({ level: 'silent', pretty: false }))
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
  const presence = await createRedisPresence({ redis, bus, graceMs, idleMs, onOffline: (gone) => Promise.resolve(void seen.push(...gone)) })
  open.push({
    close: async () => {
      await presence.close()
      redis.disconnect()
    },
  })
  return {
    presence,
    announced,
    seen,
    next: async () => {
      while (announced.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return announced.shift()
    },
    stateOf: async (userId: number) => (await presence.states([userId])).get(userId),
    /** As a process that is killed: it says nothing more to anybody. */
    die: () => {
      redis.disconnect()
    },
  }
}

async function redisServer(): Promise<TestRedis> {
  const redis = await TestRedis.start()
  open.push(redis)
  return redis
}

describe.skipIf(!hasRedis)('presence over several servers', () => {
  test('is one for all devices of a user, wherever they are connected', async () => {
    const { url } = await redisServer()
    const [one, two] = [await server(url, { graceMs: 50 }), await server(url, { graceMs: 50 })]
    const leavePhone = one.presence.connect(ALICE)
    expect(await one.next()).toBe(ALICE)
    expect(await two.stateOf(ALICE)).toMatchObject({ idle: false })
    const leaveLaptop = two.presence.connect(ALICE)
    leavePhone()
    // Bob's coming and going takes longer than her grace would.
    two.presence.connect(BOB)()
    expect(await two.next()).toBe(BOB)
    expect(await Promise.race([one.next(), two.next()])).toBe(BOB)
    expect([await one.stateOf(ALICE), await two.stateOf(ALICE)]).toMatchObject([{ idle: false }, { idle: false }])
    const left = Date.now()
    leaveLaptop()
    expect(await Promise.race([one.next(), two.next()])).toBe(ALICE)
    expect([await one.stateOf(ALICE), await two.stateOf(ALICE)]).toEqual([undefined, undefined])
    const seen = [...one.seen, ...two.seen].filter(({ userId }) => userId === ALICE)
    expect(seen).toHaveLength(1)
    expect(seen[0]?.at.getTime()).toBeGreaterThanOrEqual(left)
  })

  test('knows of activity by whichever server it comes', async () => {
    const { url } = await redisServer()
    const [one, two] = [await server(url, { idleMs: 300 }), await server(url, { idleMs: 300 })]
    one.presence.connect(ALICE)
    await one.next()
    await Promise.race([one.next(), two.next()])
    expect([await one.stateOf(ALICE), await two.stateOf(ALICE)]).toMatchObject([{ idle: true }, { idle: true }])
    const touched = Date.now()
    two.presence.touch(ALICE)
    await expect.poll(() => one.stateOf(ALICE)).toMatchObject({ idle: false })
    expect((await one.stateOf(ALICE))?.activeAt.getTime()).toBeGreaterThanOrEqual(touched)
    // And idle again, though nobody asked anything of the server that she is connected to.
    await expect.poll(() => one.stateOf(ALICE), { timeout: 3000 }).toMatchObject({ idle: true })
  })

  test('goes over to those who are left when a server ends in good order', async () => {
    const { url } = await redisServer()
    const [one, two] = [await server(url, { graceMs: 1500 }), await server(url, { graceMs: 1500 })]
    const leaves = [one.presence.connect(ALICE), one.presence.connect(BOB)]
    await one.next()
    await one.next()
    for (const leave of leaves) leave()
    const ended = Date.now()
    await one.presence.close()
    two.presence.connect(ALICE)
    expect([await two.stateOf(ALICE), await two.stateOf(BOB)]).toMatchObject([{ idle: false }, { idle: false }])
    expect(await two.next()).toBe(BOB)
    expect(Date.now() - ended).toBeGreaterThanOrEqual(1400)
    expect(await two.stateOf(ALICE)).toMatchObject({ idle: false })
    expect(two.seen.map(({ userId }) => userId)).toEqual([BOB])
    expect(two.seen[0]?.at.getTime()).toBeLessThanOrEqual(ended)
    expect([one.announced, one.seen, two.announced]).toEqual([[], [], []])
  })

  test('ends for the users of a server that died, with the time when they were active last', async () => {
    const { url } = await redisServer()
    const [one, two] = [await server(url, { graceMs: 6000 }), await server(url, { graceMs: 6000 })]
    one.presence.connect(ALICE)
    await one.next()
    one.presence.connect(BOB)
    await one.next()
    two.presence.connect(BOB)
    const touched = Date.now()
    one.presence.touch(ALICE)
    await expect.poll(async () => (await two.stateOf(ALICE))?.activeAt.getTime()).toBeGreaterThanOrEqual(touched)
    one.die()
    const died = Date.now()
    expect(await two.stateOf(ALICE)).toMatchObject({ idle: false })
    expect(await two.next()).toBe(ALICE)
    expect(Date.now() - died).toBeLessThan(16_000)
    expect(two.seen.map(({ userId }) => userId)).toEqual([ALICE])
    // By the clock that all servers share, which may differ a little from this one.
    expect(two.seen[0]?.at.getTime()).toBeLessThan(died + 50)
    expect(await two.stateOf(ALICE)).toBeUndefined()
    expect(await two.stateOf(BOB)).toMatchObject({ idle: false })
  }, 30_000)

  test.each(['FLUSHALL', 'a restart'])('survives %s of Redis: nobody is offline for a moment, and all are known again', async (how) => {
    const redis = await redisServer()
    const [one, two] = [await server(redis.url), await server(redis.url)]
    one.presence.connect(ALICE)
    two.presence.connect(BOB)
    await Promise.all([one.next(), two.next()])
    const all = async () => [...(await one.presence.states([ALICE, BOB])).keys(), ...(await two.presence.states([ALICE, BOB])).keys()]
    expect(await all()).toEqual([ALICE, BOB, ALICE, BOB])
    if (how === 'FLUSHALL') {
      const client = await openRedis({ kind: 'standalone', url: redis.url }, createLog({ level: 'silent', pretty: false }))
      await client.flushall()
      client.disconnect()
    } else {
      await redis.kill()
      expect(await all()).toEqual([ALICE, BOB, ALICE, BOB])
      await redis.startAgain()
    }
    // Somebody who knows nothing but what Redis says hears of both again.
    const third = await server(redis.url)
    let known = 0
    while (known < 2) {
      expect(await all()).toEqual([ALICE, BOB, ALICE, BOB])
      known = (await third.presence.states([ALICE, BOB])).size
    }
    expect([...one.seen, ...two.seen, ...third.seen]).toEqual([])
  }, 30_000)

  test('goes by what each server knows while Redis is gone, and nobody waits for it', async () => {
    const redis = await redisServer()
    const [one, two] = [await server(redis.url), await server(redis.url)]
    one.presence.connect(BOB)
    await one.next()
    await two.stateOf(BOB)
    await redis.kill()
    const began = performance.now()
    const leave = one.presence.connect(ALICE)
    expect(await one.next()).toBe(ALICE)
    expect(await one.stateOf(ALICE)).toMatchObject({ idle: false })
    expect(await two.stateOf(ALICE)).toBeUndefined()
    expect(await two.stateOf(BOB)).toMatchObject({ idle: false })
    // Far less than anybody would wait for an answer of Redis.
    expect(performance.now() - began).toBeLessThan(2000)
    const leaving = Date.now()
    leave()
    const left = Date.now()
    expect(await one.next()).toBe(ALICE)
    expect(one.seen.map(({ userId }) => userId)).toEqual([ALICE])
    expect(Number(one.seen[0]?.at)).toBeGreaterThan(leaving - 50)
    expect(Number(one.seen[0]?.at)).toBeLessThan(left + 50)
    one.presence.connect(ALICE)
    await redis.startAgain()
    await expect.poll(() => two.stateOf(ALICE), { timeout: 5000 }).toMatchObject({ idle: false })
    expect(await two.stateOf(BOB)).toMatchObject({ idle: false })
  }, 30_000)

  test('takes no server for dead after Redis itself was away longer than a lease', async () => {
    const redis = await redisServer()
    const [one, two] = [await server(redis.url), await server(redis.url)]
    one.presence.connect(ALICE)
    two.presence.connect(BOB)
    await Promise.all([one.next(), two.next()])
    await Promise.all([one.stateOf(BOB), two.stateOf(ALICE)])
    redis.freeze()
    const began = performance.now()
    let slowest = 0
    while (performance.now() - began < 10_000) {
      const asked = performance.now()
      expect(await one.stateOf(BOB)).toBeDefined()
      slowest = Math.max(slowest, performance.now() - asked)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(slowest).toBeLessThan(150)
    redis.thaw()
    const third = await server(redis.url)
    const thawed = performance.now()
    while (performance.now() - thawed < 12_000) {
      expect([await one.stateOf(BOB), await two.stateOf(ALICE), await third.stateOf(ALICE)]).toMatchObject([{ idle: false }, { idle: false }, { idle: false }])
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect([one.announced, one.seen, two.announced, two.seen, third.announced, third.seen]).toEqual([[], [], [], [], [], []])
  }, 60_000)

  test('is kept in a cluster too', async () => {
    const cluster = await TestCluster.start()
    open.push(cluster)
    const [one, two] = [await server(cluster.url, { graceMs: 50 }), await server(cluster.url, { graceMs: 50 })]
    const leave = one.presence.connect(ALICE)
    expect(await one.next()).toBe(ALICE)
    await expect.poll(() => two.stateOf(ALICE)).toMatchObject({ idle: false })
    leave()
    expect(await Promise.race([one.next(), two.next()])).toBe(ALICE)
    await expect.poll(() => two.stateOf(ALICE)).toBeUndefined()
  }, 60_000)
})
