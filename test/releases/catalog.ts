import type { Sql, TransactionSql } from 'postgres'

/** What servers of one version rely on in the database. Names are those of the schema public. */
export interface Catalog {
  /** By "table.column". `free`: a row may leave it out, since it may be null or has a default. */
  columns: Record<string, { type: string; nullable: boolean; free: boolean }>
  /** By name and types of the arguments; what it answers. */
  functions: Record<string, string>
  /** What forbids rows: primary and foreign keys, checks, unique indexes, each with its table before it. */
  promises: string[]
}

/** Reads it, extensions' own things apart. */
export async function readCatalog(sql: Sql<{ bigint: number }> | TransactionSql<{ bigint: number }>): Promise<Catalog> {
  const columns = await sql<{ name: string; type: string; nullable: boolean; free: boolean }[]>`
    select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable, (not a.attnotnull or a.atthasdef or a.attidentity <> '') as free
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`
  const functions = await sql<{ name: string; answer: string }[]>`
    select p.oid::regprocedure::text as name, pg_get_function_result(p.oid) as answer from pg_proc p
    where pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by 1`
  const promises = await sql<{ promise: string }[]>`
    select conrelid::regclass || ': ' || pg_get_constraintdef(oid) as promise from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 and contype in ('p', 'f', 'c', 'u')
    union select i.indrelid::regclass || ': ' || regexp_replace(pg_get_indexdef(i.indexrelid), 'INDEX \\S+ ON', 'INDEX ON') from pg_index i join pg_class c on c.oid = i.indrelid
    where i.indisunique and not i.indisprimary and c.relnamespace = 'public'::regnamespace order by 1`
  return {
    columns: Object.fromEntries(columns.map(({ name, ...column }) => [name, column])),
    functions: Object.fromEntries(functions.map(({ name, answer }) => [name, answer])),
    promises: promises.map(({ promise }) => promise),
  }
}

/** What servers of `before` could stumble over in a database as `after` has it: both run on it while one is replaced by the other. */
export function incompatible(before: Catalog, after: Catalog): string[] {
  const tables = new Set(Object.keys(before.columns).map(tableOf))
  const found: string[] = []
  for (const [name, column] of Object.entries(before.columns)) {
    const now = after.columns[name]
    if (now === undefined) found.push(`${name} is gone, or has another name`)
    else if (now.type !== column.type) found.push(`${name} was ${column.type}, and is ${now.type}`)
    else if (column.free && !now.free) found.push(`${name} could be left out, and must be given now`)
    else if (column.nullable && !now.nullable) found.push(`${name} could be null, and must not be now`)
  }
  for (const [name, { free }] of Object.entries(after.columns)) {
    if (before.columns[name] === undefined && tables.has(tableOf(name)) && !free) found.push(`${name} is new, and must be given: it needs a default`)
  }
  for (const [name, answer] of Object.entries(before.functions)) {
    const now = after.functions[name]
    if (now === undefined) found.push(`the function ${name} is gone, or takes other arguments: make one of another name beside it`)
    else if (now !== answer) found.push(`the function ${name} answered ${answer}, and answers ${now}`)
  }
  for (const promise of after.promises) {
    if (!before.promises.includes(promise) && tables.has(promise.slice(0, promise.indexOf(':')))) found.push(`rows that were allowed may be refused: ${promise}`)
  }
  return found
}

function tableOf(column: string): string {
  return column.slice(0, column.indexOf('.'))
}
