import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { ByteRange } from '../blob/index.ts'

/** What stands in a GIF besides its pictures, by GIF89a, sections 23 to 26: words for people and programs (XMP among them). */
const CONTROL = 0xf9
const APPLICATION = 0xff
/** Applications whose blocks make it move, again and again. */
const KEPT_APPLICATIONS = ['NETSCAPE2.0', 'ANIMEXTS1.0']
/** A file with more pieces than that was made to cost time. */
const MAX_PIECES = 1000

/**
 * Takes off a GIF all that is said besides its pictures, and what stands behind its end, without touching the pictures.
 * Answers 'same' where there is nothing to take off, and 'unclear' where it is not built as GIFs are; then nothing was written.
 */
export async function stripGif(path: string, cleaned: string): Promise<'same' | 'changed' | 'unclear'> {
  const file = await open(path)
  let kept: ByteRange[] | null
  let size: number
  try {
    size = (await file.stat()).size
    kept = await keptOf(new Reader(file, size))
  } finally {
    await file.close()
  }
  if (kept === null) return 'unclear'
  if (kept.length === 1 && kept[0]?.to === size - 1) return 'same'
  for (const [index, { from, to }] of kept.entries()) {
    await pipeline(createReadStream(path, { start: from, end: to }), createWriteStream(cleaned, { flags: index === 0 ? 'w' : 'a' }))
  }
  return 'changed'
}

/** The pieces of the file that are its pictures; null where that cannot be told. */
async function keptOf(reader: Reader): Promise<ByteRange[] | null> {
  const kept: ByteRange[] = []
  const keep = (from: number, to: number) => {
    const last = kept.at(-1)
    if (last?.to === from - 1) last.to = to
    else kept.push({ from, to })
  }
  // Six letters, then the screen, whose table of colours has 3 * 2^(n+1) bytes.
  reader.skip(10)
  reader.skip(2 + tableBytes(await reader.byte()))
  keep(0, reader.at - 1)
  while (kept.length <= MAX_PIECES && !reader.ended) {
    const from = reader.at
    const block = await reader.byte()
    if (block === 0x3b) {
      keep(from, from)
      return kept
    }
    if (block === 0x2c) {
      reader.skip(8)
      reader.skip(tableBytes(await reader.byte()) + 1)
      await reader.skipChain()
    } else if (block === 0x21) {
      const label = await reader.byte()
      const name = label === APPLICATION ? await reader.peekBlock() : ''
      await reader.skipChain()
      if (label !== CONTROL && !KEPT_APPLICATIONS.includes(name)) continue
    } else return null
    if (!reader.ended) keep(from, reader.at - 1)
  }
  return null
}

const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)

/** Reads a file byte by byte, a piece at a time. Behind its end stand zeros. */
class Reader {
  readonly #file: FileHandle
  readonly #size: number
  readonly #piece = Buffer.alloc(64 * 1024)
  #start = 0
  #length = 0
  at = 0

  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.#size = size
  }

  get ended(): boolean {
    return this.at >= this.#size
  }

  async #load(bytes: number): Promise<void> {
    if (this.at >= this.#start && this.at + bytes <= this.#start + this.#length) return
    this.#start = this.at
    this.#length = (await this.#file.read(this.#piece, 0, this.#piece.length, this.at)).bytesRead
  }

  async byte(): Promise<number> {
    await this.#load(1)
    const value = this.#length === 0 ? 0 : (this.#piece[this.at - this.#start] ?? 0)
    this.at += 1
    return value
  }

  skip(bytes: number): void {
    this.at += bytes
  }

  /** A chain of blocks, each behind its length, up to an empty one. */
  async skipChain(): Promise<void> {
    while (!this.ended) {
      const length = await this.byte()
      if (length === 0) return
      this.skip(length)
    }
  }

  /** What the next block says, which stays to be read. */
  async peekBlock(): Promise<string> {
    await this.#load(256)
    const start = this.at - this.#start
    return this.#piece.toString('latin1', start + 1, Math.min(start + 1 + (this.#piece[start] ?? 0), this.#length))
  }
}
