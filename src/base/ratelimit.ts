import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { RateLimited } from './errors.ts'
import { patiently } from './patience.ts'
import type { Ask } from './patience.ts'
import type { Quota, QuotaName, Quotas } from './quotas.ts'
import type { RedisClient } from './redis.ts'

/** Counts uses of named quotas. */
export interface RateLimiter {
  /**
   * Takes one use of this quota for this key (a user, an address, a log-in name).
   * @throws {RateLimited} where nothing is left.
   */
  take(quota: QuotaName, key: string): Promise<void>
  /** Gives back what was taken, after a success that should not count. */
  reset(quota: QuotaName, key: string): Promise<void>
}

/** Everything passes. */
export const NO_LIMITS: RateLimiter = { take: () => Promise.resolve(), reset: () => Promise.resolve() }

/** Counts in Redis, together with the other servers there; without one, and while it does not answer, in this process's memory. */
export function createRateLimiter(quotas: Quotas, { redis = null, onRefused }: { redis?: RedisClient | null | undefined; onRefused?: () => void } = {}): RateLimiter {
  const counters = new Map<QuotaName, Counter>()
  const askRedis = patiently((error) => error instanceof RateLimiterRes)
  const counterOf = (name: QuotaName) => {
    const counter = counters.get(name) ?? createCounter(name, quotas[name], redis, askRedis)
    counters.set(name, counter)
    return counter
  }
  return {
    async take(quota, key) {
      try {
        await counterOf(quota).consume(key)
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        onRefused?.()
        throw new RateLimited('Too often. Wait a moment and try again.', Math.max(1, Math.ceil(error.msBeforeNext / 1000)))
      }
    },
    async reset(quota, key) {
      await counterOf(quota).delete(key)
    },
  }
}

type Counter = Pick<RateLimiterMemory, 'consume' | 'delete'>

function createCounter(name: QuotaName, { points, seconds }: Quota, redis: RedisClient | null, askRedis: Ask): Counter {
  const options = { keyPrefix: `parley:limit:${name}`, points, duration: seconds }
  const alone = new RateLimiterMemory(options)
  if (redis === null) return alone
  const shared = new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true })
  return {
    consume: (key) => askRedis(() => shared.consume(key), () => alone.consume(key)),
    delete: (key) => askRedis(() => shared.delete(key), () => alone.delete(key)),
  }
}
