import { sql } from 'drizzle-orm'
import { boolean, check, pgTable, uuid } from 'drizzle-orm/pg-core'

/** One row that names this body of data. A restore writes a new epoch, so that cursors from before it are noticed. */
export const meta = pgTable(
  'meta',
  {
    only: boolean('only').primaryKey().default(true),
    epoch: uuid('epoch').notNull().default(sql`gen_random_uuid()`),
    /** True where the data was made by the demo. */
    demo: boolean('demo').notNull().default(false),
  },
  (table) => [check('meta_one_row', sql`${table.only}`)],
)
