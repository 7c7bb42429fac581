/** Meta takes 80 messages a second from a number, of what comes and goes together; this leaves it some room. */
const PER_SECOND = 60
/** To one customer 45 at once, and then one in six seconds. */
const PAIR_AT_ONCE = 45
const PAIR_EVERY_MS = 6000
/** No look waits longer than this for its turn: it is looked at again. */
const PATIENCE_MS = 2000

/** Keeps below Meta's limits, so that they are met seldom: what is refused for them costs more than waiting. */
export class Pace {
  readonly #factor: number
  readonly #nextOfNumber = new Map<string, number>()
  readonly #pairs = new Map<number, { left: number; at: number }>()

  /** `factor` stretches or shortens all of it. */
  constructor(factor: number) {
    this.#factor = factor
  }

  /** Waits for the turn of a message by this number into this chat; false where that is far off. */
  async take(phoneNumberId: string, chatId: number): Promise<boolean> {
    const now = performance.now()
    const every = PAIR_EVERY_MS * this.#factor
    const pair = this.#pairs.get(chatId) ?? { left: PAIR_AT_ONCE, at: now }
    const left = Math.min(PAIR_AT_ONCE, pair.left + (every === 0 ? PAIR_AT_ONCE : (now - pair.at) / every))
    if (left < 1) return false
    const turn = Math.max(now, this.#nextOfNumber.get(phoneNumberId) ?? 0)
    if (turn - now > PATIENCE_MS) return false
    this.#pairs.set(chatId, { left: left - 1, at: now })
    this.#nextOfNumber.set(phoneNumberId, turn + (1000 / PER_SECOND) * this.#factor)
    if (this.#pairs.size > 10_000) for (const [id, { at }] of this.#pairs) if (now - at > PAIR_AT_ONCE * every) this.#pairs.delete(id)
    if (turn > now) await new Promise((resolve) => setTimeout(resolve, turn - now))
    return true
  }
}
