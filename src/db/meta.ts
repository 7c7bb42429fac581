import { sql } from 'drizzle-orm'
import { boolean, check, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { xid8 } from './columns.ts'

/** One row that names this body of data. A restore writes a new epoch, so that cursors from before it are noticed. */
export const meta = pgTable(
  'meta',
  {
    only: boolean('only').primaryKey().default(true),
    epoch: uuid('epoch').notNull().default(sql`gen_random_uuid()`),
    /** True where the data was made by the demo. */
    demo: boolean('demo').notNull().default(false),
    /** No event of a transaction below this one is kept for sure: they go after some time. */
    floorXid: xid8('floor_xid').notNull().default(sql`'3'`),
    /** The data_epoch() whose transaction ids the rows carry; another one brings ids from the future along. */
    settled: text('settled'),
  },
  (table) => [check('meta_one_row', sql`${table.only}`)],
)
