/** Counts live connections by whoever they are of. */
export class Seats {
  readonly #taken = new Map<number | string, number>()

  /** Takes one; false: all are taken. */
  take(key: number | string, most: number): boolean {
    const taken = this.#taken.get(key) ?? 0
    if (taken >= most) return false
    this.#taken.set(key, taken + 1)
    return true
  }

  leave(key: number | string): void {
    const taken = this.#taken.get(key) ?? 0
    if (taken > 1) this.#taken.set(key, taken - 1)
    else this.#taken.delete(key)
  }
}
