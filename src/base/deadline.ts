/** What is due later than in three of these waits together with others, under one timer for all. */
const SPAN_MS = 30_000

/** What is due in a span of time, by the span's number on the steady clock. */
const spans = new Map<number, Set<Deadline>>()
let timer: NodeJS.Timeout | null = null

/**
 * Something that is due at a time, one for each of many connections. Far away it costs a place in a set, a tenth of a timer of its own; when it comes
 * nearer it gets one, so it is as exact. However far away, it takes no more than one at a time, and keeps no process running.
 */
export abstract class Deadline {
  #dueAt = 0
  #timer: NodeJS.Timeout | null = null

  /** Called once it is due. */
  protected abstract due(): void

  /** Sets it, or moves it, to so many milliseconds from now. */
  protected dueIn(ms: number): void {
    this.cancel()
    this.#dueAt = performance.now() + ms
    if (ms < 3 * SPAN_MS) {
      this.approach()
      return
    }
    const known = spans.get(this.#span)
    if (known === undefined) spans.set(this.#span, new Set([this]))
    else known.add(this)
    timer ??= setInterval(lookAround, SPAN_MS).unref()
  }

  protected cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const span = spans.get(this.#span)
    if (span?.delete(this) === true && span.size === 0) spans.delete(this.#span)
  }

  /** Called when it is near. */
  approach(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.due()
    }, Math.max(0, this.#dueAt - performance.now())).unref()
  }

  get #span(): number {
    return Math.floor(this.#dueAt / SPAN_MS)
  }
}

/** Whatever is due before two spans are over is near. */
function lookAround(): void {
  const near = Math.floor(performance.now() / SPAN_MS) + 2
  for (const [number, span] of spans) {
    if (number > near) continue
    spans.delete(number)
    for (const deadline of span) deadline.approach()
  }
  if (spans.size > 0 || timer === null) return
  clearInterval(timer)
  timer = null
}
