import { sql } from 'drizzle-orm'
import { boolean, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { int8, moment, newEntityId, xid8 } from '../db/columns.ts'

export const users = pgTable(
  'users',
  {
    id: newEntityId('id'),
    username: text('username').notNull(),
    email: text('email'),
    /** The subject by which the product's own identity provider knows the user; null where they sign in here. */
    externalId: text('external_id'),
    displayName: text('display_name').notNull(),
    bio: text('bio'),
    /** The attachment that is their picture. */
    avatarId: int8('avatar_id'),
    /** What the user set; whether they are connected is known to the servers only. */
    availability: text('availability').$type<'AVAILABLE' | 'AWAY' | 'BUSY' | 'INVISIBLE'>().notNull().default('AVAILABLE'),
    statusText: text('status_text'),
    roles: text('roles').array().$type<('ADMIN' | 'AGENT')[]>().notNull().default(sql`'{}'`),
    /** The words of both names as search compares them, each after a space. */
    searchText: text('search_text').notNull(),
    createdAt: moment('created_at').notNull().default(sql`now()`),
    updatedAt: moment('updated_at').notNull().default(sql`now()`),
    deletedAt: moment('deleted_at'),
    /** Since when the user answers the chats with people outside; null: the user does not. */
    agentSince: moment('agent_since'),
    /** When the last of this user's connections was seen. */
    lastSeenAt: moment('last_seen_at'),
    /** The transaction that last changed what others see of the profile: no event of any chat, so whoever listens finds it by this. At first one from before all. */
    profileXid: xid8('profile_xid').notNull().default(sql`'3'`),
  },
  (table) => [
    uniqueIndex('users_username').on(sql`lower(${table.username})`),
    uniqueIndex('users_email').on(sql`lower(${table.email})`),
    uniqueIndex('users_external_id').on(table.externalId),
    index('users_profile_xid').on(table.profileXid),
    index('users_agents').on(table.id).where(sql`${table.agentSince} is not null`),
    index('users_search').using('gin', sql`${table.searchText} gin_trgm_ops`),
  ],
)

/** What of a user's row only statements ask for: nobody reads it. */
export const NOT_READ = ['searchText', 'updatedAt', 'profileXid', 'agentSince'] as const
export type UserRow = Omit<typeof users.$inferSelect, (typeof NOT_READ)[number]>

/** Apart from the profile, so that no query for people can ever carry it along. */
export const passwords = pgTable('password', {
  userId: int8('user_id')
    .primaryKey()
    .references(() => users.id),
  /** Argon2id in its usual text form. */
  hash: text('hash').notNull(),
  changedAt: moment('changed_at').notNull().default(sql`now()`),
})

/** Who wants nothing to do with whom. */
export const blocks = pgTable(
  'block',
  {
    userId: int8('user_id')
      .notNull()
      .references(() => users.id),
    blockedId: int8('blocked_id')
      .notNull()
      .references(() => users.id),
    createdAt: moment('created_at').notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.userId, table.blockedId] }), index('block_blocked').on(table.blockedId)],
)

/**
 * People outside, who write to us over a channel such as WhatsApp. They share the row of numbers with users, so that either can be the sender of
 * a message. A phone number may be missing, and so may the channel's own id: `scope` says within what that one counts (the business account).
 */
export const contacts = pgTable(
  'contact',
  {
    id: newEntityId('id'),
    scope: text('scope').notNull(),
    /** Digits, with country code. */
    phone: text('phone'),
    whatsappUserId: text('whatsapp_user_id'),
    displayName: text('display_name').notNull(),
    /** True where somebody here gave the name: the profile outside does not change it then. */
    named: boolean('named').notNull().default(false),
    createdAt: moment('created_at').notNull().default(sql`now()`),
  },
  (table) => [uniqueIndex('contact_phone').on(table.scope, table.phone), uniqueIndex('contact_whatsapp_user_id').on(table.scope, table.whatsappUserId)],
)
