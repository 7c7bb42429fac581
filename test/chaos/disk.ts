import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backing } from './cluster.ts'
import { startPostgres } from './postgres.ts'
import type { Disk } from './stage.ts'

/** Where the small disk is, in a process that was started by `againOnDisk`. */
const PLACE = process.env.CHAOS_DISK

/** A mount of its own, for which a user namespace is needed in which we are root, and in that another one in which we are not: PostgreSQL refuses root. */
const MOUNTED = ['--mount', '--map-root-user', 'sh', '-c', 'mount -t tmpfs -o size=256m,mode=755 tmpfs "$0" && exec unshare --user --map-user=1000 --map-group=1000 "$@"']

export const hasDisk = () => PLACE !== undefined

/**
 * Runs this command again where 256 MB of memory are a file system, which ends with it. Answers its exit code; null where this system lets nobody
 * mount anything, as in many containers.
 */
export async function againOnDisk(): Promise<number | null> {
  const place = mkdtempSync(join(tmpdir(), 'parley-disk-'))
  try {
    if (spawnSync('unshare', [...MOUNTED, place, 'true']).status !== 0) return null
    const child = spawn('unshare', [...MOUNTED, place, process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, CHAOS_DISK: place } })
    // Ctrl-C reaches both; what is meant for us alone is passed on.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
    return await new Promise((resolve) => child.once('exit', (code) => { resolve(code ?? 130) }))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** A PostgreSQL on the small disk instead of the one that all runs share. */
export async function onDisk(backing: Backing): Promise<{ backing: Backing; disk: Disk; stop(): Promise<void> }> {
  if (PLACE === undefined) throw new Error('there is no small disk')
  const folder = join(PLACE, 'database')
  const ballast = join(PLACE, 'ballast')
  // Its log at rest must leave room for tables.
  const postgres = await startPostgres(folder, { max_wal_size: '64MB', min_wal_size: '32MB', wal_keep_size: '0' })
  const free = () => {
    rmSync(ballast, { force: true })
  }
  return {
    backing: { ...backing, postgres },
    disk: {
      fill: () => {
        const file = openSync(ballast, 'a')
        try {
          for (const size of [1024 * 1024, 4096]) writeUntilFull(file, size)
        } finally {
          closeSync(file)
        }
      },
      free,
    },
    stop: async () => {
      free()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function writeUntilFull(file: number, size: number): void {
  const bytes = Buffer.alloc(size)
  try {
    for (;;) writeSync(file, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
