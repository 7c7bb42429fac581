import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'
import { int8, moment } from '../db/columns.ts'

/** One row per message, emoji and person. The counts stand in the message's own row as well. */
export const reactions = pgTable(
  'reaction',
  {
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    emoji: text('emoji').notNull(),
    userId: int8('user_id').notNull(),
    at: moment('at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.chatId, table.number, table.emoji, table.userId] }), index('reaction_user').on(table.userId, table.chatId, table.number)],
)
