import { sql } from 'drizzle-orm'
import { bigint, boolean, check, pgTable, text, uuid } from 'drizzle-orm/pg-core'
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
    /** The stream that all read who answer the chats with people outside: it tells them of new ones. */
    inboxId: bigint('inbox_id', { mode: 'number' }).notNull().default(sql`nextval('entity_id')`),
    /** The data_epoch() whose transaction ids the rows carry; another one brings ids from the future along. */
    settled: text('settled'),
  },
  (table) => [check('meta_one_row', sql`${table.only}`)],
)
