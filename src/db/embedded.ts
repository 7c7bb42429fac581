import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { StartError } from '../base/start-error.ts'
import { chooseAccount } from './embedded-account.ts'
import { findBinaries } from './embedded-binaries.ts'
import { prepareCluster } from './embedded-cluster.ts'
import { explain, startFailure } from './embedded-faults.ts'
import { lockFolder } from './embedded-lock.ts'
import { startPostmaster } from './embedded-server.ts'
import type { EmbeddedLog, Site } from './embedded-site.ts'
import { NAME, passwordFile } from './embedded-site.ts'

/** A PostgreSQL that belongs to this process. */
export interface EmbeddedPostgres {
  /** `postgres://` URL of the database `parley`, which its superuser owns. */
  url: string
  /** Ends the server in good order, breaking off connections that are still open, and frees the data folder. May be called again. */
  stop(): Promise<void>
}

export interface EmbeddedOptions {
  /** Made if it does not exist. Holds the cluster, its password, its log and a lock. */
  dataDir: string
  log: EmbeddedLog
  /** More settings of PostgreSQL, such as `{ fsync: 'off' }` in tests. Where it listens is not among them. */
  settings?: Record<string, string>
  /** Breaks the start off; nothing stays running. Has no effect once started. */
  signal?: AbortSignal
}

/**
 * Starts a PostgreSQL on the cluster in `<dataDir>/postgres`, on a free port of 127.0.0.1. Makes the cluster on first use.
 *
 * One server per data folder. One that was killed is recovered from: a PostgreSQL it left running is ended first. As root,
 * PostgreSQL runs under an unprivileged account of the system, to which the cluster then belongs.
 *
 * An exit of the process ends PostgreSQL too, but a signal that ends the process without running its exit handlers does not:
 * the caller handles SIGINT and SIGTERM and calls `stop()`.
 * @throws {StartError} when the person at the terminal can do something about it; the signal's reason when that was aborted.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    return await start(options)
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason
    throw explain(error, options.dataDir)
  }
}

async function start({ dataDir: folder, log, settings = {}, signal }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') throw new StartError('The PostgreSQL that comes with Parley does not run on Windows: set DATABASE_URL to a PostgreSQL server.')
  const began = performance.now()
  signal?.throwIfAborted()
  const dataDir = await makeFolder(folder)
  const lock = await lockFolder(dataDir, signal)
  try {
    const cluster = join(dataDir, 'postgres')
    const account = await chooseAccount(cluster)
    const site: Site = { dataDir, cluster, account, binaries: await findBinaries(account), settings, log, signal }
    const server = await startOn(site)
    log.debug({ port: server.port, account: account?.name, ms: Math.round(performance.now() - began) }, 'PostgreSQL is running')
    let stopped: Promise<void> | null = null
    return { url: server.url, stop: () => (stopped ??= server.stop().finally(() => lock.release())) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Only its owner may look inside; as root, PostgreSQL's account must pass through. */
async function makeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  return realpath(folder)
}

async function startOn(site: Site): Promise<{ url: string; port: number; stop: () => Promise<void> }> {
  const password = await prepareCluster(site)
  const { port, stop } = await startPostmaster(site)
  try {
    const server = `postgres://${NAME}:${password}@127.0.0.1:${port}`
    await makeDatabase(server, site)
    site.signal?.throwIfAborted()
    return { url: `${server}/${NAME}`, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function makeDatabase(server: string, { dataDir }: Site): Promise<void> {
  const sql = postgres(`${server}/postgres`, { max: 1, ssl: false, onnotice: () => undefined })
  try {
    const found = await sql`select from pg_database where datname = ${NAME}`
    if (found.length === 0) await sql`create database ${sql(NAME)}`
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    // invalid_password
    if (code === '28P01') throw new StartError(`${passwordFile(dataDir)} does not hold the password of the database beside it: remove that file, and the next start sets a new password.`)
    throw startFailure(dataDir, message)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
