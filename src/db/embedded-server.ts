import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { open, readFile, rename, stat } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathFor } from './embedded-account.ts'
import { ifMissing, lastMeaningfulLine, startFailure } from './embedded-faults.ts'
import { endOrphan, endProcess, mark, readPidFile } from './embedded-orphan.ts'
import { startOptions, waitFor } from './embedded-process.ts'
import type { EmbeddedLog, Site } from './embedded-site.ts'

/** A running server of ours. */
export interface Postmaster {
  port: number
  /** Ends it: first in good order, which breaks off its connections; by force where that takes too long. */
  stop(): Promise<void>
}

const MAX_LOG_BYTES = 10 * 1024 * 1024

/**
 * Starts the server and waits until it takes connections, however long it needs to recover from a crash.
 * @param pickPort answers a port that is free; should it be taken by the time the server wants it, another is asked for.
 * @throws {StartError} with the reason from PostgreSQL's log.
 */
export async function startPostmaster(site: Site, pickPort = freePort): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    await endOrphan(site)
    const port = await pickPort()
    const { ready, output, ...postmaster } = await launch(site, port)
    if (ready) return postmaster
    const busy = /lock file ".*" already exists|pre-existing shared memory block/.test(output)
    if (attempt === 20 || !(busy || output.includes('could not bind'))) throw startFailure(site.dataDir, output)
    // The processes of a server that was killed take a moment to notice, longer while they are at work.
    if (busy) await sleep(500, undefined, { signal: site.signal })
  }
}

async function launch(site: Site, port: number): Promise<Postmaster & { ready: boolean; output: string }> {
  const { account, binaries, cluster, log, signal } = site
  const logFile = join(site.dataDir, 'postgres.log')
  const logStart = await rotate(logFile)
  const output = async () => (await readFile(logFile)).subarray(logStart).toString()
  const args = ['-D', await pathFor(cluster, account), ...settingsFor(site, port).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  signal?.throwIfAborted()
  const sink = await open(logFile, 'a', 0o600)
  // A session of its own: Ctrl-C in the terminal is for us, who end the server when nothing needs it any more.
  const child = spawn(binaries.postgres, args, { ...startOptions(account), cwd: cluster, detached: true, stdio: ['ignore', sink.fd, sink.fd] })
  const server = supervise(child, log)
  await sink.close()
  try {
    await waitUntilReady(site, child, server.ended)
  } catch (error) {
    await server.stop()
    throw error
  }
  if (server.ended()) return { port, stop: server.stop, ready: false, output: `${server.fault()}\n${await output()}` }
  server.onFailure(() => void output().then((text) => log.warn({ reason: lastMeaningfulLine(text) }, 'PostgreSQL has ended'), () => undefined))
  return { port, stop: server.stop, ready: true, output: '' }
}

function settingsFor({ cluster, settings }: Site, port: number): [string, string][] {
  const defaults = { max_connections: '100', timezone: 'UTC', log_timezone: 'UTC', ...settings }
  const fixed = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', log_destination: 'stderr', logging_collector: 'off', log_line_prefix: '%m [%p] ' }
  return [...Object.entries({ ...defaults, ...fixed }), mark(cluster)]
}

interface Supervised {
  ended(): boolean
  /** Why it could not even be run; '' otherwise. */
  fault(): string
  /** Sets what to do when it ends unasked. */
  onFailure(action: () => void): void
  stop(): Promise<void>
}

function supervise(child: ChildProcess, log: EmbeddedLog): Supervised {
  const state: { ended: boolean; fault: string; onFailure: (() => void) | null } = { ended: false, fault: '', onFailure: null }
  let stopped: Promise<void> | null = null
  const endWithUs = () => void child.kill('SIGINT')
  const onEnd = (error: unknown) => {
    if (error instanceof Error) state.fault = error.message
    state.ended = true
    process.off('exit', endWithUs)
    if (stopped === null) state.onFailure?.()
  }
  // An exit without `stop()` leaves no time to wait for the server, but it must not stay.
  process.once('exit', endWithUs)
  child.once('exit', onEnd)
  child.once('error', onEnd)
  child.unref()
  const stop = async () => {
    child.ref()
    await endProcess(child.pid ?? 0, (signal) => child.kill(signal), () => state.ended, log)
  }
  return { ended: () => state.ended, fault: () => state.fault, onFailure: (action) => (state.onFailure = action), stop: () => (stopped ??= stop()) }
}

/** Returns as soon as the server takes connections, or has ended. */
async function waitUntilReady({ cluster, log, signal }: Site, child: ChildProcess, ended: () => boolean): Promise<void> {
  const settled = async () => {
    const state = await readPidFile(cluster)
    return ended() || (state?.pid === child.pid && state?.ready === true)
  }
  while (!(await waitFor(settled, { ms: 10_000, signal }))) log.info({}, 'PostgreSQL is still starting: it recovers from an unclean stop')
}

/** Keeps one earlier log beside a log that has grown long. Returns where the next lines start. */
async function rotate(logFile: string): Promise<number> {
  const { size } = await stat(logFile).catch(ifMissing({ size: 0 }))
  if (size <= MAX_LOG_BYTES) return size
  await rename(logFile, `${logFile}.1`)
  return 0
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
