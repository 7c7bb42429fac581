/** Tells those who wait that something happened. */
export class Notices {
  readonly #waiting = new Set<() => void>()

  notify(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }

  /** Resolves when something happened next. */
  change(): Promise<void> {
    return new Promise((resolve) => { this.#waiting.add(resolve) })
  }

  /** Resolves when this holds, asked whenever something happened. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.change()
  }
}

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
