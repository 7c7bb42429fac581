import { Cluster, Redis } from 'ioredis'
import type { RedisOptions } from 'ioredis'
import type { Logger } from './log.ts'
import type { RedisSettings } from './redis-url.ts'

export type { RedisSettings }
export type RedisClient = Redis | Cluster

/** So long is waited for a connection, and for an answer on one before it counts as dead. */
const PATIENCE_MS = 1000

const retryStrategy = (times: number) => Math.min(times * 100, 2000)

/** What cannot be asked now fails at once, and is neither kept nor sent again. */
const CONNECTION = {
  maxRetriesPerRequest: 0,
  connectTimeout: PATIENCE_MS,
  commandTimeout: PATIENCE_MS,
  socketTimeout: PATIENCE_MS,
  // A Redis that is frozen never closes its end.
  disconnectTimeout: 200,
} satisfies RedisOptions

const SINGLE = {
  ...CONNECTION,
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // Whoever subscribes does it again by themselves: ioredis forgets what it had not finished when the connection broke once more.
  autoResubscribe: false,
  retryStrategy,
} satisfies RedisOptions

/** A client of this Redis that has not connected yet, and then comes back by itself. Whoever makes it listens for its errors. */
export function makeRedis(settings: RedisSettings): RedisClient {
  if (settings.kind === 'standalone') return new Redis(settings.url, SINGLE)
  const { username, password, tls } = settings
  const access: RedisOptions = { ...(username === null ? {} : { username }), ...(password === null ? {} : { password }), ...(tls ? { tls: {} } : {}) }
  if (settings.kind === 'cluster') {
    return new Cluster(settings.nodes, {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      maxRedirections: 3,
      // The address of a node is often its name, and its certificate with it.
      ...(tls ? { dnsLookup: (address, callback) => { callback(null, address) } } : {}),
      redisOptions: { ...CONNECTION, ...access },
    })
  }
  return new Redis({
    ...SINGLE,
    ...access,
    sentinels: settings.sentinels,
    name: settings.master,
    sentinelCommandTimeout: PATIENCE_MS,
    sentinelRetryStrategy: retryStrategy,
    ...(settings.sentinelPassword === null ? {} : { sentinelPassword: settings.sentinelPassword }),
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
  })
}

/** Connects; resolves when it answers, or does not: then it goes on trying by itself. */
export async function connectRedis(redis: RedisClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS)
  })
  // The reason comes as an `error` too.
  await Promise.race([redis.connect().catch(() => undefined), patience])
  clearTimeout(timer)
}

/** Connects to a Redis that nothing depends upon. An outage is told to the log once. */
export async function openRedis(settings: RedisSettings, log: Logger): Promise<RedisClient> {
  const redis = makeRedis(settings)
  let away = false
  const told = (error?: unknown) => {
    if (!away) log.warn({ err: error }, 'Redis does not answer; each server counts, and knows who is there, for itself meanwhile.')
    away = true
  }
  redis.on('error', told)
  redis.on('reconnecting', () => {
    told()
  })
  redis.on('ready', () => {
    if (away) log.info('Redis answers again.')
    away = false
  })
  await connectRedis(redis)
  if (redis.status !== 'ready') told()
  return redis
}
