import { BadUserInput, NotFound } from '../base/errors.ts'
import { LatestQueue, flatMap } from '../base/latest.ts'
import { Loaders, groupBy } from '../base/loaders.ts'
import { chatIsClosed } from '../chat/policy.ts'
import { loadChat } from '../chat/domain.ts'
import type { Ctx } from '../ctx.ts'
import { loadUser } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { presenceOf } from './domain.ts'
import { newsOf } from './policy.ts'
import type { PresenceView } from './policy.ts'
import { findAudiences } from './store.ts'
import type { TypingChange } from './typing.ts'

export type { TypingChange }

/** Somebody's presence, as it is now. */
export interface PresenceChange {
  user: User
  presence: PresenceView
}

/**
 * The presence of those of these users whom the viewer may know of: first as it is, then each change, none twice. Who may know is asked at each
 * change, so that nothing more comes of somebody with whom the last chat is left, or between whom and the viewer a block stands.
 * @throws {BadUserInput} for more than 100.
 */
export async function watchPresence(ctx: Ctx, userIds: readonly number[]): Promise<AsyncIterableIterator<PresenceChange>> {
  if (userIds.length > 100) throw new BadUserInput(`\`userIds\` must be at most 100, it has ${userIds.length}.`)
  const wanted = new Set(userIds)
  // Listen before reading, so that no change falls between the two.
  const queue = new LatestQueue<number | 'first', readonly number[]>(() => {
    unsubscribe()
  })
  const unsubscribe = await ctx.bus.subscribe('presence', ({ userId }) => {
    if (wanted.has(userId)) queue.put(userId, [userId])
  })
  queue.put('first', [...wanted])
  const told = new Map<number, string>()
  const isNews = ({ user, presence }: PresenceChange) => {
    const news = newsOf(presence)
    const known = told.get(user.id)
    told.set(user.id, news)
    return news !== known
  }
  return flatMap(queue, async (ids) => (await Promise.all(ids.map((id) => presenceNow(ctx, id)))).filter((change) => change !== null).filter(isNews))
}

/** A user and what the viewer may know of their presence; null where that is nothing. */
async function presenceNow(ctx: Ctx, userId: number): Promise<PresenceChange | null> {
  const together = { ...ctx, loaders: sharedLoaders(ctx) }
  const user = await loadUser(together, userId)
  const presence = user === null ? null : await presenceOf(together, user)
  return user === null || presence === null ? null : { user, presence }
}

/** By presence table, so that two servers in one process do not answer for each other. */
const shared = new WeakMap<Ctx['presence'], Loaders>()

/** What all who hear of a change need is read once for all of them. */
function sharedLoaders(ctx: Ctx): Loaders {
  const loaders = shared.get(ctx.presence) ?? new Loaders({ remembers: false })
  shared.set(ctx.presence, loaders)
  return loaders
}

/** Tells the other members that the viewer types in this chat, or stopped. */
export async function setTyping(ctx: Ctx, chatId: number, typing: boolean): Promise<void> {
  const chat = await loadChat(ctx, chatId)
  if (chat === null) throw new NotFound('No such chat.', ['chatId'])
  if (chat.stream.closed) throw chatIsClosed(['chatId'])
  ctx.typing.set(chatId, viewerOf(ctx).userId, typing)
}

/**
 * Who types, in this chat or in any of the viewer's, the viewer left out. Who may know is asked at each change, so that who has left, or stands
 * behind a block, hears of nobody more but the end of what they were told; one statement answers for all who listen on this server.
 */
export async function watchTyping(ctx: Ctx, chatId: number | null): Promise<AsyncIterableIterator<TypingChange> | null> {
  if (chatId !== null && (await loadChat(ctx, chatId)) === null) return null
  const viewerId = viewerOf(ctx).userId
  const queue = new LatestQueue<string, TypingChange>(() => {
    unlisten()
  })
  /** Of whom the viewer was told that they type, and what is being looked up: an answer that comes late must not bring back what is over. */
  const told = new Set<string>()
  const newest = new Map<string, TypingChange>()
  const unlisten = ctx.typing.listen((change) => {
    if (change.userId === viewerId || (chatId !== null && change.chatId !== chatId)) return
    const key = `${change.chatId}:${change.userId}`
    newest.set(key, change)
    void mayHear(ctx, change).then((may) => {
      if (newest.get(key) !== change) return
      newest.delete(key)
      if (may || (told.has(key) && !change.typing)) queue.put(key, change)
      if (may && change.typing) told.add(key)
      else told.delete(key)
    })
  })
  return queue
}

async function mayHear(ctx: Ctx, change: TypingChange): Promise<boolean> {
  try {
    return (await audienceOf(ctx, change)).has(viewerOf(ctx).userId)
  } catch (error) {
    ctx.log.warn({ err: error }, 'Who may see the typing could not be read; it is left out.')
    return false
  }
}

/** Who may know that somebody types. */
function audienceOf(ctx: Ctx, { chatId, userId }: TypingChange): Promise<ReadonlySet<number>> {
  return sharedLoaders(ctx)
    .get<readonly [number, number], ReadonlySet<number>>(
      'typingAudience',
      async (typists) => {
        const found = groupBy(await findAudiences(ctx.db, typists), (row) => `${row.chatId},${row.typistId}`)
        return typists.map((typist) => new Set((found.get(String(typist)) ?? []).map((row) => row.memberId)))
      },
      String,
    )
    .load([chatId, userId])
}
