/** How often it is looked whose time is over. */
const LOOK_MS = 100

interface Running {
  dueAt: number
  over: () => void
}

/** Gives each of many pieces of work the same time. One timer serves them all: they are due in the order in which they began. */
export class TimeLimit {
  readonly #limitMs: number
  readonly #running = new Set<Running>()
  #timer: NodeJS.Timeout | null = null

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** What the work comes to, or, once its time is over, what `over` throws or answers; the work goes on, and nobody waits for it. */
  run<T>(work: Promise<T>, over: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const running: Running = {
        dueAt: performance.now() + this.#limitMs,
        over: () => {
          try {
            resolve(over())
          } catch (error) {
            reject(error as Error)
          }
        },
      }
      this.#running.add(running)
      this.#timer ??= setInterval(() => { this.#look() }, LOOK_MS).unref()
      work.then(
        (value) => {
          this.#running.delete(running)
          resolve(value)
        },
        (error: unknown) => {
          this.#running.delete(running)
          reject(error as Error)
        },
      )
    })
  }

  #look(): void {
    const now = performance.now()
    for (const running of this.#running) {
      if (running.dueAt > now) return
      this.#running.delete(running)
      running.over()
    }
    if (this.#running.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
