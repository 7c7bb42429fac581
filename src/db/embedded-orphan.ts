import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '../base/start-error.ts'
import { ifMissing } from './embedded-faults.ts'
import { processFacts, waitFor } from './embedded-process.ts'
import type { EmbeddedLog, Site } from './embedded-site.ts'

/** A setting that PostgreSQL ignores. As the last argument of a server it tells the one on a cluster from every other process. */
export function mark(cluster: string): [string, string] {
  return ['parley.folder', cluster]
}

/**
 * Ends the server that a killed process has left on this cluster, and makes sure that its traces do not stop the next one.
 * A process that only has the number of an earlier server is left alone.
 * @throws {StartError} when someone runs another PostgreSQL on this cluster.
 */
export async function endOrphan({ cluster, log, signal }: Site): Promise<void> {
  const pid = (await readPidFile(cluster))?.pid ?? 0
  const relation = async () => relationOf(cluster, pid === 0 ? '' : ((await processFacts(pid))?.command ?? ''))
  const found = await relation()
  if (found === 'foreign') throw new StartError(`Another PostgreSQL (process ${pid}) runs on ${cluster}: stop that one first.`)
  if (found === 'ours') {
    log.info({ pid }, 'ending the PostgreSQL that an earlier run has left')
    const kill = (name: NodeJS.Signals) => {
      try {
        process.kill(pid, name)
      } catch {
        // It has just ended; if not, the wait for that tells.
      }
    }
    await endProcess(pid, kill, async () => (await relation()) !== 'ours', log, signal)
  }
  await disownPidFile(cluster)
}

function relationOf(cluster: string, command: string): 'ours' | 'foreign' | 'none' {
  if (command.includes('/postgres -D ') && command.endsWith(` ${mark(cluster).join('=')}`)) return 'ours'
  return /^\S*postgres /.test(command) && command.includes(cluster) ? 'foreign' : 'none'
}

/**
 * A PostgreSQL that was killed leaves its number behind, and the next one does not start while any process has that number.
 * The number of its own parent it does not mind. The rest of the file must stay: it leads to the shared memory that
 * PostgreSQL checks for processes still at work on the cluster.
 */
async function disownPidFile(cluster: string): Promise<void> {
  const path = join(cluster, 'postmaster.pid')
  const file = await open(path, 'r+').catch(ifMissing(null))
  if (file === null) return
  try {
    const text = await file.readFile('utf8')
    // Killed before it could write: PostgreSQL refuses an empty file.
    if (text.trim() === '') return await rm(path, { force: true })
    await file.truncate()
    await file.write(text.replace(/^.*/, String(process.pid)), 0)
  } finally {
    await file.close()
  }
}

/** Ends a server: in good order if it will, by force if it takes too long. */
export async function endProcess(pid: number, kill: (signal: NodeJS.Signals) => void, gone: () => boolean | Promise<boolean>, log: EmbeddedLog, signal?: AbortSignal): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [['SIGINT', 10_000], ['SIGQUIT', 5_000], ['SIGKILL', 5_000]]
  for (const [name, ms] of steps) {
    if (await gone()) return
    if (name !== 'SIGINT') log.warn({ pid, signal: name }, 'PostgreSQL takes long to end')
    kill(name)
    if (await waitFor(gone, { ms, signal })) return
  }
  throw new StartError(`PostgreSQL (process ${pid}) does not end: end it by hand, then start again.`)
}

/** What a server wrote about itself, also one that is gone; null: nothing that makes sense. */
export async function readPidFile(cluster: string): Promise<{ pid: number; ready: boolean } | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(ifMissing(''))).split('\n')
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : null
}
