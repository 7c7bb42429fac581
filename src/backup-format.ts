import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { StartError } from './base/start-error.ts'

/*
 * A backup is a folder: manifest.json; one tables/NAME.copy.gz for each table, in the text form of PostgreSQL's COPY; files.tsv and files/ with the bytes that
 * people sent; and SHA256SUMS over all of them, which is written last, in the form that `sha256sum -c` reads. It holds no more than standard
 * tools can read, and loads into any PostgreSQL that Parley runs on.
 */

/** Of the layout above. A build reads what it knows. */
export const FORMAT = 1
export const SUMS = 'SHA256SUMS'
export const MANIFEST = 'manifest.json'
/** What a file's row says of it: key, whether it has a thumbnail, bytes. */
export const FILE_LIST = 'files.tsv'

const Manifest = z.object({
  format: z.literal(FORMAT),
  /** Of the Parley that made it. */
  version: z.string(),
  /** Of the PostgreSQL that it comes from, such as 180004. */
  postgres: z.number(),
  /** When its snapshot was taken: what had been committed by then is in it. */
  takenAt: z.iso.datetime(),
  /** What the tables had been through, as hashes, the oldest first. */
  migrations: z.array(z.object({ tag: z.string(), hash: z.string() })).min(1),
  tables: z.array(z.object({ name: z.string().regex(/^[a-z][a-z0-9_]*$/), columns: z.array(z.string().regex(/^[a-z][a-z0-9_]*$/)).min(1), rows: z.number() })).min(1),
  /** The last number that each counter gave. */
  sequences: z.array(z.object({ name: z.string().regex(/^[a-z][a-z0-9_]*$/), last: z.number(), called: z.boolean() })),
  /** Null: the files are not part of it. `missing`: named by a row, and not in the store. */
  files: z.object({ count: z.number(), bytes: z.number(), missing: z.number() }).nullable(),
})

/** What a backup says of itself. */
export type Manifest = z.infer<typeof Manifest>

/** Where a table's rows are. */
export function tablePath(name: string): string {
  return `tables/${name}.copy.gz`
}

/** Where the bytes of a key are, below folders of two letters. */
export function filePath(key: string): string {
  return `files/${key.slice(0, 2)}/${key}`
}

/** @throws {StartError} where the folder is no complete backup, or is of a layout that this build does not know. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => {
    throw new StartError(`${folder} is no backup: there is no ${MANIFEST} in it.`)
  })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new StartError(`${join(folder, MANIFEST)} is damaged: it is no JSON.`)
  }
  const read = Manifest.safeParse(content)
  if (read.success) return read.data
  const format = z.object({ format: z.number() }).safeParse(content).data?.format
  throw new StartError(format !== undefined && format !== FORMAT ? `${folder} is a backup of format ${format}, and this Parley reads format ${FORMAT}: restore it with the version that made it.` : `${join(folder, MANIFEST)} is damaged: ${read.error.issues[0]?.path.join('.')} ${read.error.issues[0]?.message}.`)
}

/** The sums of a backup, by path; null where it was never finished. */
export async function readSums(folder: string): Promise<Map<string, string> | null> {
  const text = await readFile(join(folder, SUMS), 'utf8').catch(() => null)
  if (text === null) return null
  return new Map(text.split('\n').flatMap((line) => (line.length > 66 ? [[line.slice(66), line.slice(0, 64)] as const] : [])))
}

/**
 * Reads every byte of a backup and compares it with what was written.
 * @throws {StartError} that names the first part which is not as it was.
 */
export async function verifyBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const sums = await readSums(folder)
  if (sums === null) throw new StartError(`${folder} is not complete: there is no ${SUMS}, which is written last.`)
  const expected = [MANIFEST, ...manifest.tables.map(({ name }) => tablePath(name)), ...(manifest.files === null ? [] : [FILE_LIST])]
  for (const path of expected) if (!sums.has(path)) throw new StartError(`${join(folder, SUMS)} is damaged: it does not name ${path}.`)
  const files = [...sums.keys()].filter((path) => path.startsWith('files/')).length
  if (files !== (manifest.files?.count ?? 0)) throw new StartError(`${join(folder, SUMS)} is damaged: it names ${files} files, and there were ${manifest.files?.count ?? 0}.`)
  for (const [path, sum] of sums) {
    const found = await sumOf(join(folder, path))
    if (found !== sum) throw new StartError(`The backup is damaged: ${join(folder, path)} ${found === null ? 'is missing' : 'is not what was written'}. Use another one.`)
  }
  return manifest
}

/** SHA-256 of a file, in hex; null where there is none. */
async function sumOf(path: string): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
    return hash.digest('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Adds up what passes through. */
export function hashing(): { hash: Hash; bytes: () => number; stream: Transform } {
  const hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { hash, bytes: () => bytes, stream }
}
