/** Deeds that happen later, or at once when somebody is in a hurry. */
export class Later {
  readonly #deeds = new Map<NodeJS.Timeout, () => void>()

  /** 0 ms: before this returns. */
  do(ms: number, deed: () => void): void {
    if (ms === 0) {
      deed()
      return
    }
    const timer = setTimeout(() => {
      this.#deeds.delete(timer)
      deed()
    }, ms)
    this.#deeds.set(timer, deed)
  }

  /** All of them now, in their order. */
  hurry(): void {
    for (const [timer, deed] of this.#deeds) {
      clearTimeout(timer)
      this.#deeds.delete(timer)
      deed()
    }
  }

  close(): void {
    for (const timer of this.#deeds.keys()) clearTimeout(timer)
    this.#deeds.clear()
  }
}
