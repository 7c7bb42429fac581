/** Calls so many milliseconds after it was asked for, once for all that ask meanwhile. */
export function soonAfter(ms: number, work: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    setTimeout(() => {
      asked = false
      work()
    }, ms)
  }
}
