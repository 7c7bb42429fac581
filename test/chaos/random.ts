/** Numbers that a seed decides: the same run again is the same run, as far as the timing of real processes allows. */
export interface Random {
  /** From 0 to below 1. */
  next(): number
  /** A whole number from 0 to below n. */
  below(n: number): number
  pick<T>(list: readonly T[]): T | undefined
  chance(part: number): boolean
  uuid(): string
}

/** The generator of a seed; of the same seed, different names give different ones. */
export function randomOf(seed: number, name: string): Random {
  let state = seed >>> 0
  for (const char of name) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0
  const next = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (n: number) => Math.floor(next() * n)
  const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join('')
  return {
    next,
    below,
    pick: (list) => list[below(list.length)],
    chance: (part) => next() < part,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  }
}
