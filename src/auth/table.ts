import { sql } from 'drizzle-orm'
import { bigserial, index, pgTable, text } from 'drizzle-orm/pg-core'
import { bytea, int8, moment } from '../db/columns.ts'
import { users } from '../user/table.ts'

/** One sign-in on one device: the family of its refresh tokens. */
export const sessions = pgTable(
  'session',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    userId: int8('user_id')
      .notNull()
      .references(() => users.id),
    userAgent: text('user_agent'),
    createdAt: moment('created_at').notNull().default(sql`now()`),
    lastUsedAt: moment('last_used_at').notNull().default(sql`now()`),
    endedAt: moment('ended_at'),
  },
  (table) => [index('session_user').on(table.userId)],
)

/** Every refresh token ever given in a session, so that a second use of an old one is noticed. */
export const refreshTokens = pgTable(
  'refresh_token',
  {
    /** SHA-256 of the token: a stolen dump signs nobody in. */
    hash: bytea('hash').primaryKey(),
    sessionId: int8('session_id')
      .notNull()
      .references(() => sessions.id),
    issuedAt: moment('issued_at').notNull().default(sql`now()`),
    usedAt: moment('used_at'),
  },
  (table) => [index('refresh_token_session').on(table.sessionId)],
)
