import { randomUUID } from 'node:crypto'
import { RedisPubSub } from 'graphql-redis-subscriptions'
import { z } from 'zod'
import { groupBy } from '../base/loaders.ts'
import type { Logger } from '../base/log.ts'
import { connectRedis, makeRedis } from '../base/redis.ts'
import type { RedisClient, RedisSettings } from '../base/redis.ts'
import type { Bus, BusMessages, BusTopic, Hint } from './index.ts'
import { createMemoryBus } from './memory.ts'

/** Hints are collected for so long, and spread over so many channels by their stream. */
const BATCH_MS = 2
const HINT_CHANNELS = 64
/** Each server sends itself a heartbeat this often; where none came for so long, messages of the others do not come either. */
const HEARTBEAT_MS = 1000
const DEAF_MS = 2000
/** So many messages may be under way to a Redis that takes its time; more are dropped. */
const MAX_UNDER_WAY = 10_000

const id = z.int().positive()
const MESSAGES: { [T in BusTopic]: z.ZodType<BusMessages[T]> } = {
  hints: z.array(z.tuple([id, id])),
  typing: z.object({ chatId: id, userId: id, typing: z.boolean() }),
  presence: z.object({ userId: id }),
  leavings: z.null(),
  whatsapp: z.null(),
}
/** `from`: the server that sent it, which has heard it already. */
const Envelope = z.object({ from: z.string(), message: z.unknown() })

/**
 * The bus of several servers. The own listeners are called directly, as with a single server; the others hear by Redis. What cannot be sent is
 * dropped, and the sweep of the event log heals it. Resolves when messages of others arrive, or Redis is not there: it is joined when it is.
 */
export async function createRedisBus(options: { settings: RedisSettings; publisher: RedisClient; log: Logger; onError: (error: unknown) => void }): Promise<Bus> {
  const { publisher, log } = options
  const self = randomUUID()
  const own = createMemoryBus(options.onError)
  const subscriber = makeRedis(options.settings)
  // It hands out what comes. Asking Redis for the channels is not left to it: an asking that fails would end the process.
  const pubsub = new RedisPubSub({ publisher, subscriber: { on: subscriber.on.bind(subscriber), subscribe: (_channel: string, done: (error: null) => void) => { done(null) } } as never })
  let heardAt = -Infinity
  let triedAt = performance.now()
  let firstHeard = () => {}
  let healthy = true
  let toldOfBad = false
  let underWay = 0

  const hear = (topic: BusTopic, payload: unknown) => {
    const envelope = Envelope.safeParse(payload)
    if (envelope.data?.from === self) return
    const message = MESSAGES[topic].safeParse(envelope.data?.message)
    if (message.success) own.publish(topic, message.data as never)
    else if (!toldOfBad) {
      toldOfBad = true
      log.warn({ topic }, 'Somebody else writes into the channels of this Redis; what cannot be understood is ignored.')
    }
  }
  const channels = new Map<string, (payload: unknown) => void>()
  for (let n = 0; n < HINT_CHANNELS; n++) channels.set(hintChannel(n), (payload) => { hear('hints', payload) })
  for (const topic of ['typing', 'presence', 'leavings', 'whatsapp'] as const) channels.set(channelOf(topic), (payload) => { hear(topic, payload) })
  // The last one: Redis takes them in order, so whoever hears the heartbeat hears all.
  const heartbeat = `parley:bus:heartbeat:${self}`
  channels.set(heartbeat, (sentAt) => {
    // A Redis that was frozen brings old ones, of connections that are no more.
    if (typeof sentAt !== 'number' || sentAt > performance.now()) return
    heardAt = Math.max(heardAt, sentAt)
    firstHeard()
    watch()
  })

  for (const [channel, listener] of channels) await pubsub.subscribe(channel, listener)

  /** After each connection anew. What fails is tried again with the next: without its heartbeat the connection is made anew. */
  const join = async () => {
    triedAt = performance.now()
    await subscriber.subscribe(...channels.keys())
    beat()
  }
  subscriber.on('ready', () => {
    join().catch((error: unknown) => {
      log.warn({ err: error }, 'The channels of Redis could not be joined; it is tried again.')
    })
  })
  // The publisher tells the log of the same outage.
  subscriber.on('error', () => undefined)

  const send = (channel: string, payload: unknown) => {
    if (underWay >= MAX_UNDER_WAY) return
    underWay += 1
    pubsub
      .publish(channel, payload)
      .catch(() => undefined)
      .finally(() => (underWay -= 1))
  }
  const beat = () => {
    send(heartbeat, performance.now())
  }
  const hears = () => performance.now() - heardAt < DEAF_MS
  const watch = () => {
    if (healthy === hears()) return
    healthy = !healthy
    if (healthy) log.info('The servers hear of each other at once again.')
    else log.warn('Messages of the other servers do not come by Redis: their events are found by looking into the log, five times a second.')
  }
  const timer = setInterval(() => {
    watch()
    beat()
    // A connection to a Redis that is frozen or cut off looks sound from here.
    if (hears() || performance.now() - triedAt < DEAF_MS || subscriber.status !== 'ready') return
    triedAt = performance.now()
    subscriber.disconnect(true)
  }, HEARTBEAT_MS)

  const batch = new Map<number, number>()
  let flushing: NodeJS.Timeout | undefined
  const collect = (hints: readonly Hint[]) => {
    for (const [streamId, seq] of hints) batch.set(streamId, Math.max(seq, batch.get(streamId) ?? 0))
    flushing ??= setTimeout(flush, BATCH_MS)
  }
  const flush = () => {
    flushing = undefined
    const byChannel = groupBy([...batch], ([streamId]) => hintChannel(streamId % HINT_CHANNELS))
    batch.clear()
    for (const [channel, message] of byChannel) send(channel, { from: self, message })
  }

  await connectRedis(subscriber)
  await new Promise<void>((resolve) => {
    firstHeard = resolve
    if (hears() || subscriber.status !== 'ready') resolve()
    else setTimeout(resolve, HEARTBEAT_MS)
  })
  watch()
  return {
    publish(topic, message) {
      own.publish(topic, message)
      if (topic === 'hints') collect(message as BusMessages['hints'])
      else send(channelOf(topic), { from: self, message })
    },
    subscribe: (topic, listener) => own.subscribe(topic, listener),
    healthy: hears,
    close() {
      clearInterval(timer)
      clearTimeout(flushing)
      flush()
      subscriber.disconnect()
      return Promise.resolve()
    },
  }
}

function hintChannel(n: number): string {
  return `parley:bus:hints:${n}`
}

function channelOf(topic: Exclude<BusTopic, 'hints'>): string {
  return `parley:bus:${topic}`
}
