/**
 * A source of states as an async iterator: of each key only the newest value waits, so a slow reader costs no more than there are keys.
 * Hand-made, because `return()` must take effect at once, also while `next()` waits.
 */
export class LatestQueue<K, V> implements AsyncIterableIterator<V> {
  readonly #values = new Map<K, V>()
  readonly #onEnd: () => void
  #wake: (() => void) | null = null
  #ended = false

  /** `onEnd` is called once, when the reader ends. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  put(key: K, value: V): void {
    if (this.#ended) return
    // Deleted first, so that the newest comes last.
    this.#values.delete(key)
    this.#values.set(key, value)
    this.#wake?.()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<V, undefined>> {
    while (!this.#ended) {
      for (const [key, value] of this.#values) {
        this.#values.delete(key)
        return { done: false, value }
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<V, undefined>> {
    if (!this.#ended) {
      this.#ended = true
      this.#values.clear()
      this.#onEnd()
      this.#wake?.()
    }
    return Promise.resolve({ done: true, value: undefined })
  }
}

/** Turns each value of a source into any number of others; ends with it. */
export function flatMap<A, B>(source: AsyncIterator<A>, map: (value: A) => readonly B[] | Promise<readonly B[]>): AsyncIterableIterator<B> {
  let ready: B[] = []
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      for (;;) {
        const value = ready.shift()
        if (value !== undefined) return { done: false, value }
        const result = await source.next()
        if (result.done === true) return { done: true, value: undefined }
        try {
          ready = [...(await map(result.value))]
        } catch (error) {
          // Nobody asks further after a failure, so nobody else would end the source.
          await source.return?.()
          throw error
        }
      }
    },
    async return() {
      ready = []
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
