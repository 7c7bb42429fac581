import type { Ctx } from '../ctx.ts'
import type { Db } from './index.ts'

/**
 * Reads that many requests ask for at the same time as one statement for all of them: those that came in one turn of the event loop, and those
 * that came while others were under way. A statement begins after everybody in it has asked, so nobody reads anything older than alone. Not for
 * use within a transaction: what that has written the others' statement does not see.
 *
 * `read` answers for each key in its order; it must not matter who asks for what.
 */
export function gathering<D extends object, K, V>(read: (database: D, keys: readonly K[]) => Promise<readonly V[]>, limits: GatherLimits): (database: D, keys: readonly K[]) => Promise<readonly V[]> {
  // By database, so that two servers in one process do not ask for each other.
  const gatherers = new WeakMap<D, Gatherer<K, V>>()
  return (database, keys) => {
    let gatherer = gatherers.get(database)
    if (gatherer === undefined) {
      gatherer = new Gatherer((all) => read(database, all), limits)
      gatherers.set(database, gatherer)
    }
    return gatherer.load(keys)
  }
}

/** As {@link gathering}; within a transaction each reads alone. */
export function gatheringOutside<K, V>(read: (db: Db, keys: readonly K[]) => Promise<readonly V[]>, limits: GatherLimits): (ctx: Pick<Ctx, 'db' | 'afterCommit'>, keys: readonly K[]) => Promise<readonly V[]> {
  const gathered = gathering(read, limits)
  return ({ db, afterCommit }, keys) => (afterCommit === undefined ? gathered(db, keys) : read(db, keys))
}

interface GatherLimits {
  /** A statement has so many keys at most, or those of one asker. */
  most: number
  /** Statements of this kind under way at once; what comes meanwhile rides in the next one. More than one, so that one that has to wait for a disk holds up few others. */
  atOnce: number
  /** In milliseconds: none begins sooner after the one before it. Alone nobody waits; where many come, more ride together. None where it is left out. */
  apartMs?: number
}

interface Asking<K, V> {
  keys: readonly K[]
  resolve: (values: readonly V[]) => void
  reject: (error: unknown) => void
}

class Gatherer<K, V> {
  readonly #read: (keys: readonly K[]) => Promise<readonly V[]>
  readonly #limits: GatherLimits
  #waiting: Asking<K, V>[] = []
  #underWay = 0
  #isDue = false
  #beganAt = -Infinity

  constructor(read: (keys: readonly K[]) => Promise<readonly V[]>, limits: GatherLimits) {
    this.#read = read
    this.#limits = limits
  }

  load(keys: readonly K[]): Promise<readonly V[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, resolve, reject })
      this.#beginSoon()
    })
  }

  /** Not before this turn has brought all that it brings. */
  #beginSoon(): void {
    if (this.#isDue || this.#waiting.length === 0 || this.#underWay >= this.#limits.atOnce) return
    this.#isDue = true
    const begin = () => {
      this.#isDue = false
      this.#begin()
    }
    const wait = this.#beganAt + (this.#limits.apartMs ?? 0) - performance.now()
    if (wait > 0) setTimeout(begin, wait)
    else setImmediate(begin)
  }

  #begin(): void {
    this.#underWay++
    this.#beganAt = performance.now()
    void this.#readFor(this.#nextOnes()).finally(() => {
      this.#underWay--
      this.#beginSoon()
    })
    this.#beginSoon()
  }

  #nextOnes(): Asking<K, V>[] {
    let [count, keys] = [0, 0]
    for (const asking of this.#waiting) {
      keys += asking.keys.length
      if (count > 0 && keys > this.#limits.most) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #readFor(askings: readonly Asking<K, V>[]): Promise<void> {
    try {
      const values = await this.#read(askings.flatMap(({ keys }) => keys))
      let from = 0
      for (const { keys, resolve } of askings) resolve(values.slice(from, (from += keys.length)))
    } catch (error) {
      for (const { reject } of askings) reject(error)
    }
  }
}
