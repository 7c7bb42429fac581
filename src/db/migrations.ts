import { readMigrationFiles } from 'drizzle-orm/migrator'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sql, TransactionSql } from 'postgres'

/** The folder of the migrations, in the form that drizzle-kit writes. */
export const MIGRATIONS = fileURLToPath(new URL('../../drizzle', import.meta.url))
/** Any number that nobody else locks in this database: one server migrates, the others wait for it. A restore holds it too, so that no server starts meanwhile. */
export const MIGRATION_LOCK = 7_274_639

/** One step of the tables' history. */
export interface Migration {
  /** Its file, without the ending. */
  tag: string
  /** SHA-256 of its text, by which a database knows what it has been through. */
  hash: string
  /** When it was made, in milliseconds; a database takes only what is younger than the youngest that it has. */
  when: number
  statements: string[]
}

/** What this build knows, the oldest first. */
export function readMigrations(folder = MIGRATIONS): Migration[] {
  const { entries } = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as { entries: { tag: string }[] }
  return readMigrationFiles({ migrationsFolder: folder }).map(({ hash, folderMillis, sql }, index) => ({ tag: entries[index]?.tag ?? '', hash, when: folderMillis, statements: sql }))
}

/** Hashes of what a database has been through, the oldest first; empty where it has no tables of ours. */
export async function appliedMigrations(sql: Sql<{ bigint: number }> | TransactionSql<{ bigint: number }>): Promise<string[]> {
  const [found] = await sql<{ found: boolean }[]>`select to_regclass('drizzle.__drizzle_migrations') is not null as found`
  if (found?.found !== true) return []
  return (await sql<{ hash: string }[]>`select hash from drizzle.__drizzle_migrations order by created_at, id`).map(({ hash }) => hash)
}

/** Takes these steps, and notes them where drizzle's own migrator looks, which goes on from there. For a transaction that is to do more. */
export async function applyMigrations(tx: TransactionSql<{ bigint: number }>, migrations: readonly Migration[]): Promise<void> {
  await tx`create schema if not exists drizzle`
  await tx`create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`
  for (const { hash, when, statements } of migrations) {
    for (const statement of statements) await tx.unsafe(statement)
    await tx`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${when})`
  }
}
