/** A map that takes next to nothing as long as it was never written to: an empty one of JavaScript's own takes 180 bytes, which counts where there is one for each connection. */
export class LazyMap<K, V> implements Iterable<[K, V]> {
  #map: Map<K, V> | null = null

  get size(): number {
    return this.#map?.size ?? 0
  }

  get(key: K): V | undefined {
    return this.#map?.get(key)
  }

  has(key: K): boolean {
    return this.#map?.has(key) === true
  }

  set(key: K, value: V): void {
    this.#map ??= new Map()
    this.#map.set(key, value)
  }

  delete(key: K): boolean {
    return this.#map?.delete(key) === true
  }

  clear(): void {
    this.#map = null
  }

  keys(): Iterable<K> {
    return this.#map?.keys() ?? []
  }

  values(): Iterable<V> {
    return this.#map?.values() ?? []
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    return (this.#map ?? [])[Symbol.iterator]()
  }
}

/** A set like {@link LazyMap}. */
export class LazySet<T> implements Iterable<T> {
  #set: Set<T> | null = null

  get size(): number {
    return this.#set?.size ?? 0
  }

  has(value: T): boolean {
    return this.#set?.has(value) === true
  }

  add(value: T): void {
    this.#set ??= new Set()
    this.#set.add(value)
  }

  delete(value: T): boolean {
    return this.#set?.delete(value) === true
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#set ?? [])[Symbol.iterator]()
  }
}

/** Any number of values for each key, each once; no value is a Set. Of a key with one value, as most have where a key stands for a person, no set is made. */
export class MultiMap<K, V> {
  readonly #values = new Map<K, V | Set<V>>()

  /** How many keys have a value. */
  get size(): number {
    return this.#values.size
  }

  add(key: K, value: V): void {
    const known = this.#values.get(key)
    if (known === undefined) this.#values.set(key, value)
    else if (known instanceof Set) known.add(value)
    else if (known !== value) this.#values.set(key, new Set([known, value]))
  }

  delete(key: K, value: V): void {
    const known = this.#values.get(key)
    if (known instanceof Set) {
      known.delete(value)
      if (known.size === 0) this.#values.delete(key)
    } else if (known === value) this.#values.delete(key)
  }

  has(key: K): boolean {
    return this.#values.has(key)
  }

  /** Whether this is among the values of the key. */
  includes(key: K, value: V): boolean {
    const known = this.#values.get(key)
    return known instanceof Set ? known.has(value) : known !== undefined && known === value
  }

  /** How many values a key has. */
  count(key: K): number {
    const known = this.#values.get(key)
    return known === undefined ? 0 : known instanceof Set ? known.size : 1
  }

  /** The values of a key, as they are while they are gone through; none where it has none. */
  of(key: K): Iterable<V> {
    const known = this.#values.get(key)
    return known === undefined ? [] : known instanceof Set ? known : [known]
  }

  /** The values of all keys. */
  *all(): Iterable<V> {
    for (const known of this.#values.values()) {
      if (known instanceof Set) yield* known
      else yield known
    }
  }
}
