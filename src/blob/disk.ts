import { createReadStream } from 'node:fs'
import type { ReadStream } from 'node:fs'
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StorageFull, isFull } from '../base/storage.ts'
import type { Blobs } from './index.ts'

/** So much is read at once: more of it than the stream's own measure makes fewer turns. */
const READ_BYTES = 256 * 1024

/** Other accounts of this machine have no business in what is kept. */
export const OURS = 0o700

/** Keeps files in a folder of this machine, or of one that several servers mount. What is put must lie in the same file system. */
export function createDiskBlobs(folder: string): Blobs {
  // Below folders of two letters, so that none of them grows too long.
  const pathOf = (key: string) => join(folder, key.slice(0, 2), key)
  return {
    async put(key, file) {
      const path = pathOf(key)
      try {
        await sync(file)
        await mkdir(dirname(path), { recursive: true, mode: OURS })
        await rename(file, path)
        await sync(dirname(path))
      } catch (error) {
        throw isFull(error) ? new StorageFull() : error
      }
    },
    async get(key, range) {
      const stream = createReadStream(pathOf(key), { highWaterMark: READ_BYTES, ...(range === undefined ? {} : { start: range.from, end: range.to }) })
      return (await opened(stream)) ? stream : null
    },
    async delete(keys) {
      for (const key of keys) await rm(pathOf(key), { force: true })
    },
    async check() {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
    },
  }
}

/** Whether there was a file to open. */
function opened(stream: ReadStream): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stream.once('open', () => { resolve(true) })
    stream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(false)
      else reject(error)
    })
  })
}

/** Makes a file, or what a folder lists, survive a power cut. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
