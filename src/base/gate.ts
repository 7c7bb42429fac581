/**
 * Lets so many at a time do something. The others wait, and are let in by turns: the next is of whoever has waited longest for one of theirs, so that
 * nobody's many keep all others waiting. `who`: anything that tells them apart.
 */
export function createGate(width: number): <T>(who: unknown, work: () => Promise<T>) => Promise<T> {
  const waiting = new Map<unknown, (() => void)[]>()
  let free = width
  const enter = (who: unknown) =>
    new Promise<void>((resolve) => {
      const own = waiting.get(who)
      if (own === undefined) waiting.set(who, [resolve])
      else own.push(resolve)
    })
  const leave = () => {
    const [first] = waiting
    if (first === undefined) {
      free += 1
      return
    }
    const [who, own] = first
    const next = own.shift()
    waiting.delete(who)
    // Behind all others.
    if (own.length > 0) waiting.set(who, own)
    next?.()
  }
  return async (who, work) => {
    if (free > 0) free -= 1
    else await enter(who)
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

/** Counts who is in, at most so many of each. Answers a function that lets them out again; null: there are as many as there may be. */
export function createTurnstile(most: number): (who: unknown) => (() => void) | null {
  const inside = new Map<unknown, number>()
  return (who) => {
    const count = inside.get(who) ?? 0
    if (count >= most) return null
    inside.set(who, count + 1)
    return () => {
      const left = (inside.get(who) ?? 1) - 1
      if (left > 0) inside.set(who, left)
      else inside.delete(who)
    }
  }
}
