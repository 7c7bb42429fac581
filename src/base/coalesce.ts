/**
 * Gathers work while the same work is under way, and for `apartMs` behind it: at most one call runs at a time, and what is asked for meanwhile goes
 * into the next one together. Alone it waits for nothing; of thousands at once it makes a few. The answer comes with the call that the items went into, its failure too.
 */
export function coalescing<T>(work: (items: T[]) => Promise<void>, apartMs: number): (items: readonly T[]) => Promise<void> {
  let waiting: T[] = []
  let next: Promise<void> | null = null
  let running: Promise<unknown> = Promise.resolve()
  return (items) => {
    waiting.push(...items)
    next ??= running.then(() => {
      const taken = waiting
      waiting = []
      next = null
      const call = work(taken)
      running = call.catch(() => undefined).then(() => new Promise((resolve) => setTimeout(resolve, apartMs)))
      return call
    })
    return next
  }
}
