import type { Incoming } from './blob/incoming.ts'
import type { Blobs } from './blob/index.ts'
import type { Bus, Hint } from './bus/index.ts'
import type { GivenUp } from './base/given-up.ts'
import type { HostTokens } from './base/host-tokens.ts'
import type { Logger } from './base/log.ts'
import type { Meters } from './base/meters.ts'
import type { RateLimiter } from './base/ratelimit.ts'
import type { Secrets } from './base/secrets.ts'
import type { Database, Db } from './db/index.ts'
import type { Sends } from './db/sends.ts'
import { Loaders } from './base/loaders.ts'
import type { MaybePromise } from './base/loaders.ts'
import type { Presence } from './presence/index.ts'
import type { Typing } from './presence/typing.ts'

/** Who asks. Made from a verified token or key only. */
export interface Viewer {
  userId: number
  /** Null where there is no session here: somebody else has signed the viewer in. */
  sessionId: number | null
  /** Of a live connection they are set anew when they change. */
  roles: readonly ('ADMIN' | 'AGENT')[]
  /** When the right to be connected ends by itself; null: never. */
  expiresAt: Date | null
}

/** Who is at the other end of the wire. */
export interface Client {
  /** The network address, for limits. */
  address: string
  userAgent: string | null
  /** True of the product's own server, which has shown the server key. */
  trusted: boolean
}

/** The settings that domain verbs ask about. */
export interface Settings {
  registrationOpen: boolean
  /** The WhatsApp Business Account whose customers write to us, and the first of our numbers; null: none. */
  whatsapp: { wabaId: string; phoneNumberIds: readonly string[] } | null
  /** True while only this machine can reach the server: then the first account becomes its admin. */
  firstIsAdmin: boolean
  /** How clients reach this server, without a trailing slash: links begin with it. */
  publicUrl: string
  uploads: {
    /** A single file has at most so many bytes. */
    maxBytes: number
    /** What one user may upload in a day (of UTC). */
    perDay: { files: number; bytes: number }
  }
}

/**
 * What an answer that is made once for many viewers takes for granted of them. Nothing of such an answer may depend on who asks; where it
 * would, it says so here, and those for whom it is not true are answered alone.
 */
export interface Shared {
  /** What need not be read again. */
  rows: FreshRows
  /** The viewers are members of this chat and may read it from this message number on. */
  assumeReads(chatId: number, number: number): void
  /** The viewer is somebody else than this user. */
  assumeOther(userId: number): void
  /**
   * A whole number that each viewer has of their own, read for all of them together: what stands here is replaced by it. `load` answers a
   * function that knows it of each of these; null makes that one be answered alone. Within a longer text it may stand for some text, of letters that
   * JSON takes as they are.
   */
  ofEach(load: (viewerIds: readonly number[]) => Promise<(viewerId: number) => number | string | null>): number
  /** Nothing can be taken for granted here: everybody is answered alone. */
  refuse(): never
}

/** Rows that this server has stored or read a moment ago, as long as nothing was heard of that may have changed them. */
export interface FreshRows {
  /** A user's row; where it is not known it is read, and known then. */
  user<T>(id: number, read: () => MaybePromise<T>): MaybePromise<T>
  /** A message's row; undefined where it is not known. */
  message<T>(chatId: number, number: number): T | undefined
}

/** Access tokens that were found good a moment ago, so that not every request costs a look. */
export interface KnownTokens {
  /** Whom a token speaks for; null where that is not known, or may have changed since. */
  find(token: string): Viewer | null
  /** Looks whether the right of this viewer, read from this token, goes on, and remembers the answer: with present roles, or null. */
  learn(token: string, viewer: Viewer, currentRoles: () => Promise<Viewer['roles'] | null>): Promise<Viewer | null>
}

/** What every domain verb gets: who asks, and the ports to the world. */
export interface Ctx {
  viewer: Viewer | null
  client: Client
  settings: Settings
  secrets: Secrets
  /** Null where nobody signs in by the host product. */
  hostTokens: HostTokens | null
  knownTokens: KnownTokens
  /** The database, or the transaction that this call is part of. */
  db: Db
  sql: Database['sql']
  /** Outside of a transaction messages are stored by this, many at once. */
  sends: Sends
  /** Files that are there whole, and files that are on their way. */
  blobs: Blobs
  incoming: Incoming
  bus: Bus
  presence: Presence
  typing: Typing
  limits: RateLimiter
  /** What is counted for those who look after the server. */
  meters: Meters
  /** Batches and remembers reads within one request, or one batch of events. */
  loaders: Loaders
  /** Tells when nobody waits for this any more, for statements that may take long; none where somebody always does. */
  givenUp?: GivenUp
  log: Logger
  /** Set where one answer is made for many viewers; `viewer` must not be asked for then. */
  shared?: Shared
  /** Set within a transaction: what to do once it has committed. */
  afterCommit?: { hints: Hint[] }
}

/** What every request shares: all that is there before somebody asks. */
export type Ports = Omit<Ctx, 'viewer' | 'client' | 'loaders' | 'givenUp' | 'shared' | 'afterCommit'>

/**
 * Runs `work` in one transaction, READ COMMITTED; inside another one it joins that. Hints given meanwhile are published after the commit
 * and dropped with an abort; the caller's loaders forget what they knew. Lock order: chat streams ascending, then user streams ascending, before any other row.
 */
export async function withTransaction<T>(ctx: Ctx, work: (tx: Ctx) => Promise<T>): Promise<T> {
  if (ctx.afterCommit !== undefined) return work(ctx)
  const afterCommit = { hints: [] as Hint[] }
  // Loaders of its own: what a transaction reads is true within it, and what was read before may be so no more.
  const result = await ctx.db.transaction((db) => work({ ...ctx, db, loaders: new Loaders(), afterCommit }))
  ctx.loaders.clear()
  publishHints(ctx, afterCommit.hints)
  return result
}

/** Tells all servers that these streams moved: now, or after the commit within a transaction. Not awaited by anyone. */
export function publishHints(ctx: Pick<Ctx, 'bus' | 'afterCommit'>, hints: readonly Hint[]): void {
  if (hints.length === 0) return
  if (ctx.afterCommit === undefined) ctx.bus.publish('hints', hints)
  else ctx.afterCommit.hints.push(...hints)
}
