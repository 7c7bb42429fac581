import { MetaError } from './errors.ts'

/** How fast a business may send. Source: Meta's page on throughput (80 messages a second for a number), dualhook.com (the pair limit). */
export interface Limits {
  /** Messages per second of one phone number; beyond it 130429. Null: no limit. */
  perSecond: number | null
  /** Messages to the same recipient: so many at once, then one per `everyMs`; beyond it 131056. Null: no limit. */
  pair: { burst: number; everyMs: number } | null
}

export const META_LIMITS: Limits = { perSecond: 80, pair: { burst: 45, everyMs: 6000 } }

/** Counts what is sent, by buckets that fill again with time. */
export class Meter {
  readonly #limits: Limits
  readonly #now: () => number
  readonly #buckets = new Map<string, { left: number; at: number }>()

  constructor(limits: Limits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** @throws {MetaError} where this one is too many. */
  count(phoneNumberId: string, recipient: string): void {
    const { perSecond, pair } = this.#limits
    if (perSecond !== null && !this.#take(phoneNumberId, perSecond, 1000 / perSecond)) throw new MetaError(130429, { details: 'Cloud API message throughput has been reached.' })
    if (pair !== null && !this.#take(`${phoneNumberId} ${recipient}`, pair.burst, pair.everyMs)) {
      throw new MetaError(131056, { details: 'Too many messages sent from the sender phone number to the same recipient phone number in a short period of time.' })
    }
  }

  #take(name: string, size: number, everyMs: number): boolean {
    const now = this.#now()
    const bucket = this.#buckets.get(name) ?? { left: size, at: now }
    const left = Math.min(size, bucket.left + (now - bucket.at) / everyMs)
    this.#buckets.set(name, { left: left >= 1 ? left - 1 : left, at: now })
    return left >= 1
  }
}
