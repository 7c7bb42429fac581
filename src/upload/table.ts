import { sql } from 'drizzle-orm'
import { bigserial, date, index, integer, pgTable, primaryKey, real, text } from 'drizzle-orm/pg-core'
import { int8, moment } from '../db/columns.ts'

/** A file that somebody sends. It belongs to one message, or is the picture of one user or chat, or to nothing (yet). A forwarded file has a row of its own, and the key of the first one. */
export const attachments = pgTable(
  'attachment',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** Who uploaded or forwarded it; null: it came from outside. */
    ownerId: int8('owner_id'),
    /** PENDING: its bytes are awaited. FAILED: they will not come, or were refused. */
    state: text('state').$type<'PENDING' | 'READY' | 'FAILED'>().notNull().default('PENDING'),
    kind: text('kind').$type<'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE'>().notNull().default('FILE'),
    /** Under this the store keeps it; a thumbnail under the same with `.t` behind. */
    key: text('key').notNull(),
    fileName: text('file_name').notNull(),
    /** What the bytes are; until they have come, what their sender says. */
    mimeType: text('mime_type').notNull(),
    /** How many are stored; until they have come, how many are awaited. */
    byteSize: int8('byte_size'),
    width: integer('width'),
    height: integer('height'),
    durationSeconds: real('duration_seconds'),
    blurhash: text('blurhash'),
    /** How many bytes the thumbnail has; null where there is none. */
    thumbnailSize: integer('thumbnail_size'),
    /** The message that it belongs to, and its place there. */
    chatId: int8('chat_id'),
    number: int8('number'),
    place: integer('place').notNull().default(0),
    /** The user or chat whose picture it is. */
    avatarOf: int8('avatar_of'),
    /** When it was announced, or its bytes had come. */
    touchedAt: moment('touched_at').notNull().default(sql`now()`),
  },
  (table) => [
    index('attachment_message').on(table.chatId, table.number).where(sql`${table.chatId} is not null`),
    index('attachment_unused').on(table.touchedAt).where(sql`${table.chatId} is null and ${table.avatarOf} is null`),
    index('attachment_owner').on(table.ownerId).where(sql`${table.chatId} is null`),
    index('attachment_key').on(table.key),
  ],
)

/** Keys whose last attachment may be gone: what the store keeps under them is removed once nothing else names them. */
export const discardedFiles = pgTable('discarded_file', {
  key: text('key').primaryKey(),
  at: moment('at').notNull().default(sql`now()`),
})

/** What each user has announced to upload on a day of UTC. */
export const uploadUse = pgTable(
  'upload_use',
  { userId: int8('user_id').notNull(), day: date('day').notNull(), files: integer('files').notNull(), bytes: int8('bytes').notNull() },
  (table) => [primaryKey({ columns: [table.userId, table.day] })],
)
