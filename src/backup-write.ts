import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, link, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TransactionSql } from 'postgres'
import { StartError } from './base/start-error.ts'
import { VERSION } from './base/version.ts'
import { FILE_LIST, FORMAT, MANIFEST, SUMS, filePath, hashing, readSums, tablePath } from './backup-format.ts'
import type { Manifest } from './backup-format.ts'
import type { Blobs } from './blob/index.ts'
import { connectBare, liftLimits } from './db/open.ts'
import { appliedMigrations, readMigrations } from './db/migrations.ts'
import { thumbnailKey } from './upload/receive.ts'

type Tx = TransactionSql<{ bigint: number }>

/** A little slower than 1, and a third smaller; a server beside it needs the processor too. */
const GZIP_LEVEL = 3
/** Files under way at once: a store far away answers each after a while. */
const AT_ONCE = 8
const OURS = { mode: 0o700, recursive: true } as const
/** Nobody writes at one for so long. */
const STALE_MS = 7 * 24 * 3600_000
/** Rows that are read at once. */
const PIECE = 2000

/** The folders of complete backups below this one, the oldest first. */
export async function listBackups(home: string): Promise<string[]> {
  const names = (await readdir(home).catch(() => [])).filter((name) => /^parley-\d{4}-\d\d-\d\dT[\d-]+Z$/.test(name)).sort()
  return names.map((name) => join(home, name))
}

/**
 * Makes a backup in a new folder below `home`, while a server goes on: the tables as of one moment, then the files that they name. It has another name until all
 * of it is on the disk. Files that an older backup beside it holds are linked, not copied again. Without `blobs` files are left out.
 * @throws {StartError} where the database is not one of this build.
 */
