import { sql } from 'drizzle-orm'
import { bigint, customType, pgSequence, timestamp } from 'drizzle-orm/pg-core'

/** One row of numbers for users and chats together: so a stream can carry the id of the user or chat that it belongs to. */
export const entityId = pgSequence('entity_id')

/** The id of a user or chat, made by the database. */
export const newEntityId = (name: string) => bigint(name, { mode: 'number' }).primaryKey().default(sql`nextval('entity_id')`)

/** A whole number up to 2^53: ids, event and message numbers. */
export const int8 = (name: string) => bigint(name, { mode: 'number' })

/** A moment, kept to the millisecond as the API shows it. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

/** A transaction id that never wraps. */
export const xid8 = customType<{ data: bigint; driverData: string }>({
  dataType: () => 'xid8',
  fromDriver: (value) => BigInt(value),
  toDriver: (value) => value.toString(),
})

/**
 * A list of ids as one parameter of a statement, which so reads the same whatever its length. In a query of its own the planner does not see its length
 * either: else a plan for just these few would always look cheaper than the one at hand, and each call would be planned anew, which costs more than it does.
 */
export const idList = (ids: readonly (number | null)[]) => sql`(select ${`{${ids.map((id) => id ?? 'NULL').join(',')}}`}::bigint[])::bigint[]`

/** Pairs of ids, to be looked for by `(a, b) in (...)`. */
export const idPairs = (pairs: readonly (readonly [number, number])[]) => sql`select * from unnest(${idList(pairs.map(([first]) => first))}, ${idList(pairs.map(([, second]) => second))})`

export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })
