import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { StartError } from '../base/start-error.ts'

/** Takes files one after the other, and shows all of them at once or none. */
export interface Sink {
  /** Adds a file, by its path with slashes; resolves once all of it is taken. */
  add(path: string, bytes: AsyncIterable<string | Buffer> | Iterable<string>): Promise<void>
  /** All is there: now it has its name. */
  finish(): Promise<void>
  /** Gives up what was taken. */
  discard(): Promise<void>
}

/** A folder, or a zip where the path ends so; until it is finished its name has `.partial` behind. @throws {StartError} where something has the name already. */
export async function openSink(path: string): Promise<Sink> {
  if ((await stat(path).catch(() => null)) !== null) throw new StartError(`${path} is there already: name another folder or zip by --out.`)
  const draft = `${path}.partial`
  await rm(draft, { recursive: true, force: true })
  return /\.zip$/i.test(path) ? zipSink(path, draft) : folderSink(path, draft)
}

function folderSink(path: string, draft: string): Sink {
  return {
    async add(name, bytes) {
      const file = join(draft, name)
      // It is one person's own, and nobody else's to read.
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await pipeline(Readable.from(bytes), createWriteStream(file, { mode: 0o600 }))
    },
    finish: () => rename(draft, path),
    discard: () => rm(draft, { recursive: true, force: true }),
  }
}

function zipSink(path: string, draft: string): Sink {
  const zip = new ZipFile()
  const written = pipeline(zip.outputStream, createWriteStream(draft, { mode: 0o600 }))
  // A fault shows where it is waited for.
  written.catch(() => undefined)
  return {
    async add(name, bytes) {
      const readable = Readable.from(bytes, { objectMode: false })
      const taken = new Promise<void>((resolve, reject) => readable.once('end', resolve).once('error', reject))
      zip.addReadStream(readable, name)
      await Promise.race([taken, written.then(() => { throw new Error('the zip ended before its files') })])
    },
    async finish() {
      zip.end()
      await written
      await rename(draft, path)
    },
    discard: () => rm(draft, { force: true }),
  }
}
