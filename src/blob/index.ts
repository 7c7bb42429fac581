import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'

/** A part of a file: the first and the last byte, both included, counted from 0. */
export interface ByteRange {
  from: number
  to: number
}

/**
 * Where finished files are kept, each under a key of its own that is never given twice: a key once stored always means the same bytes. Keys are
 * made by {@link newBlobKey}; nothing of what a client says is ever part of one.
 */
export interface Blobs {
  /**
   * Stores a file of this machine. When it resolves, all of it is there and survives a power cut; before that, nothing is found under the key. The
   * file is used up: it may be moved. The same key again, with the same bytes, is no fault: so what a crash interrupted can be done again.
   * @throws {StorageFull} of base/storage.ts, where there is no room.
   */
  put(key: string, file: string): Promise<void>
  /** The bytes, or a part of them; null where nothing is stored under the key. Whoever asks for them reads them to their end, or destroys the stream. */
  get(key: string, range?: ByteRange): Promise<Readable | null>
  /** Removes what is stored under these keys; what is not there is no fault. */
  delete(keys: readonly string[]): Promise<void>
  /** Resolves where files can be stored and read. @throws whatever stands in the way, in words for the log. */
  check(): Promise<void>
}

/** A key that nobody guesses and nobody had before. */
export function newBlobKey(): string {
  return randomBytes(20).toString('hex')
}
