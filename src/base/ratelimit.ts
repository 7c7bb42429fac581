import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { RateLimited } from './errors.ts'
import type { Quota, QuotaName, Quotas } from './quotas.ts'

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

/** Counts in this process's memory. */
export function createRateLimiter(quotas: Quotas): RateLimiter {
  const limiters = new Map<QuotaName, RateLimiterMemory>()
  const limiterOf = (name: QuotaName) => {
    const limiter = limiters.get(name) ?? limiterFor(quotas[name])
    limiters.set(name, limiter)
    return limiter
  }
  return {
    async take(quota, key) {
      try {
        await limiterOf(quota).consume(key)
      } catch (error) {
        if (!(error instanceof RateLimiterRes)) throw error
        throw new RateLimited('Too often. Wait a moment and try again.', Math.max(1, Math.ceil(error.msBeforeNext / 1000)))
      }
    },
    async reset(quota, key) {
      await limiterOf(quota).delete(key)
    },
  }
}

function limiterFor({ points, seconds }: Quota): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: seconds })
}
