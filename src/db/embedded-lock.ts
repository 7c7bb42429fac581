import { lstat, lutimes, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '../base/start-error.ts'
import { processFacts, waitFor } from './embedded-process.ts'

/*
 * The lock on a data folder is a symbolic link `postgres.lock.<n>` whose target names the owner: such a link comes into being
 * at once and with its content, or not at all where one of that name exists. It points nowhere; only its text counts.
 *
 * The one with the highest number holds. Who finds its owner gone takes the next number; of several who try, one gets it.
 * Giving the lock back is the same step, to a link that says `free`, so numbers never fall: one who acts on an old look at
 * the folder either meets the number taken, or finds a higher one after taking it, and looks again.
 */
const PREFIX = 'postgres.lock.'
const FREE = 'free'

/** The owner shows every so often that it lives, for those who cannot see its process; after so long without, it is gone. */
const BEAT_MS = 2_000
const SILENCE_MS = 15_000

interface Owner {
  pid: number
  startedAt: string
  /** Where the number of the process has a meaning: a start of the system and, on Linux, a container. */
  world: string
}

/** A data folder held by this process. */
export interface FolderLock {
  release(): Promise<void>
}

/**
 * Takes the lock on a folder, also from an owner that was killed.
 * @throws {StartError} when a running process holds it, this one included.
 */
export async function lockFolder(folder: string, signal?: AbortSignal): Promise<FolderLock> {
  const me = JSON.stringify(await thisProcess())
  for (;;) {
    const newest = await newestLock(folder)
    if (newest > 0) await refuseWhileHeld(folder, newest, signal)
    if (!(await takeLock(folder, newest + 1, me))) continue
    const file = join(folder, PREFIX + String(newest + 1))
    const beat = setInterval(() => void lutimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS).unref()
    const release = async () => {
      clearInterval(beat)
      // Where that fails, because the folder was removed or its disk is full, the lock falls free with the end of this process.
      await takeLock(folder, newest + 2, FREE).catch(() => false)
    }
    return { release }
  }
}

async function thisProcess(): Promise<Owner> {
  return { pid: process.pid, startedAt: (await processFacts(process.pid))?.startedAt ?? '', world: await thisWorld() }
}

async function thisWorld(): Promise<string> {
  if (process.platform !== 'linux') return process.platform
  const [boot, container] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''), readlink('/proc/self/ns/pid').catch(() => '')])
  return `${boot.trim()} ${container}`
}

/** The highest number; 0: there is no lock yet. */
async function newestLock(folder: string): Promise<number> {
  return Math.max(0, ...(await lockNumbers(folder)))
}

async function lockNumbers(folder: string): Promise<number[]> {
  return (await readdir(folder)).flatMap((name) => (name.startsWith(PREFIX) && /^\d+$/.test(name.slice(PREFIX.length)) ? [Number(name.slice(PREFIX.length))] : []))
}

/** Makes lock number `n`; false when another process was faster, and has gone on since perhaps. */
export async function takeLock(folder: string, n: number, text: string): Promise<boolean> {
  const file = join(folder, PREFIX + String(n))
  try {
    await symlink(text, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  const numbers = await lockNumbers(folder)
  const outdated = numbers.some((other) => other > n) ? [n] : numbers.filter((other) => other < n)
  await Promise.all(outdated.map((number) => rm(join(folder, PREFIX + String(number)), { force: true })))
  return !outdated.includes(n)
}

async function refuseWhileHeld(folder: string, n: number, signal?: AbortSignal): Promise<void> {
  const holder = await holderOf(folder, n, signal)
  if (holder === null) return
  const where = holder.near ? '' : ' in another container'
  throw new StartError(`The data folder ${folder} is in use by another server (process ${holder.pid}${where}): stop that one first, or set DATA_DIR to another folder.`)
}

/** Whether a process that runs has the folder; where it has not, a PostgreSQL on it was left by one that was killed. */
export async function isHeld(folder: string): Promise<boolean> {
  const newest = await newestLock(folder)
  return newest > 0 && (await holderOf(folder, newest)) !== null
}

/** Who runs and has this lock; `near`: where its number has the meaning that it has here. */
async function holderOf(folder: string, n: number, signal?: AbortSignal): Promise<{ pid: number; near: boolean } | null> {
  const file = join(folder, PREFIX + String(n))
  const owner = parseOwner(await readlink(file).catch(() => FREE))
  if (owner === null) return null
  const near = owner.world === (await thisWorld())
  const held = near ? (await processFacts(owner.pid))?.startedAt === owner.startedAt : await showsLife(file, signal)
  return held ? { pid: owner.pid, near } : null
}

/** Null for a lock that was given back, and for a text that is none of ours. */
function parseOwner(text: string): Owner | null {
  try {
    const { pid, startedAt, world } = JSON.parse(text) as Partial<Owner>
    return pid === undefined || startedAt === undefined || world === undefined ? null : { pid, startedAt, world }
  } catch {
    return null
  }
}

/** Whether the owner of a lock still renews it. Takes a few seconds when it only just stopped. */
async function showsLife(file: string, signal?: AbortSignal): Promise<boolean> {
  const lastBeat = async () => (await lstat(file).catch(() => null))?.mtimeMs
  const before = await lastBeat()
  if (before === undefined || Date.now() - before > SILENCE_MS) return false
  const changed = await waitFor(async () => (await lastBeat()) !== before, { ms: 2.5 * BEAT_MS, every: 100, signal })
  return changed && (await lastBeat()) !== undefined
}
