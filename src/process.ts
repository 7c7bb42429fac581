import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskBlobs } from './blob/disk.ts'
import type { Blobs } from './blob/index.ts'
import { createS3Blobs } from './blob/s3.ts'
import { newSecret } from './base/secrets.ts'
import { createLog } from './base/log.ts'
import type { Logger } from './base/log.ts'
import { StartError } from './base/start-error.ts'
import { ConfigError, readConfig } from './config.ts'
import type { Config } from './config.ts'
import { findRunning } from './db/embedded-running.ts'
import { startEmbedded } from './db/embedded.ts'
import type { Database } from './db/index.ts'
import { openDatabase, unusable } from './db/open.ts'
import { faultOf, lookAtPooling } from './db/pooling.ts'

/** Connections that a server keeps to its database at most. */
const POOL_SIZE = 10

/** Reads `.env` and the environment; tells all faults of the settings at once and ends the process with 1 if there are any. */
export function configFromEnvironment(): Config {
  try {
    // What is set outside wins over the file.
    if (existsSync('.env')) process.loadEnvFile('.env')
    return readConfig(process.env)
  } catch (error) {
    // All that reading `.env` can come to besides: it is there and cannot be read.
    if (!(error instanceof ConfigError)) failStart(new StartError(`The file .env cannot be read: ${error instanceof Error ? error.message : String(error)}`))
    for (const fault of error.faults) console.error(`Setting ${fault}`)
    process.exit(1)
  }
}

export function logFor(config: Config): Logger {
  return createLog({ level: config.logLevel, pretty: process.stderr.isTTY })
}

/** Opens the configured database, starting our own where none is given; up to date and ready. */
export async function openConfigured(config: Config, log: Logger, signal?: AbortSignal): Promise<Database> {
  const { operationMs: statementMs } = config.limits
  if (config.database.kind === 'external') {
    await checkPooler(config.database.url, statementMs, log)
    return openDatabase(config.database.url, { poolSize: POOL_SIZE, statementMs })
  }
  const postgres = await startEmbedded({ dataDir: config.dataDir, log, ...(signal === undefined ? {} : { signal }) })
  return openDatabase(postgres.url, { poolSize: POOL_SIZE, statementMs, onClose: () => postgres.stop() })
}

/** @throws {StartError} where a pooler before the database lets no server work; before the tables are touched, whose lock it would keep. */
async function checkPooler(url: string, statementMs: number, log: Logger): Promise<void> {
  const fault = await lookAtPooling(url, statementMs).then(faultOf, (error: unknown) => {
    throw unusable(url, error)
  })
  if (fault === null) return
  const text = `${fault.what}: ${fault.todo}.`
  if (fault.fatal) throw new StartError(text)
  log.warn(text)
}

/** Where the configured database is: that of the running server, or one started until `stop`. `running`: a server has it, where it is our own. */
export async function reachDatabase(config: Config): Promise<{ url: string; running: boolean; stop: () => Promise<void> }> {
  const nothing = () => Promise.resolve()
  if (config.database.kind === 'external') return { url: config.database.url, running: false, stop: nothing }
  const found = await findRunning(config.dataDir)
  if (found !== null) return { url: found, running: true, stop: nothing }
  const { url, stop } = await startEmbedded({ dataDir: config.dataDir, log: logFor(config) })
  return { url, running: false, stop }
}

/** Where files are kept by these settings. */
export async function openBlobs(config: Config): Promise<Blobs> {
  return config.files.kind === 's3' ? createS3Blobs(config.files) : createDiskBlobs(config.files.folder)
}

/** The database of the running server, or one started for as long as this takes. `name` begins its application_name. */
export async function openBeside(config: Config, name: string): Promise<Database> {
  const url = config.database.kind === 'embedded' ? await findRunning(config.dataDir) : config.database.url
  return url === null ? openConfigured(config, logFor(config)) : openDatabase(url, { poolSize: 1, name })
}

/** The secret of the settings, else the one kept in the data folder, made at first use and readable by its owner only. */
export async function secretKeyOf(config: Config): Promise<string> {
  if (config.auth.secretKey !== null) return config.auth.secretKey
  const path = join(config.dataDir, 'secret.key')
  let key: string
  try {
    await mkdir(config.dataDir, { recursive: true })
    if (!existsSync(path)) await keepNewKey(path)
    key = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new StartError(`The key that signs tokens cannot be kept in ${path}: ${(error as Error).message}. Choose another DATA_DIR, or set JWT_SECRET_KEY.`)
  }
  if (key.length < 32) throw new StartError(`${path} does not hold a key of at least 32 characters: remove it, and the next start makes a new one (everybody signs in again).`)
  return key
}

/** The file comes into being complete or not at all, also where we are killed; of two servers at once the first makes it. */
async function keepNewKey(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, newSecret().toString('base64url'), { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
}

/** Lets signals end the process by an exit, which also ends a database that was started for it: the signal alone would leave that running. */
export function exitOnSignals(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(1))
}

/** What a command was called with, as `read` makes it of the arguments; where it throws, its message and the usage are printed and the process ends. */
export function readOrder<T>(usage: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(1)
  }
}

/** Ends a process that could not start: one line for what a person can mend, everything for what is our fault. */
export function failStart(error: unknown): never {
  if (error instanceof StartError) console.error(error.message)
  else console.error('Parley could not start:', error)
  process.exit(1)
}
