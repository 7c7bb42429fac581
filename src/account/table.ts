import { boolean, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { int8 } from '../db/columns.ts'

/** The chats that an account which left is still to be taken out of: one row and one transaction per chat, so that a crash loses nothing. */
export const leavings = pgTable(
  'account_leaving',
  {
    userId: int8('user_id').notNull(),
    chatId: int8('chat_id').notNull(),
    /** True: what the user wrote there is emptied; false: it is kept. */
    erase: boolean('erase').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.chatId] })],
)
