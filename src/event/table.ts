import { sql } from 'drizzle-orm'
import { bigint, boolean, index, pgTable, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { int8, moment, xid8 } from '../db/columns.ts'

/**
 * One row per chat and per user: the lock that orders its events, and the newest numbers. Kept apart from the chat's own row, so that
 * sending rewrites a small row only. No foreign keys here nor on events: the writer holds the row, that proves it.
 */
export const streams = pgTable('stream', {
  id: int8('id').primaryKey(),
  /** Number of the newest event. */
  headSeq: int8('head_seq').notNull().default(0),
  /** Number of the newest message; chats only. */
  messageNo: int8('message_no').notNull().default(0),
  /** When the newest message was sent, or the chat was made. */
  lastAt: moment('last_at').notNull().default(sql`now()`),
  /** A direct chat in which nobody may write: one of the two has blocked the other, or is gone. Kept here, where sending looks anyway. */
  closed: boolean('closed').notNull().default(false),
  /** The person outside with whom this chat is; null in chats of users alone. */
  outsideId: int8('outside_id'),
  /** Until when anything may be written to the person outside, null: not at all now. Afterwards only templates. */
  writableUntil: moment('writable_until'),
  /** The greatest transaction id that wrote an event here: a resume skips streams below its cursor. */
  maxXid: xid8('max_xid').notNull().default(sql`pg_current_xact_id()`),
}, (table) => [index('stream_outside').on(table.id).where(sql`${table.outsideId} is not null`)])

/** Thin rows: what they speak of is read when they are delivered, so that edits and deletes stay right. */
export const events = pgTable(
  'event',
  {
    streamId: int8('stream_id').notNull(),
    seq: int8('seq').notNull(),
    xid: xid8('xid').notNull().default(sql`pg_current_xact_id()`),
    kind: smallint('kind').notNull(),
    actorId: int8('actor_id'),
    /** What it is about: a message number, a user or a chat, by kind. */
    refId: int8('ref_id'),
    /** A message's revision, or the sequence number at which a chat was joined, by kind. */
    rev: bigint('rev', { mode: 'number' }),
    at: moment('at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [
    primaryKey({ columns: [table.streamId, table.seq] }),
    index('event_stream_xid').on(table.streamId, table.xid, table.seq),
    index('event_xid').on(table.xid),
  ],
)

/**
 * How far each durable consumer of the log has come, and which server works for it. `position`: everything of transactions below it was taken.
 * A server that dies holds it until `leasedUntil` at the longest.
 */
export const outboxes = pgTable('outbox', {
  name: text('name').primaryKey(),
  position: xid8('position').notNull().default(sql`pg_current_xact_id()`),
  holder: uuid('holder'),
  leasedUntil: moment('leased_until'),
})
