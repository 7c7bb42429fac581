import { EventEmitter, once } from 'node:events'
import { createWriteStream, fdatasync } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createTurnstile } from '../base/gate.ts'
import { StorageFull, isFull } from '../base/storage.ts'
import { OURS } from './disk.ts'

/** Files that are on their way: each a file in a folder of this machine until all of it has come. Nobody reaches them from outside. */
export interface Incoming {
  /** Where the bytes of this name go. The folder is there. */
  path(name: string): Promise<string>
  /** How many bytes have come. */
  size(name: string): Promise<number>
  /**
   * Writes what comes behind the first `offset` bytes, which must be there. What was written stays, also where the sender breaks off: then it
   * throws, and `size` tells how far it came.
   * @throws {StorageFull} where there is no room; then all of it is given up, so that others have some.
   */
  append(name: string, offset: number, bytes: Readable): Promise<void>
  /**
   * Waits for the turn of whoever deals with this name; answers a function that ends it. Who has it meanwhile, or waits for it, is asked to give up at
   * once: a sender who comes again does so because the first line is dead.
   */
  take(name: string, giveUp: () => void): Promise<() => void>
  /** Counts one more who sends for this owner; answers a function that ends it. Null: too many do so already. */
  enter(owner: number): (() => void) | null
  /** Gives up what has come, with all that was made of it. */
  remove(name: string): Promise<void>
  /** Removes what nobody has touched since then. */
  sweep(before: Date): Promise<void>
}

/** So much of a file may wait for the disk: what has gathered goes in one write. */
const WRITE_BYTES = 256 * 1024

/** What has gathered to so much begins to go from the system's memory to the disk. */
const FLUSH_BYTES = 4 * 1024 * 1024
/** One is enough: each holds a thread that all other work with files needs. */
let flushing = false

/** Has bytes go to the disk while more of them come, so that there is less to wait for at the end, when all of it has to be there. */
function flushMeanwhile(file: WriteStream): void {
  let flushed = 0
  file.on('open', (fd: number) => {
    file.on('drain', () => {
      if (flushing || file.bytesWritten - flushed < FLUSH_BYTES) return
      flushing = true
      flushed = file.bytesWritten
      // A fault shows at the end as well, where it is waited for.
      fdatasync(fd, () => { flushing = false })
    })
  })
}

/** What is made of a file before it is kept stands beside it, under its name and one of these. */
export const CLEANED = '.cleaned'
export const THUMBNAIL = '.thumbnail'
const PARTS = ['', CLEANED, THUMBNAIL]

/** So many files of one owner may come at once: each holds a file open, some memory, and a connection. */
const AT_ONCE = 32

/**
 * Keeps them in a folder below this one. It has the name of the server: where several of them share the folder above, what comes to one of them is touched
 * by no other one.
 */
export function createIncoming(home: string, server: string): Incoming {
  const folder = join(home, server)
  const pathOf = (name: string) => join(folder, name)
  const sizeOf = (name: string) => stat(pathOf(name)).then(({ size }) => size, () => 0)
  const remove = async (name: string) => {
    await Promise.all(PARTS.map((part) => rm(pathOf(name + part), { force: true })))
  }
  const makeFolder = async () => {
    // Above there may be folders that others use too.
    await mkdir(dirname(home), { recursive: true })
    await mkdir(folder, { recursive: true, mode: OURS })
  }
  const turns = new Map<string, { ended: Promise<unknown>; giveUp: () => void }>()
  const waiting = new Map<string, () => void>()
  return {
    remove,
    size: sizeOf,
    enter: createTurnstile(AT_ONCE),
    async take(name, giveUp) {
      waiting.get(name)?.()
      waiting.set(name, giveUp)
      for (let other = turns.get(name); other !== undefined; other = turns.get(name)) {
        other.giveUp()
        await other.ended
      }
      if (waiting.get(name) === giveUp) waiting.delete(name)
      const turn = new EventEmitter()
      turns.set(name, { giveUp, ended: once(turn, 'end') })
      return () => {
        turns.delete(name)
        turn.emit('end')
      }
    },
    async path(name) {
      await makeFolder()
      return pathOf(name)
    },
    async append(name, offset, bytes) {
      await makeFolder()
      try {
        const file = createWriteStream(pathOf(name), { highWaterMark: WRITE_BYTES, ...(offset === 0 ? { flags: 'w' } : { flags: 'r+', start: offset }) })
        flushMeanwhile(file)
        await pipeline(bytes, file)
      } catch (error) {
        if (!isFull(error)) throw error
        await remove(name)
        throw new StorageFull()
      }
    },
    async sweep(before) {
      for (const file of await readdir(home, { recursive: true, withFileTypes: true }).catch(() => [])) {
        if (!file.isFile()) continue
        const path = join(file.parentPath, file.name)
        const found = await stat(path).catch(() => null)
        if (found !== null && found.mtime < before) await rm(path, { force: true })
      }
    },
  }
}
