import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, smallint, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, int8, moment } from '../db/columns.ts'

/** A message is known by its chat and its number there. No foreign keys: the send function proves chat, sender and reply under the stream's lock. */
export const messages = pgTable(
  'message',
  {
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    /** Number of the newest event about it, and of the one that gave it the present text. */
    seq: int8('seq').notNull(),
    bodySeq: int8('body_seq').notNull(),
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
    location: jsonb('location').$type<Location>(),
    /** The members whom the text names. */
    mentions: bigint('mentions', { mode: 'number' }).array().notNull().default(sql`'{}'`),
    /** How often each emoji was given, in the order in which they first came; kept in the transaction of each reaction. */
    reactions: jsonb('reactions').$type<[emoji: string, count: number][]>(),
    /** Cards of people that it carries. */
    cards: jsonb('cards').$type<ContactCard[]>(),
    /** How far it came on a channel to the outside (see `OUTSIDE_STATUSES` in domain.ts), and why not further; null in chats of users alone, where marks tell. */
    status: smallint('status'),
    failure: jsonb('failure').$type<Failure>(),
    revision: integer('revision').notNull().default(1),
    createdAt: moment('created_at').notNull(),
    editedAt: moment('edited_at'),
    deletedAt: moment('deleted_at'),
    pinnedAt: moment('pinned_at'),
  },
  (table) => [
    primaryKey({ columns: [table.chatId, table.number] }),
    uniqueIndex('message_client_id').on(table.senderId, table.clientId),
    index('message_pinned').on(table.chatId, table.pinnedAt).where(sql`${table.pinnedAt} is not null`),
    index('message_newest').on(table.createdAt, table.chatId, table.number),
    // What is new waits in a short list, so that a send costs less; every search reads that list too. See drizzle/0005_search.sql.
    index('message_search').using('gin', sql`message_keys(${table.chatId}, ${table.senderId}, ${table.body})`).with({ gin_pending_list_limit: 256 }),
  ],
)

/** A place that a message tells. */
export interface Location {
  latitude: number
  longitude: number
  name: string | null
  address: string | null
}

/** Somebody's card. */
export interface ContactCard {
  name: string
  phones: string[]
}

/** Why a message did not reach the person outside. */
export interface Failure {
  code: string
  title: string
  detail: string | null
  /** Whether trying again by hand can help. */
  retryable: boolean
}

/** Who is mentioned where: for counting what is unread. Rows of edited and deleted messages follow their text. */
export const mentions = pgTable(
  'mention',
  { userId: int8('user_id').notNull(), chatId: int8('chat_id').notNull(), number: int8('number').notNull() },
  (table) => [primaryKey({ columns: [table.userId, table.chatId, table.number] })],
)

/** What an edited message said before. Gone with the message's text. */
export const revisions = pgTable(
  'message_revision',
  {
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    revision: integer('revision').notNull(),
    body: text('body'),
    /** When it was written. */
    at: moment('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.chatId, table.number, table.revision] })],
)
