import { sql } from 'drizzle-orm'
import { index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { int8, moment, newEntityId } from '../db/columns.ts'

export const users = pgTable(
  'users',
  {
    id: newEntityId('id'),
    username: text('username').notNull(),
    email: text('email'),
    displayName: text('display_name').notNull(),
    bio: text('bio'),
    roles: text('roles').array().$type<('ADMIN' | 'AGENT')[]>().notNull().default(sql`'{}'`),
    /** The words of both names as search compares them, each after a space. */
    searchText: text('search_text').notNull(),
    createdAt: moment('created_at').notNull().default(sql`now()`),
    updatedAt: moment('updated_at').notNull().default(sql`now()`),
    deletedAt: moment('deleted_at'),
    /** When the last of this user's connections was seen. */
    lastSeenAt: moment('last_seen_at'),
  },
  (table) => [
    uniqueIndex('users_username').on(sql`lower(${table.username})`),
    uniqueIndex('users_email').on(sql`lower(${table.email})`),
    index('users_search').using('gin', sql`${table.searchText} gin_trgm_ops`),
  ],
)

/** Apart from the profile, so that no query for people can ever carry it along. */
export const passwords = pgTable('password', {
  userId: int8('user_id')
    .primaryKey()
    .references(() => users.id),
  /** Argon2id in its usual text form. */
  hash: text('hash').notNull(),
  changedAt: moment('changed_at').notNull().default(sql`now()`),
})
