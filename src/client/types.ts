/**
 * A document as text, or as `graphql-codegen` makes it: with the types of its variables and its result. One that is not text (no
 * `documentMode: 'string'`) needs the option `print`.
 */
export type Document<R, V> = string | { __apiType?: (variables: V) => R }

/** Where things are kept: `localStorage`, `sessionStorage`, or anything that has these parts of theirs. */
export interface Store {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** The time, and what waits for it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs this after so many milliseconds; answers what calls it off. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => {
      clearTimeout(timer)
    }
  },
}

/** `localStorage` where there is one and the browser lets us have it; else something that lasts as long as the page. */
export function defaultStore(): Store {
  try {
    const { localStorage } = globalThis as { localStorage?: Store | null }
    if (localStorage != null) return localStorage
  } catch {
    // Refused, such as in a frame without an origin.
  }
  return memoryStore()
}

/** Keeps things until the program ends. */
export function memoryStore(): Store {
  const items = new Map<string, string>()
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      items.set(key, value)
    },
    removeItem: (key) => {
      items.delete(key)
    },
  }
}

/** Hears of something that browsers tell to the whole page; where there is nobody to tell it, of nothing. Answers what ends it. */
export function onPageEvent<E>(name: string, listener: (event: E) => void): () => void {
  const page = globalThis as Partial<Record<'addEventListener' | 'removeEventListener', (name: string, listener: (event: E) => void) => void>>
  page.addEventListener?.(name, listener)
  return () => {
    page.removeEventListener?.(name, listener)
  }
}
