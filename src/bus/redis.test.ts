import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { TestCluster, TestRedis, hasRedis } from '../../test/support/redis.ts'
import { createLog } from '../base/log.ts'
import { readRedisUrl } from '../base/redis-url.ts'
import { openRedis } from '../base/redis.ts'
import type { BusMessages, BusTopic } from './index.ts'
import { createRedisBus } from './redis.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close()
})

/** Closed after the test, the last one first. */
function keep<T extends { close(): Promise<void> }>(thing: T): T {
  open.push({ close: () => thing.close() })
  return thing
}

/** The bus of one server, what it has heard, and what its log says. */
async function server(url: string) {
  const settings = readRedisUrl(url)
  if (typeof settings === 'string') throw new Error(settings)
  const warnings: string[] = []
  const log = createLog({ level: 'silent', pretty: false })
  log.warn = ((...args: unknown[]) => void warnings.push(String(args.at(-1)))) as typeof log.warn
  const publisher = await openRedis(settings, log)
  open.push({ close: async () => { publisher.disconnect() } })
  const bus = keep(await createRedisBus({ settings, publisher, log, onError: (error) => { throw error } }))
  const heard: unknown[] = []
  let wake = () => {}
  for (const topic of ['hints', 'typing', 'presence', 'leavings'] as const) {
    await bus.subscribe(topic, (message: BusMessages[BusTopic]) => {
      heard.push([topic, message])
      wake()
    })
  }
  const next = async () => {
    while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return heard.shift()
  }
  return { bus, heard, next, warnings }
}

const healthy = (...servers: { bus: { healthy(): boolean } }[]) => expect.poll(() => servers.map(({ bus }) => bus.healthy()), { timeout: 15_000 }).toEqual(servers.map(() => true))
const deaf = (...servers: { bus: { healthy(): boolean } }[]) => expect.poll(() => servers.map(({ bus }) => bus.healthy()), { timeout: 3500 }).toEqual(servers.map(() => false))