export async function writeBackup(options: { url: string; home: string; blobs: Blobs | null }): Promise<{ folder: string; manifest: Manifest }> {
  const { url, home, blobs } = options
  await mkdir(home, OURS)
  await removeDrafts(home)
  const draft = join(home, `.parley-${randomUUID()}`)
  const sums: string[] = []
  try {
    await mkdir(join(draft, 'tables'), OURS)
    const tables = await writeTables(url, draft, sums, blobs !== null)
    const files = blobs === null ? null : await writeFiles({ draft, blobs, sums, earlier: (await listBackups(home)).at(-1) ?? null })
    const manifest: Manifest = { format: FORMAT, version: VERSION, ...tables, files }
    const text = JSON.stringify(manifest, null, 2) + '\n'
    await writeFile(join(draft, MANIFEST), text, { mode: 0o600, flush: true })
    sums.push(`${createHash('sha256').update(text).digest('hex')}  ${MANIFEST}\n`)
    await writeFile(join(draft, SUMS), sums.join(''), { mode: 0o600, flush: true })
    const folder = join(home, `parley-${manifest.takenAt.replaceAll(':', '-').replace('.', '-')}`)
    await rename(draft, folder)
    await syncFolder(home)
    return { folder, manifest }
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/** What backups that were broken off have left; one may be under way still. */
async function removeDrafts(home: string): Promise<void> {
  for (const name of (await readdir(home)).filter((name) => name.startsWith('.parley-'))) {
    const { mtimeMs } = await stat(join(home, name)).catch(() => ({ mtimeMs: Date.now() }))
    if (mtimeMs < Date.now() - STALE_MS) await rm(join(home, name), { recursive: true, force: true })
  }
}

async function writeTables(url: string, draft: string, sums: string[], withFiles: boolean): Promise<Omit<Manifest, 'format' | 'version' | 'files'>> {
  const sql = connectBare(url, 'backup of parley')
  try {
    await liftLimits(sql)
    // All statements see what the first one sees. It takes no lock that a server would wait for.
    return await sql.begin('isolation level repeatable read read only', async (tx) => {
      const migrations = await knownMigrations(tx)
      const [moment] = await tx<{ now: string; version: number }[]>`
        select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now, current_setting('server_version_num')::int as version`
      if (moment === undefined) throw new Error('the database told no time')
      const found = await tx<{ name: string; columns: string[] }[]>`
        select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
        group by c.relname order by c.relname`
      const tables: Manifest['tables'] = []
      for (const { name, columns } of found) tables.push({ name, columns: [...columns], rows: await writeTable(tx, { name, columns, draft, sums }) })
      if (withFiles) await writeFileList(tx, draft, sums)
      // Read last: no number that a row of the snapshot has is above it.
      const sequences: Manifest['sequences'] = []
      for (const { name } of await tx<{ name: string }[]>`select sequencename::text as name from pg_sequences where schemaname = 'public' order by 1`) {
        const [row] = await tx<{ last: number; called: boolean }[]>`select last_value as last, is_called as called from ${tx(name)}`
        if (row !== undefined) sequences.push({ name, ...row })
      }
      return { postgres: moment.version, takenAt: moment.now, migrations, tables, sequences }
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** What the tables have been through, by our names of it. */
async function knownMigrations(tx: Tx): Promise<Manifest['migrations']> {
  const known = readMigrations()
  const applied = await appliedMigrations(tx)
  if (applied.length === 0) throw new StartError('There is nothing to back up: this database has no tables of Parley. Is it the right DATABASE_URL or DATA_DIR?')
  return applied.map((hash) => {
    const tag = known.find((migration) => migration.hash === hash)?.tag
    if (tag === undefined) throw new StartError('The database is of another version of Parley than this one: back it up by the version whose servers run on it.')
    return { tag, hash }
  })
}

/** Answers how many rows it has. */
async function writeTable(tx: Tx, { name, columns, draft, sums }: { name: string; columns: string[]; draft: string; sums: string[] }): Promise<number> {
  let rows = 0
  const lines = async function* () {
    // Not by COPY itself: of its stream the driver loses the end now and then, when the reader is slow, and waits for ever.
    for await (const piece of tx`select ${tx(columns)} from ${tx(name)}`.raw().cursor(PIECE)) {
      rows += piece.length
      yield (piece as unknown as (Buffer | null)[][]).map(toLine).join('')
    }
  }
  const { hash, stream } = hashing()
  await pipeline(lines, createGzip({ level: GZIP_LEVEL }), stream, createWriteStream(join(draft, tablePath(name)), { mode: 0o600, flush: true }))
  sums.push(`${hash.digest('hex')}  ${tablePath(name)}\n`)
  return rows
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' }

/** A row as COPY's text has it: PostgreSQL's manual, "COPY", "Text Format". */
function toLine(values: (Buffer | null)[]): string {
  const cells = values.map((value) => (value === null ? '\\N' : value.toString().replace(/[\\\b\f\n\r\t\v]/g, (sign) => ESCAPES[sign] ?? sign)))
  return `${cells.join('\t')}\n`
}

/** Which files the tables name; written down, so that the snapshot need not stay while they are copied. */
async function writeFileList(tx: Tx, draft: string, sums: string[]): Promise<void> {
  const { hash, stream } = hashing()
  const lines = async function* () {
    const query = tx`select key, bool_or(thumbnail_size is not null), coalesce(max(byte_size), 0) from attachment where state = 'READY' group by key order by key`
    for await (const piece of query.raw().cursor(PIECE)) yield (piece as unknown as (Buffer | null)[][]).map(toLine).join('')
  }
  await pipeline(lines, stream, createWriteStream(join(draft, FILE_LIST), { mode: 0o600, flush: true }))
  sums.push(`${hash.digest('hex')}  ${FILE_LIST}\n`)
}

/** The keys that the list names, thumbnails too. */
export async function listedKeys(folder: string): Promise<string[]> {
  const lines = (await readFile(join(folder, FILE_LIST), 'utf8')).split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => {
    const [key = '', thumbnail] = line.split('\t')
    return thumbnail === 't' ? [key, thumbnailKey(key)] : [key]
  })
}

async function writeFiles({ draft, blobs, sums, earlier }: { draft: string; blobs: Blobs; sums: string[]; earlier: string | null }): Promise<NonNullable<Manifest['files']>> {
  const total = { count: 0, bytes: 0, missing: 0 }
  const before = (earlier === null ? null : await readSums(earlier)) ?? new Map<string, string>()
  const keys = await listedKeys(draft)
  const work = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const path = filePath(key)
      await mkdir(dirname(join(draft, path)), OURS)
      const sum = before.get(path)
      // A key always means the same bytes.
      const linked = earlier !== null && sum !== undefined && (await link(join(earlier, path), join(draft, path)).then(() => true, () => false))
      const copied = linked ? { sum, bytes: 0 } : await copyFile(blobs, key, join(draft, path))
      if (copied === null) total.missing++
      else {
        total.count++
        total.bytes += copied.bytes
        sums.push(`${copied.sum}  ${path}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return total
}

async function copyFile(blobs: Blobs, key: string, to: string): Promise<{ sum: string; bytes: number } | null> {
  const source = await blobs.get(key)
  if (source === null) return null
  const { hash, bytes, stream } = hashing()
  await pipeline(source, stream, createWriteStream(to, { mode: 0o600, flush: true }))
  return { sum: hash.digest('hex'), bytes: bytes() }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

/** Removes all but the newest so many backups; answers those that went. */
export async function removeOlder(home: string, keep: number): Promise<string[]> {
  const complete: string[] = []
  for (const folder of await listBackups(home)) if (await access(join(folder, SUMS)).then(() => true, () => false)) complete.push(folder)
  const older = complete.slice(0, -keep)
  for (const folder of older) await rm(folder, { recursive: true, force: true })
  return older
}
