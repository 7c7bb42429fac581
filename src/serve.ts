import { sql } from 'drizzle-orm'
import { VERSION } from './base/version.ts'
import type { Logger } from './base/log.ts'
import { startApp } from './app.ts'
import type { App } from './app.ts'
import type { Config } from './config.ts'
import { StartError } from './base/start-error.ts'
import type { Database } from './db/index.ts'
import { configFromEnvironment, failStart, logFor, openConfigured, secretKeyOf } from './process.ts'

/** Ctrl-C comes from the terminal, and once more from npm, which passes it on: so soon after each other the two are one. */
const SAME_SIGNAL_MS = 1000

/** After a signal the process ends within this time, whatever still waits. Our own PostgreSQL may take some seconds of it. */
const CLOSE_MS = 20_000

interface ServeHooks {
  /** Refuses to go on by throwing; nothing is open yet. */
  check?: (config: Config) => void
  /** Runs after the server is up and before it says so; what it answers is printed below the addresses. */
  prepare?: (app: App, database: Database) => Promise<string[]>
}

/**
 * Runs a server from the environment until SIGINT, SIGTERM or the terminal's end (SIGHUP), then ends it in good order, the database
 * included. A second signal ends the process at once. Exit code 1 where it cannot start, with one line that says why.
 */
export async function startServer(hooks: ServeHooks = {}): Promise<void> {
  const config = configFromEnvironment()
  const log = logFor(config)
  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stop.signal.addEventListener('abort', () => { resolve() }, { once: true })
  })
  let askedAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) {
        askedAt = performance.now()
        stop.abort(new Error(`ended by ${name}`))
      } else if (performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(1)
    })
  }

  let database: Database | null = null
  let app: App | null = null
  const close = async () => {
    await app?.close()
    await database?.close()
  }
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'A fault that nothing caught: the server ends')
    void close().finally(() => process.exit(1))
  })
  try {
    hooks.check?.(config)
    database = await openConfigured(config, log, stop.signal)
    await keepDemoPrivate(config, database)
    await warnOfOthers(config, database, log)
    app = await startApp(config, { database, secretKey: await secretKeyOf(config), log })
    const more = (await hooks.prepare?.(app, database)) ?? []
    if (!stop.signal.aborted) console.log(banner(config, app, more))
  } catch (error) {
    await close()
    if (stop.signal.aborted) process.exit(0)
    failStart(error)
  }
  await stopped
  // A database that hangs must not keep the process for ever.
  setTimeout(() => {
    log.error('What was under way did not end in time: the server ends without it.')
    process.exit(1)
  }, CLOSE_MS).unref()
  await close()
  process.exit(0)
}

function banner(config: Config, app: App, more: string[]): string {
  const url = config.server.publicUrl ?? app.http.url
  const data = config.database.kind === 'embedded' ? `${config.dataDir} (a PostgreSQL of its own)` : `the database of DATABASE_URL`
  return [
    '',
    `Parley ${VERSION} is ready.`,
    `  Chat      ${url}`,
    `  API       ${url}/graphql${config.graphiql ? '   (GraphiQL in a browser)' : ''}`,
    `  Live      ${url.replace(/^http/, 'ws')}/graphql`,
    `  Health    ${url}/health/ready`,
    ...(app.http.metricsUrl === null ? [] : [`  Metrics   ${app.http.metricsUrl}`]),
    `  Data      ${data}`,
    `  Stop      Ctrl-C`,
    ...more,
    '',
  ].join('\n')
}

/** @throws {StartError} where others could reach accounts whose passwords everybody knows. */
async function keepDemoPrivate(config: Config, database: Database): Promise<void> {
  const [meta] = await database.db.execute<{ demo: boolean }>(sql`select demo from meta`)
  if (meta?.demo !== true || config.server.loopback) return
  throw new StartError(`This data is the demo's, whose passwords everybody knows: leave HOST out (it is ${config.server.host} now), or set DATA_DIR or DATABASE_URL to data of your own.`)
}

/** Without a Redis each server is alone: presence and typing of the others are not seen, and events only come by the sweep. */
async function warnOfOthers(config: Config, database: Database, log: Logger): Promise<void> {
  if (config.redis.kind !== 'none') return
  const [row] = await database.db.execute<{ others: number }>(
    sql`select count(distinct application_name)::int as others from pg_stat_activity
        where datname = current_database() and application_name like 'parley-%' and application_name <> current_setting('application_name')`,
  )
  if (row !== undefined && row.others > 0) {
    log.warn('Another Parley server uses this database. Without a REDIS_URL, the same for both, they do not see each other\'s presence and typing, and deliver each other\'s messages a second late.')
  }
}