describe.skipIf(!hasRedis)('the bus of two servers', () => {
  test('carries all to the other, and to itself at once and once', async () => {
    const { url } = keep(await TestRedis.start())
    const one = await server(url)
    const two = await server(url)
    expect([one.bus.healthy(), two.bus.healthy()]).toEqual([true, true])
    one.bus.publish('typing', { chatId: 1, userId: 2, typing: true })
    one.bus.publish('presence', { userId: 3 })
    one.bus.publish('leavings', null)
    const all = [['typing', { chatId: 1, userId: 2, typing: true }], ['presence', { userId: 3 }], ['leavings', null]]
    expect(one.heard.splice(0)).toEqual(all)
    expect([await two.next(), await two.next(), await two.next()]).toEqual(all)
    // Two of one stream are one hint, the newer; streams of different channels come as they do.
    one.bus.publish('hints', [[5, 1], [69, 7]])
    one.bus.publish('hints', [[5, 2], [6, 1]])
    const hints = [await two.next(), await two.next()]
    expect(hints).toContainEqual(['hints', [[5, 2], [69, 7]]])
    expect(hints).toContainEqual(['hints', [[6, 1]]])
    // What comes back from Redis was dropped: the answer of the other follows at once on the own.
    two.bus.publish('presence', { userId: 4 })
    expect([await one.next(), await one.next(), await one.next()]).toEqual([['hints', [[5, 1], [69, 7]]], ['hints', [[5, 2], [6, 1]]], ['presence', { userId: 4 }]])
  })

  test('goes on alone where it may not join the channels, and joins as soon as it may', async () => {
    const { url } = keep(await TestRedis.start())
    const admin = new Redis(url)
    keep({ close: async () => { admin.disconnect() } })
    // As a new user of Redis 7 is: every command, and no channel.
    await admin.call('ACL', 'SETUSER', 'parley', 'on', '>secret', '~*', '+@all', 'resetchannels')
    const narrow = url.replace('redis://', 'redis://parley:secret@')
    const [one, two] = [await server(narrow), await server(narrow)]
    expect([one.bus.healthy(), two.bus.healthy()]).toEqual([false, false])
    one.bus.publish('presence', { userId: 1 })
    expect(one.heard).toEqual([['presence', { userId: 1 }]])
    await admin.call('ACL', 'SETUSER', 'parley', 'allchannels')
    await healthy(one, two)
    const telling = setInterval(() => { one.bus.publish('presence', { userId: 2 }) }, 100)
    expect(await two.next()).toEqual(['presence', { userId: 2 }])
    clearInterval(telling)
  }, 30_000)

  test('ignores what others write into its channels, and says so once', async () => {
    const { url } = keep(await TestRedis.start())
    const { bus, next, heard, warnings } = await server(url)
    const stranger = new Redis(url)
    open.push({ close: async () => { stranger.disconnect() } })
    const bad = ['hello', '{', 'null', '[]', '{"from":"x"}', '{"from":"x","message":[[1]]}', '{"from":"x","message":[[1,-2]]}', '{"from":1,"message":[[1,2]]}', '{"from":"x","message":{"__proto__":null}}']
    for (const payload of bad) {
      await stranger.publish('parley:bus:hints:1', payload)
      await stranger.publish('parley:bus:typing', payload)
      await stranger.publish('parley:bus:presence', payload)
    }
    await stranger.publish('parley:bus:presence', '{"from":"x","message":{"userId":9,"more":1}}')
    expect(await next()).toEqual(['presence', { userId: 9 }])
    expect(heard).toEqual([])
    expect(bus.healthy()).toBe(true)
    expect(warnings).toHaveLength(1)
  })

  test('is deaf while Redis is gone, and says so; comes back with it by itself', async () => {
    const redis = keep(await TestRedis.start())
    const one = await server(redis.url)
    const two = await server(redis.url)
    await redis.kill()
    await deaf(one, two)
    // Nobody is held up: one hears itself, and nothing is kept for later.
    for (let n = 1; n <= 20_000; n++) one.bus.publish('presence', { userId: n })
    expect(one.heard.splice(0)).toHaveLength(20_000)
    await expect.poll(() => one.warnings.filter((text) => text.includes('do not come by Redis'))).toHaveLength(1)
    await redis.startAgain()
    await healthy(one, two)
    one.bus.publish('typing', { chatId: 1, userId: 2, typing: true })
    expect(await two.next()).toEqual(['typing', { chatId: 1, userId: 2, typing: true }])
    // Also the channels of hints, each of them.
    two.bus.publish('hints', Array.from({ length: 64 }, (_, n) => [n + 1, 1] as const))
    one.heard.length = 0
    for (let n = 0; n < 64; n++) await one.next()
  }, 30_000)

  test('notices within seconds that Redis is frozen, and does not hang when it goes on', async () => {
    const redis = keep(await TestRedis.start())
    const one = await server(redis.url)
    const two = await server(redis.url)
    const began = performance.now()
    redis.freeze()
    await deaf(one, two)
    expect(performance.now() - began).toBeLessThan(3500)
    redis.thaw()
    await healthy(one, two)
    // A connection that was found dead while Redis stood still may be made anew just now, and what is told meanwhile is lost.
    const telling = setInterval(() => { two.bus.publish('leavings', null) }, 100)
    expect(await one.next()).toEqual(['leavings', null])
    clearInterval(telling)
  }, 30_000)

  test('begins without Redis, and joins when it is there', async () => {
    const redis = keep(await TestRedis.start())
    await redis.kill()
    const began = performance.now()
    const one = await server(redis.url)
    const two = await server(redis.url)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(one.bus.healthy()).toBe(false)
    await redis.startAgain()
    await healthy(one, two)
    one.bus.publish('presence', { userId: 1 })
    expect(await two.next()).toEqual(['presence', { userId: 1 }])
  }, 30_000)

  test('follows the sentinels to the next master', async () => {
    const master = keep(await TestRedis.start())
    const replica = keep(await TestRedis.start('--replicaof', '127.0.0.1', String(master.port)))
    const sentinel = keep(await TestRedis.sentinel(master, 'chats'))
    const url = `redis-sentinel://127.0.0.1:${sentinel.port}/chats`
    const one = await server(url)
    const two = await server(url)
    one.bus.publish('presence', { userId: 1 })
    expect(await two.next()).toEqual(['presence', { userId: 1 }])
    const client = new Redis(sentinel.url)
    open.push({ close: async () => { client.disconnect() } })
    await expect.poll(() => client.call('sentinel', 'replicas', 'chats'), { timeout: 20_000 }).toHaveLength(1)
    await master.kill()
    await expect.poll(async () => ((await client.call('sentinel', 'get-master-addr-by-name', 'chats')) as string[])[1], { timeout: 20_000 }).toBe(String(replica.port))
    await healthy(one, two)
    one.heard.length = 0
    two.bus.publish('typing', { chatId: 1, userId: 2, typing: false })
    expect(await one.next()).toEqual(['typing', { chatId: 1, userId: 2, typing: false }])
  }, 90_000)

  test('goes over a cluster', async () => {
    const cluster = keep(await TestCluster.start())
    const one = await server(cluster.url)
    const two = await server(cluster.url)
    await healthy(one, two)
    one.bus.publish('hints', Array.from({ length: 64 }, (_, n) => [n + 1, 1] as const))
    for (let n = 0; n < 64; n++) await two.next()
    one.heard.length = 0
    two.bus.publish('presence', { userId: 1 })
    expect(await one.next()).toEqual(['presence', { userId: 1 }])
  }, 60_000)
})
