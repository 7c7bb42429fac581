const DAY = 24 * 3600_000

/** When each customer was last heard by each number: for 24 hours from then on the business may write freely. */
export class ReplyWindow {
  readonly #heard = new Map<string, number>()

  hear(phoneNumberId: string, userId: string, at: number): void {
    const key = `${phoneNumberId} ${userId}`
    this.#heard.set(key, Math.max(at, this.#heard.get(key) ?? 0))
  }

  isOpen(phoneNumberId: string, userId: string, now: number): boolean {
    const at = this.#heard.get(`${phoneNumberId} ${userId}`)
    return at !== undefined && now - at <= DAY
  }

  /** The customer has another id from now on. */
  rename(before: string, after: string): void {
    for (const [key, at] of [...this.#heard]) {
      const [phoneNumberId = '', userId] = key.split(' ')
      if (userId === before) this.hear(phoneNumberId, after, at)
    }
  }
}
