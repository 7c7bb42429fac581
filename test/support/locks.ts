import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import type { TestServer } from '../harness.ts'

/** A transaction of the test's own, and a view of those who wait for it. */
export interface Held {
  tx: TransactionSql
  /** Waits until so many statements wait for a lock. */
  waiters(count: number): Promise<void>
}

/**
 * Works within a transaction of the test's own, and commits it: whoever needs what it locks waits until then.
 * Answer what still waits within an object, or the commit would wait for it.
 */
export async function whileHeld<T extends object>(server: TestServer, work: (held: Held) => Promise<T>): Promise<T> {
  const sql = postgres(server.databaseUrl, { max: 2 })
  const waiters = async (count: number) => {
    for (;;) {
      const waiting = await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      if (waiting.length >= count) return
    }
  }
  try {
    return (await sql.begin((tx) => work({ tx, waiters }))) as T
  } finally {
    await sql.end()
  }
}
