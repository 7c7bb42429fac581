import { boolean, integer, pgTable, primaryKey, smallint, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, int8, moment } from '../db/columns.ts'

/** A message is known by its chat and its number there. No foreign keys: the send function proves chat, sender and reply under the stream's lock. */
export const messages = pgTable(
  'message',
  {
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    /** Number of the newest event about it. */
    seq: int8('seq').notNull(),
    senderId: int8('sender_id'),
    /** The sender's own id for it, and a keyed hash of the input as sent: a repeat with other content is told apart for ever, edits or not. */
    clientId: uuid('client_id'),
    clientHash: bytea('client_hash'),
    /** See `MessageKind` in domain.ts. */
    kind: smallint('kind').notNull(),
    /** Null once deleted. */
    body: text('body'),
    /** Number of the message it answers, in the same chat. */
    replyTo: int8('reply_to'),
    forwarded: boolean('forwarded').notNull().default(false),
    revision: integer('revision').notNull().default(1),
    createdAt: moment('created_at').notNull(),
    editedAt: moment('edited_at'),
    deletedAt: moment('deleted_at'),
  },
  (table) => [primaryKey({ columns: [table.chatId, table.number] }), uniqueIndex('message_client_id').on(table.senderId, table.clientId)],
)
