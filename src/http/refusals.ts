/** How long refusals are counted together. */
const WINDOW_MS = 60_000
/** Addresses that are remembered at most; beyond that all of them begin anew. */
const MAX_ADDRESSES = 50_000

/** Counts the documents of an address that were refused, so that a flood of them is not even read. */
export class Refusals {
  readonly #most: number
  readonly #counts = new Map<string, { count: number; until: number }>()

  constructor(most: number) {
    this.#most = most
  }

  note(address: string): void {
    const now = performance.now()
    const known = this.#counts.get(address)
    if (known !== undefined && known.until > now) {
      known.count++
      return
    }
    if (this.#counts.size >= MAX_ADDRESSES) this.#counts.clear()
    this.#counts.set(address, { count: 1, until: now + WINDOW_MS })
  }

  /** After how many seconds documents of this address are read again; 0: they are. */
  waitSeconds(address: string): number {
    const known = this.#counts.get(address)
    if (known === undefined || known.count < this.#most) return 0
    const left = known.until - performance.now()
    if (left <= 0) this.#counts.delete(address)
    return Math.max(0, Math.ceil(left / 1000))
  }
}
