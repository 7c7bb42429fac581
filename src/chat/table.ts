import { sql } from 'drizzle-orm'
import { boolean, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { bytea, int8, moment, newEntityId, xid8 } from '../db/columns.ts'
import { users } from '../user/table.ts'

export const chats = pgTable(
  'chat',
  {
    id: newEntityId('id'),
    kind: text('kind').$type<'DIRECT' | 'GROUP' | 'WHATSAPP'>().notNull(),
    /** Null in a direct chat: each sees the other's name. */
    title: text('title'),
    description: text('description'),
    /** The attachment that is its picture. */
    avatarId: int8('avatar_id'),
    /** The words of the title as search compares them, each after a space; null in a direct chat. */
    searchText: text('search_text'),
    /** How many are in it now; kept under the lock of the chat's stream. */
    memberCount: integer('member_count').notNull().default(0),
    /** The one code by which people join by themselves; null: nobody can. */
    inviteCode: text('invite_code'),
    inviteCreatedAt: moment('invite_created_at'),
    /** The two people of a direct chat, the smaller id first: so there is one chat for two people. */
    directLow: int8('direct_low').references(() => users.id),
    directHigh: int8('direct_high').references(() => users.id),
    /** Who of us answers this person outside. */
    assigneeId: int8('assignee_id').references(() => users.id),
    createdBy: int8('created_by').references(() => users.id),
    /** The creator's own id for this chat, and a keyed hash of what it was made of: a repeat makes no second one. */
    clientId: uuid('client_id'),
    clientHash: bytea('client_hash'),
    createdAt: moment('created_at').notNull().default(sql`now()`),
    updatedAt: moment('updated_at').notNull().default(sql`now()`),
    /** When its owner ended it for all. */
    deletedAt: moment('deleted_at'),
  },
  (table) => [
    uniqueIndex('chat_direct').on(table.directLow, table.directHigh),
    uniqueIndex('chat_client_id').on(table.createdBy, table.clientId),
    uniqueIndex('chat_invite_code').on(table.inviteCode),
    index('chat_assignee').on(table.assigneeId),
  ],
)

/**
 * One row per person and chat, for ever: its newest interval of membership, marks and settings. The interval is in event numbers:
 * a member sees the events from `fromSeq` to `toSeq`, and the messages from number `historyFrom`.
 */
export const members = pgTable(
  'member',
  {
    chatId: int8('chat_id')
      .notNull()
      .references(() => chats.id),
    userId: int8('user_id')
      .notNull()
      .references(() => users.id),
    role: text('role').$type<'OWNER' | 'ADMIN' | 'MEMBER'>().notNull(),
    joinedAt: moment('joined_at').notNull().default(sql`now()`),
    fromSeq: int8('from_seq').notNull(),
    /** The event that ended the membership; null while it lasts. */
    toSeq: int8('to_seq'),
    historyFrom: int8('history_from').notNull(),
    deliveredUpTo: int8('delivered_up_to').notNull(),
    readUpTo: int8('read_up_to').notNull(),
    /** The transaction that last moved a mark: marks are no events, so the sweep and a resume find the moved ones by it. At first one from before all. */
    markXid: xid8('mark_xid').notNull().default(sql`'3'`),
    /** When a mark was last moved. */
    markedAt: moment('marked_at').notNull().default(sql`now()`),
    mutedUntil: moment('muted_until'),
    archived: boolean('archived').notNull().default(false),
    pinned: boolean('pinned').notNull().default(false),
    /** A direct chat that this person deleted: it stays out of their list until a message with a higher number comes. */
    hiddenUpTo: int8('hidden_up_to'),
  },
  (table) => [
    primaryKey({ columns: [table.chatId, table.userId] }),
    index('member_user').on(table.userId, table.chatId),
    index('member_mark_xid').on(table.markXid),
  ],
)

const viewColumns = () => ({
  chatId: int8('chat_id').notNull(),
  userId: int8('user_id').notNull(),
  role: text('role').$type<'OWNER' | 'ADMIN' | 'MEMBER'>().notNull(),
  joinedAt: moment('joined_at').notNull(),
  fromSeq: int8('from_seq').notNull(),
  toSeq: int8('to_seq'),
  historyFrom: int8('history_from').notNull(),
  deliveredUpTo: int8('delivered_up_to').notNull(),
  readUpTo: int8('read_up_to').notNull(),
  markXid: xid8('mark_xid').notNull(),
  markedAt: moment('marked_at').notNull(),
  mutedUntil: moment('muted_until'),
  archived: boolean('archived').notNull(),
  pinned: boolean('pinned').notNull(),
  hiddenUpTo: int8('hidden_up_to'),
})

/**
 * A view of the form of `member` (drizzle/0010_whatsapp.sql): the members, and all who answer the chats with people outside. These are there by
 * their role, without a row for each chat; a row, with marks and settings, is made at its first use.
 */
export const membersAndAgents = pgTable('chat_member', viewColumns())
/** These, and the person outside, who acts in the one chat that is theirs. */
export const readers = pgTable('chat_reader', viewColumns())

/** Earlier intervals of those who left and came back. */
export const pastIntervals = pgTable(
  'member_interval',
  {
    chatId: int8('chat_id').notNull(),
    userId: int8('user_id').notNull(),
    fromSeq: int8('from_seq').notNull(),
    toSeq: int8('to_seq').notNull(),
    historyFrom: int8('history_from').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.chatId, table.fromSeq] })],
)

/** Every move of a mark: since when a member has, or has read, a message is the first move at or beyond its number. */
export const markMoves = pgTable(
  'mark_move',
  {
    chatId: int8('chat_id').notNull(),
    userId: int8('user_id').notNull(),
    /** False: delivered. */
    read: boolean('read').notNull(),
    upTo: int8('up_to').notNull(),
    at: moment('at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.chatId, table.userId, table.read, table.upTo] })],
)
