import { Redis } from 'ioredis'
import type { Logger } from './log.ts'

export type { Redis }

/** So long is waited for a connection, and for an answer on one before it counts as dead. */
const PATIENCE_MS = 1000

/**
 * Connects to a Redis that nothing depends upon: what cannot be asked now fails at once, and is neither kept nor sent again. It comes back by itself.
 * Resolves when it answers, or does not: an outage is told to the log once.
 */
export async function openRedis(url: string, log: Logger): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    socketTimeout: PATIENCE_MS,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  })
  let away = false
  const told = (error?: unknown) => {
    if (!away) log.warn({ err: error }, 'Redis does not answer; what it would share is counted by each server alone meanwhile.')
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
  await redis.connect().catch(told)
  return redis
}
