/** Nobody's request waits longer for Redis. */
const PATIENCE_MS = 50
/** So long Redis is left alone after it did not answer, unless its answer comes after all. */
const PAUSE_MS = 1000

export type Ask = <T>(shared: () => Promise<T>, alone: () => Promise<T>) => Promise<T>

/** Asks Redis, and does without it where it fails or takes too long. What `isAnswer` knows is thrown on: an answer, not a failure. */
export function patiently(isAnswer: (error: unknown) => boolean = () => false): Ask {
  let pausedUntil = 0
  return async (shared, alone) => {
    if (performance.now() < pausedUntil) return alone()
    const answer = shared()
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      // Where this process was the slow one, the answer lies here unread: one turn to read it.
      timer = setTimeout(() => setImmediate(() => setImmediate(reject, new Error('Redis took too long'))), PATIENCE_MS)
    })
    try {
      return await Promise.race([answer, tooLate])
    } catch (error) {
      if (isAnswer(error)) throw error
      pausedUntil = performance.now() + PAUSE_MS
      // It was a hiccup.
      const goOn = () => { pausedUntil = 0 }
      answer.then(goOn, (failure: unknown) => { if (isAnswer(failure)) goOn() })
      return await alone()
    } finally {
      clearTimeout(timer)
    }
  }
}
