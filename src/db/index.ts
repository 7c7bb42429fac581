import type { PgDatabase } from 'drizzle-orm/pg-core'
import type { PostgresJsDatabase, PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import type { Sql } from 'postgres'

/** The database, or a transaction in it: typed statements through Drizzle. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>

/** An open database. */
export interface Database {
  /** Typed statements, and transactions. */
  db: PostgresJsDatabase & Db
  /** Hot statements by tagged template: prepared once per connection. Big integers arrive as numbers, times as text. */
  sql: Sql<{ bigint: number }>
  /**
   * As `sql`, on connections of its own, for statements that store messages: the driver sends a statement behind another one that is under way
   * when all connections are taken, and there it would wait for that one's locks.
   */
  sends: Sql<{ bigint: number }>
  /** As `sql` and `db`, on two connections whose statements may take as long as they need: for jobs, for which nobody waits. */
  patient: { sql: Sql<{ bigint: number }>; db: PostgresJsDatabase & Db }
  /** Answers true when a statement went through just now. */
  healthy(): Promise<boolean>
  /** Waits for statements under way, then closes; ends the database server too where it is our own. */
  close(): Promise<void>
}
