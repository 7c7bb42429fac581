import DataLoader from 'dataloader'
import { LazyMap } from './lazy.ts'

/** What is there by now, or will be. */
export type MaybePromise<T> = T | Promise<T>

/** Batches what is asked for in one turn into one call, and remembers the answers. */
export class Loader<K, V> {
  readonly #known = new Map<unknown, V>()
  readonly #keyOf: (key: K) => unknown
  readonly #remembers: boolean
  readonly #inner: DataLoader<K, V, unknown>

  constructor(load: (keys: readonly K[]) => Promise<readonly V[]>, keyOf: ((key: K) => string) | undefined, remembers: boolean) {
    this.#keyOf = keyOf ?? ((key) => key)
    this.#remembers = remembers
    const read = async (keys: readonly K[]) => {
      if (!remembers) this.#inner.clearAll()
      const values = await load(keys)
      for (const [index, key] of keys.entries()) this.know(key, values[index] as V)
      return values
    }
    this.#inner = new DataLoader<K, V, unknown>(read, { maxBatchSize: 1000, ...(keyOf === undefined ? {} : { cacheKeyFn: keyOf }) })
  }

  load(key: K): Promise<V> {
    return Promise.resolve(this.take(key))
  }

  /** As `load`, but a value that is known already comes by itself: so a page is answered at once, without waiting for each of hundreds of promises. */
  take(key: K): MaybePromise<V> {
    return this.#known.get(this.#keyOf(key)) ?? this.#inner.load(key)
  }

  /** Lets a value be known that was read otherwise. */
  know(key: K, value: V): void {
    if (!this.#remembers) return
    const name = this.#keyOf(key)
    if (!this.#known.has(name)) this.#known.set(name, value)
  }
}

/**
 * The loaders of one request: each batches what is asked for in one turn into a single statement, and remembers the answers. Runs for several
 * viewers may share them too: what depends on who asks has that in its keys, or in its name.
 */
export class Loaders {
  readonly #loaders = new LazyMap<string, Loader<unknown, unknown>>()
  readonly #remembers: boolean

  /** Those that many requests share remember nothing beyond a batch: what is asked for later is read anew. */
  constructor(options = { remembers: true }) {
    this.#remembers = options.remembers
  }

  /**
   * The loader of this name, made at the first call. `load` answers for each key in its order; give objects a `keyOf` to compare them by.
   */
  get<K, V>(name: string, load: (keys: readonly K[]) => Promise<readonly V[]>, keyOf?: (key: K) => string): Loader<K, V> {
    const known = this.#loaders.get(name)
    // The name stands for one pair of key and value types; its only maker gave them.
    if (known !== undefined) return known as unknown as Loader<K, V>
    const loader = new Loader(load, keyOf, this.#remembers)
    this.#loaders.set(name, loader as unknown as Loader<unknown, unknown>)
    return loader
  }

  /** Forgets all: after a change, and before the next batch of events. */
  clear(): void {
    this.#loaders.clear()
  }
}

/** Puts rows back in the order of the keys that asked for them; null where none came. */
export function inOrderOf<K, R>(keys: readonly K[], rows: readonly R[], keyOf: (row: R) => K): (R | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]))
  return keys.map((key) => byKey.get(key) ?? null)
}

/** Gathers rows by a key, in their order. */
export function groupBy<K, R>(rows: readonly R[], keyOf: (row: R) => K): Map<K, R[]> {
  const groups = new Map<K, R[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group === undefined) groups.set(keyOf(row), [row])
    else group.push(row)
  }
  return groups
}
