import { secondsUntilNext } from './errors.ts'
import type { Backoff, Treatment } from './errors.ts'

/** What a person has to mend is looked at again by one message, later each time: so it goes on by itself. */
const PROBES: Backoff = { firstSeconds: 30, factor: 2, maxSeconds: 900, attempts: Infinity }
/** Stands for all numbers of the account. */
const ACCOUNT = ''

/** When numbers may send, where Meta asks to wait or a person has to act first. In memory alone: whoever begins anew tries once. */
export class Pauses {
  readonly #factor: number
  /** By performance.now(). */
  readonly #until = new Map<string, number>()
  /** How often in a row Meta said that a person has to act, and whether a message is trying just now. */
  readonly #stopped = new Map<string, { count: number; tries: boolean }>()

  /** `factor` stretches or shortens all of it. */
  constructor(factor: number) {
    this.#factor = factor
  }

  /** Nothing goes out for so long, where the treatment holds more than one chat. */
  hold({ holds }: Treatment, phoneNumberId: string, seconds: number): void {
    if (holds === 'NUMBER' || holds === 'ACCOUNT') this.#wait(holds === 'ACCOUNT' ? ACCOUNT : phoneNumberId, seconds)
  }

  /** Nothing goes out until a person has acted. Answers for how long nobody tries, and whether it begins with this. */
  stop({ holds }: Treatment, phoneNumberId: string): { seconds: number; begins: boolean } {
    const key = holds === 'ACCOUNT' ? ACCOUNT : phoneNumberId
    const known = this.#stopped.get(key)
    // Another that was on its way when it began.
    if (known?.tries === false) return { seconds: secondsOf(known.count), begins: false }
    const count = (known?.count ?? 0) + 1
    this.#stopped.set(key, { count, tries: false })
    this.#wait(key, secondsOf(count))
    return { seconds: secondsOf(count), begins: known === undefined }
  }

  /** Which numbers wait now; null: all of the account. */
  held(): string[] | null {
    const now = performance.now()
    const keys = [...this.#until].flatMap(([key, until]) => (until > now ? [key] : []))
    return keys.includes(ACCOUNT) ? null : keys
  }

  isHeld(phoneNumberId: string): boolean {
    return [ACCOUNT, phoneNumberId].some((key) => (this.#until.get(key) ?? 0) > performance.now())
  }

  /** Whether a message may be tried now; of a number that has stopped it is one, and the next only after the time of a whole pause. */
  take(phoneNumberId: string): boolean {
    if (this.isHeld(phoneNumberId)) return false
    for (const key of [ACCOUNT, phoneNumberId]) {
      const known = this.#stopped.get(key)
      if (known === undefined) continue
      known.tries = true
      this.#wait(key, secondsOf(known.count))
    }
    return true
  }

  /** Meta took a message by this number: whatever had stopped goes on. Answers whether anything had. */
  goOn(phoneNumberId: string): boolean {
    const stopped = [ACCOUNT, phoneNumberId].filter((key) => this.#stopped.delete(key))
    for (const key of stopped) this.#until.delete(key)
    return stopped.length > 0
  }

  #wait(key: string, seconds: number): void {
    this.#until.set(key, performance.now() + seconds * 1000 * this.#factor)
  }
}

const secondsOf = (count: number) => secondsUntilNext(PROBES, count) ?? PROBES.maxSeconds
