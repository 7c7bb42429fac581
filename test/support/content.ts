import postgres from 'postgres'
import type { TestServer } from '../harness.ts'

/** All that a database held at one moment. */
export interface Content {
  /** Makes the database hold exactly that again. No server may work on it meanwhile. */
  putBack(): Promise<void>
  close(): Promise<void>
}

/** Keeps all that the database of a server holds now, beside the tables: putting it back takes a few milliseconds, a copy of the database a hundred times as long. */
export async function keepContent(server: TestServer): Promise<Content> {
  const sql = postgres(server.databaseUrl, { max: 1, onnotice: () => undefined })
  const tables = await sql<{ name: string; columns: string }[]>`
    select quote_ident(table_name) as name, string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE' and is_generated = 'NEVER' group by 1`
  await sql.unsafe(`create schema kept; ${tables.map(({ name }) => `create table kept.${name} as table public.${name}`).join('; ')}`)
  // Without the checks of foreign keys, which would ask for an order.
  const back = tables.map(({ name, columns }) => `delete from public.${name}; insert into public.${name} (${columns}) overriding system value select ${columns} from kept.${name}`)
  const restore = `begin; set local session_replication_role = replica; ${back.join('; ')}; commit`
  return {
    async putBack() {
      await sql.unsafe(restore)
    },
    close: () => sql.end(),
  }
}
