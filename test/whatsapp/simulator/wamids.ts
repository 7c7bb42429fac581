import { createHash } from 'node:crypto'

/** Makes ids of messages that look like Meta's: base64, with all signs that it has. */
export class Wamids {
  readonly #given = new Set<string>()
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  next(): string {
    const hash = createHash('sha256').update(`${this.#seed} ${this.#given.size}`).digest()
    const id = `wamid.${Buffer.concat([Buffer.from('\x1d\x0b'), hash.subarray(0, 20)]).toString('base64')}`
    this.#given.add(id)
    return id
  }

  has(id: string): boolean {
    return this.#given.has(id)
  }
}
