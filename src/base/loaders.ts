import DataLoader from 'dataloader'
import { LazyMap } from './lazy.ts'

/**
 * The loaders of one request: each batches what is asked for in one turn into a single statement, and remembers the answers. Runs for several
 * viewers may share them too: what depends on who asks has that in its keys, or in its name.
 */
export class Loaders {
  readonly #loaders = new LazyMap<string, DataLoader<unknown, unknown, unknown>>()
  readonly #remembers: boolean

  /** Those that many requests share remember nothing beyond a batch: what is asked for later is read anew. */
  constructor(options = { remembers: true }) {
    this.#remembers = options.remembers
  }

  /**
   * The loader of this name, made at the first call. `load` answers for each key in its order; give objects a `keyOf` to compare them by.
   */
  get<K, V>(name: string, load: (keys: readonly K[]) => Promise<readonly V[]>, keyOf?: (key: K) => string): DataLoader<K, V, unknown> {
    const known = this.#loaders.get(name)
    // The name stands for one pair of key and value types; its only maker gave them.
    if (known !== undefined) return known as unknown as DataLoader<K, V, unknown>
    const read = (keys: readonly K[]) => {
      if (!this.#remembers) loader.clearAll()
      return load(keys)
    }
    const loader = new DataLoader<K, V, unknown>(read, { maxBatchSize: 1000, ...(keyOf === undefined ? {} : { cacheKeyFn: keyOf }) })
    this.#loaders.set(name, loader as unknown as DataLoader<unknown, unknown, unknown>)
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
