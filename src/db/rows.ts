import { getTableColumns, sql } from 'drizzle-orm'
import type { InferSelectModel, SQL, Table } from 'drizzle-orm'

/** A row as `db.execute` brings it: the driver has read numbers, booleans, JSON and lists; times are text. */
export type RawRow = Record<string, unknown>

/** The columns of a table within a statement that is written by hand, and its rows out of what that answers. */
export interface Columns<T> {
  /** Stands behind `select`: each column under the name of its property, behind the prefix. */
  list: SQL
  /** What a row holds of the table. */
  read(row: RawRow): T
}

/** Columns that the driver reads as they are wanted. */
const READ_BY_DRIVER = new Set(['PgArray', 'PgBigInt53', 'PgBoolean', 'PgInteger', 'PgJsonb', 'PgSmallInt', 'PgText', 'PgUUID'])

/**
 * The columns of a table for statements that are asked so often that it counts how they are put together and read: the list is one piece of text,
 * made once, where Drizzle joins it anew from its columns each time, and asks of each value what it is. `alias` is what the statement calls the
 * table; `but` names properties that nobody needs; a `prefix` keeps apart the columns of several tables.
 */
export function columnsOf<T extends Table, K extends keyof InferSelectModel<T> & string = never>(
  table: T,
  alias: string,
  { but = [], prefix = '' }: { but?: readonly K[]; prefix?: string } = {},
): Columns<Omit<InferSelectModel<T>, K>> {
  const columns = Object.entries(getTableColumns(table))
    .filter(([name]) => !(but as readonly string[]).includes(name))
    .map(([name, column]) => {
      const key = prefix + name
      // Most lists are empty, and reading one costs more than reading nothing.
      const isList = column.columnType === 'PgArray' && column.notNull
      const value = `${alias}."${column.name}"`
      const read = column.columnType === 'PgTimestamp' ? readMoment : READ_BY_DRIVER.has(column.columnType) ? null : (given: unknown) => column.mapFromDriverValue(given)
      return { name, key, isList, text: `${isList ? `nullif(${value}, '{}')` : value} as "${key}"`, read }
    })
  return {
    list: sql.raw(columns.map(({ text }) => text).join(', ')),
    read(row) {
      const made: RawRow = {}
      for (const { name, key, isList, read } of columns) {
        const value = row[key]
        made[name] = value === null ? (isList ? [] : null) : read === null ? value : read(value)
      }
      return made as Omit<InferSelectModel<T>, K>
    },
  }
}

/** A time as the database writes it in UTC, such as `2026-01-31 09:30:00.25+00`. */
export function readMoment(value: unknown): Date {
  return new Date(value as string)
}
