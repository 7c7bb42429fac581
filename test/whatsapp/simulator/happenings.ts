import type { Customer } from './customer.ts'
import type { Accepted, Refused } from './types.ts'

/** All that happened, and a way to wait for more. */
export class Happenings {
  /** Every message that was taken, in order; what was sent twice stands here twice. */
  readonly accepted: Accepted[] = []
  readonly refused: Refused[] = []
  /** Messages that the business marked as read, and whether it showed that it types. */
  readonly readMarks: { messageId: string; typing: boolean; at: number }[] = []
  /** What customers did, with the id of each. */
  readonly received: { id: string; customer: Customer; message: Record<string, unknown>; at: number }[] = []
  readonly #waiting = new Set<() => void>()

  /** Resolves with the first message taken that fits, now or later. */
  async accepts(fits: (message: Accepted) => boolean = () => true): Promise<Accepted> {
    for (;;) {
      const found = this.accepted.find(fits)
      if (found !== undefined) return found
      await this.change()
    }
  }

  /** Resolves when this holds, asked whenever something happened. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.change()
  }

  /** Resolves when something happened next. */
  change(): Promise<void> {
    return new Promise((resolve) => { this.#waiting.add(resolve) })
  }

  /** Messages that were taken more than once, by what was sent along with them (`biz_opaque_callback_data`). */
  doubles(): string[] {
    const seen = new Set<string>()
    return this.accepted.flatMap(({ callbackData }) => {
      if (callbackData === null) return []
      if (seen.has(callbackData)) return [callbackData]
      seen.add(callbackData)
      return []
    })
  }

  noteRefusal(refusal: Refused): void {
    this.refused.push(refusal)
    this.notify()
  }

  noteRead(mark: { messageId: string; typing: boolean; at: number }): void {
    this.readMarks.push(mark)
    this.notify()
  }

  /** Something happened: whoever waits looks again. */
  protected notify(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
