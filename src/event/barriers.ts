/** Barriers that wait at once. */
const MAX_WAITING = 2

/**
 * What a reader must have sent before its horizon may move. A sweep says below which transaction everything is finished; that becomes the
 * horizon once every stream that was dirty at that sweep was sent past the number noted then, and every state that waited was told.
 */
export class Barriers {
  #waiting: { horizon: bigint; need: Map<number, number>; states: Set<string> }[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(horizon: bigint, need: Map<number, number>, states: Iterable<string>): void {
    // Of two that wait the later one demands all that the earlier one does: a reader that does not pull costs no more than these.
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.pop()
    this.#waiting.push({ horizon, need, states: new Set(states) })
  }

  /** A stream that was joined meanwhile: what a barrier promises holds for it too, so it must be read to its end, which nobody noted. */
  joined(streamId: number): void {
    for (const { need } of this.#waiting) need.set(streamId, Infinity)
  }

  /** A stream was read to its end, or is no longer the reader's. */
  drop(streamId: number): void {
    for (const { need } of this.#waiting) need.delete(streamId)
  }

  /** States were told, or are no longer the reader's. */
  told(keys: readonly string[]): void {
    for (const { states } of this.#waiting) for (const key of keys) states.delete(key)
  }

  /** Takes out the barriers that are reached, given the last number sent of a stream; answers the greatest horizon of them, or null. */
  pass(sent: (streamId: number) => number): bigint | null {
    let passed: bigint | null = null
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined || first.states.size > 0 || ![...first.need].every(([id, seq]) => sent(id) >= seq)) return passed
      this.#waiting.shift()
      if (passed === null || first.horizon > passed) passed = first.horizon
    }
  }
}
