import type { Ctx } from '../ctx.ts'
import type { Db } from './index.ts'

/** Statements of one kind under way at once; what comes meanwhile rides in the next one. So one that has to wait for a disk holds up few others. */
const AT_ONCE = 4

/**
 * Reads that many requests ask for at the same time as one statement for all of them: those that came in one turn of the event loop, and those
 * that came while {@link AT_ONCE} statements were under way. A statement begins after everybody in it has asked, so nobody reads anything older
 * than alone. Within a transaction each reads alone.
 *
 * `read` answers for each key in its order; it must not matter who asks for what. A statement has so many keys at `most`, or those of one asker.
 */
export function gathering<K, V>(read: (db: Db, keys: readonly K[]) => Promise<readonly V[]>, most: number): (ctx: Pick<Ctx, 'db' | 'afterCommit'>, keys: readonly K[]) => Promise<readonly V[]> {
  // By database, so that two servers in one process do not ask for each other.
  const gatherers = new WeakMap<Db, Gatherer<K, V>>()
  return ({ db, afterCommit }, keys) => {
    if (afterCommit !== undefined) return read(db, keys)
    let gatherer = gatherers.get(db)
    if (gatherer === undefined) {
      gatherer = new Gatherer((all) => read(db, all), most)
      gatherers.set(db, gatherer)
    }
    return gatherer.load(keys)
  }
}

interface Asking<K, V> {
  keys: readonly K[]
  resolve: (values: readonly V[]) => void
  reject: (error: unknown) => void
}

class Gatherer<K, V> {
  readonly #read: (keys: readonly K[]) => Promise<readonly V[]>
  readonly #most: number
  #waiting: Asking<K, V>[] = []
  #underWay = 0
  #isDue = false

  constructor(read: (keys: readonly K[]) => Promise<readonly V[]>, most: number) {
    this.#read = read
    this.#most = most
  }

  load(keys: readonly K[]): Promise<readonly V[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ keys, resolve, reject })
      if (this.#isDue) return
      this.#isDue = true
      setImmediate(() => {
        this.#isDue = false
        this.#begin()
      })
    })
  }

  #begin(): void {
    while (this.#waiting.length > 0 && this.#underWay < AT_ONCE) {
      this.#underWay++
      void this.#readFor(this.#nextOnes()).finally(() => {
        this.#underWay--
        this.#begin()
      })
    }
  }

  #nextOnes(): Asking<K, V>[] {
    let [count, keys] = [0, 0]
    for (const asking of this.#waiting) {
      keys += asking.keys.length
      if (count > 0 && keys > this.#most) break
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
