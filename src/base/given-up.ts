/** Whatever ends together with the wait for an answer, such as a response over HTTP. */
interface Closing {
  once(event: 'close', listener: () => void): unknown
}

/** Tells those who work for somebody that nobody waits for it any more. There is one for each operation, so it does nothing until somebody asks. */
export class GivenUp {
  readonly #closing: Closing | null
  #isOver = false
  #listeners: (() => void)[] | null = null

  /** Without `closing` somebody calls {@link giveUp}. */
  constructor(closing?: Closing) {
    this.#closing = closing ?? null
  }

  /** Calls back once the operation is given up, at once where it is so already: its client is gone, or its time is over. It may also be called after the end of a work that was not given up. */
  onGivenUp(listener: () => void): void {
    if (this.#isOver) {
      listener()
      return
    }
    if (this.#listeners === null) this.#closing?.once('close', () => { this.giveUp() })
    ;(this.#listeners ??= []).push(listener)
  }

  giveUp(): void {
    if (this.#isOver) return
    this.#isOver = true
    const listeners = this.#listeners ?? []
    this.#listeners = null
    for (const listener of listeners) listener()
  }
}
