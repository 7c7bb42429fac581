import { constants, copyFileSync, mkdirSync } from 'node:fs'
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from './postgres.ts'

/** Of these folders a copy needs no more than that they are there: what it lacks of the log it is sent. */
const EMPTIED = new Set(['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans'])
/** What belongs to the running server, and what a copy writes itself. */
const OMITTED = new Set(['postmaster.pid', 'postmaster.opts', 'postgresql.auto.conf'])

/**
 * Copies a PostgreSQL that goes on meanwhile, as one that follows it: with no more than the server itself, since the programs that come with
 * Parley lack pg_basebackup. `linePort` leads to the original.
 */
export async function copyAsStandby(options: { url: string; from: string; to: string; linePort: number }): Promise<void> {
  const { from, to } = options
  const url = new URL(options.url)
  const cluster = join(to, 'postgres')
  // As for the first one: as root, PostgreSQL's account must pass through.
  mkdirSync(to, { mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  copyFileSync(join(from, 'postgres.password'), join(to, 'postgres.password'))
  // Both in one session: a backup ends with the session that began it.
  const sql = connect(options.url)
  try {
    await sql`select pg_backup_start('standby', true)`
    await copyFolder(join(from, 'postgres'), cluster, true)
    const [stop] = await sql<{ labelfile: string }[]>`select labelfile from pg_backup_stop(false)`
    await write('backup_label', stop?.labelfile ?? '')
  } finally {
    await sql.end({ timeout: 5 })
  }
  await write('standby.signal', '')
  await write('postgresql.auto.conf', `primary_conninfo = 'host=127.0.0.1 port=${options.linePort} user=${url.username} password=${url.password} sslmode=disable'\n`)

  function write(name: string, text: string): Promise<void> {
    return writeFile(join(cluster, name), text, { mode: 0o600 })
  }
}

/** What vanishes meanwhile is not needed: the log says so too. */
async function copyFolder(from: string, to: string, top: boolean): Promise<void> {
  await mkdir(to, { mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true }).catch(ifGone([]))) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (top && OMITTED.has(entry.name)) continue
    if (top && EMPTIED.has(entry.name)) await mkdir(target, { mode: 0o700 })
    else if (entry.isDirectory()) await copyFolder(source, target, false)
    else await copyFile(source, target, constants.COPYFILE_FICLONE).catch(ifGone(undefined))
  }
}

function ifGone<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead
    throw error
  }
}
