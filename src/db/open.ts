import { sql as query } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { StartError } from '../base/start-error.ts'
import type { Database } from './index.ts'
import { MIGRATIONS, MIGRATION_LOCK } from './migrations.ts'
import { preparing } from './prepared.ts'

/** As many calls as src/message/batcher.ts has under way at most: none of them ever shares a connection. Made when they are first needed. */
const SEND_CONNECTIONS = 5
const SEND_IDLE_S = 600
/**
 * A transaction in which nothing happens for so long is ended by the database: its server stands still or is cut off, and the locks of its chats keep
 * everybody else out of them. Only where statements have a limit as well: a job may wait for a file store in the middle.
 */
const IDLE_IN_TRANSACTION_MS = 2000
/** Jobs run one after the other; a second connection for what one of them reads beside its transaction. */
const PATIENT_CONNECTIONS = 2

/**
 * Opens a database and brings its tables up to date. `poolSize` is the most connections that it takes, those for sends and for jobs apart; `name` begins
 * their application_name (parley by default). A statement that takes longer than `statementMs` is cancelled, those of jobs apart; without it none is.
 * @throws {StartError} where it cannot be reached, or is older than PostgreSQL 15.
 */
export async function openDatabase(url: string, options: { poolSize: number; name?: string; statementMs?: number; onClose?: () => Promise<void> }): Promise<Database> {
  try {
    await migrateDatabase(url)
  } catch (error) {
    await options.onClose?.()
    throw unusable(url, error)
  }
  // A name of its own, so that servers on one database can see each other.
  const name = `${options.name ?? 'parley'}-${randomUUID()}`
  const { statementMs } = options
  const sql = connect(url, options.poolSize, name, { statementMs })
  const sends = connect(url, SEND_CONNECTIONS, name, { statementMs, idle_timeout: SEND_IDLE_S })
  const patient = connect(url, PATIENT_CONNECTIONS, name, { statementMs: 0, idle_timeout: SEND_IDLE_S })
  const db = drizzle({ client: preparing(sql) })
  return {
    sql,
    sends,
    db,
    patient: { sql: patient, db: drizzle({ client: preparing(patient) }) },
    async healthy() {
      // A standby answers as well, and takes no writes.
      const answer = db.execute<{ standby: boolean }>(query`select pg_is_in_recovery() as standby`).then(
        ([row]) => row?.standby === false,
        () => false,
      )
      return Promise.race([answer, new Promise<boolean>((resolve) => setTimeout(resolve, 2000, false).unref())])
    },
    async close() {
      await Promise.all([sql, sends, patient].map((client) => client.end({ timeout: 5 })))
      await options.onClose?.()
    },
  }
}

/** One connection to a database as it stands: nothing is brought up to date. For tools, which begin with {@link liftLimits}. */
export function connectBare(url: string, name: string): Sql<{ bigint: number }> {
  return connect(url, 1, name)
}

/** Takes the limits of time that the role may have from a client of one connection. Said by a statement: what is said as it opens a pooler may not pass on. */
export async function liftLimits(sql: Sql<{ bigint: number }>): Promise<void> {
  await sql`select set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)`
}

/** `statementMs` 0: no limit, whatever the role has; left out: what the role has. */
export function connect(url: string, max: number, name: string, { statementMs, ...more }: { idle_timeout?: number; statementMs?: number | undefined } = {}): Sql<{ bigint: number }> {
  return postgres(url, {
    ...more,
    max,
    connect_timeout: 5,
    // The driver's own grows with each connection that was lost: ten that were cut at once made all wait for ten seconds and more.
    backoff: () => 0.1 + Math.random() * 0.2,
    // A peer that is gone without a word is noticed within some 20 seconds (10 of silence, then a probe each second).
    keep_alive: 10,
    onnotice: () => undefined,
    connection: { application_name: name, TimeZone: 'UTC', ...(statementMs === undefined ? {} : { statement_timeout: asText(statementMs), idle_in_transaction_session_timeout: asText(statementMs === 0 ? 0 : IDLE_IN_TRANSACTION_MS) }) },
    // Ids and numbers stay far below 2^53.
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  })
}

/** The driver leaves out a setting that is the number 0, and then the role's would hold. */
function asText(ms: number): number {
  return String(ms) as unknown as number
}

async function migrateDatabase(url: string): Promise<void> {
  const sql = connect(url, 1, 'parley migrations')
  try {
    await liftLimits(sql)
    const [server] = await sql<{ version: number }[]>`select current_setting('server_version_num')::int as version`
    if (server === undefined || server.version < 150_000) throw new StartError('PostgreSQL 15 or newer is needed.')
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`
    await migrate(drizzle({ client: sql }), { migrationsFolder: MIGRATIONS })
  } finally {
    // The lock ends with its connection.
    await sql.end({ timeout: 5 })
  }
}

/** What a person is told who has named a database that cannot be used. */
export function unusable(url: string, error: unknown): StartError {
  return error instanceof StartError ? error : new StartError(`The database at ${withoutPassword(url)} cannot be used: ${messageOf(error)}`)
}

/** How a database is named to people. */
function withoutPassword(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `${hostname}${port === '' ? '' : `:${port}`}${pathname}`
}

/** The driver's message, in words for people; several addresses that all refused come as an AggregateError without one. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
