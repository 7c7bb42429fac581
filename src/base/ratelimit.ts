import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { RateLimited } from './errors.ts'

/** `points` uses in `seconds`, counted apart for each key. */
export interface Quota {
  points: number
  seconds: number
}

/** Counts uses of named quotas. */
export interface RateLimiter {
  /**
   * Takes one use of this quota for this key (a user, an address, a log-in name).
   * @throws {RateLimited} where nothing is left.
   */
  take(quota: string, key: string): Promise<void>
  /** Gives back what was taken, after a success that should not count. */
  reset(quota: string, key: string): Promise<void>
}

/** Counts in this process's memory; with `enabled: false` everything passes. */
export function createRateLimiter(quotas: Record<string, Quota>, enabled: boolean): RateLimiter {
  if (!enabled) return { take: () => Promise.resolve(), reset: () => Promise.resolve() }
  const limiters = new Map(Object.entries(quotas).map(([name, { points, seconds }]) => [name, new RateLimiterMemory({ points, duration: seconds })]))
  const limiterOf = (name: string) => {
    const limiter = limiters.get(name)
    if (limiter === undefined) throw new Error(`no quota is called ${name}`)
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
