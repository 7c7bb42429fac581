import { BadUserInput, NotFound } from '../base/errors.ts'
import { LatestQueue } from '../base/latest.ts'
import type { Ctx } from '../ctx.ts'
import { loadChat, memberIds } from '../chat/domain.ts'
import { contactsAmong, isContact, loadUser } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import type { TypingChange } from './typing.ts'

export type { TypingChange }

/** How a user's presence looks to a contact. */
export interface PresenceView {
  state: 'ONLINE' | 'OFFLINE'
  lastSeenAt: Date | null
}

/** A user's presence; null where the viewer shares no chat with them. */
export async function presenceOf(ctx: Ctx, user: User): Promise<PresenceView | null> {
  if (user.deletedAt !== null || !(await isContact(ctx, user.id))) return null
  const online = await ctx.loaders
    .get<number, boolean>('online', async (ids) => {
      const online = await ctx.presence.online(ids)
      return ids.map((id) => online.has(id))
    })
    .load(user.id)
  return { state: online ? 'ONLINE' : 'OFFLINE', lastSeenAt: user.lastSeenAt }
}

/**
 * The ids of users whose presence is to be shown: first each of these who shares a chat with the viewer, then whoever of them changed.
 * @throws {BadUserInput} for more than 100.
 */
export async function watchPresence(ctx: Ctx, userIds: readonly number[]): Promise<AsyncIterableIterator<number>> {
  if (userIds.length > 100) throw new BadUserInput(`\`userIds\` must be at most 100, it has ${userIds.length}.`)
  const wanted = new Set(userIds)
  // Listen before reading, so that no change falls between the two.
  const queue = new LatestQueue<number, number>(() => {
    unsubscribe()
  })
  const unsubscribe = await ctx.bus.subscribe('presence', ({ userId }) => {
    if (wanted.has(userId)) queue.put(userId, userId)
  })
  try {
    for (const userId of await contactsAmong(ctx, [...wanted])) queue.put(userId, userId)
  } catch (error) {
    await queue.return()
    throw error
  }
  return queue
}

/** Tells the other members that the viewer types in this chat, or stopped. */
export async function setTyping(ctx: Ctx, chatId: number, typing: boolean): Promise<void> {
  if ((await loadChat(ctx, chatId)) === null) throw new NotFound('No such chat.', ['chatId'])
  ctx.typing.set(chatId, viewerOf(ctx).userId, typing)
}

/**
 * Who types, in this chat or in any of the viewer's, the viewer left out. Membership is asked at each change, so that who has left hears
 * nothing more; one statement answers for all who listen on this server.
 */
export async function watchTyping(ctx: Ctx, chatId: number | null): Promise<AsyncIterableIterator<TypingChange> | null> {
  if (chatId !== null && (await loadChat(ctx, chatId)) === null) return null
  const viewerId = viewerOf(ctx).userId
  const queue = new LatestQueue<string, TypingChange>(() => {
    unlisten()
  })
  const unlisten = ctx.typing.listen((change) => {
    if (change.userId === viewerId || (chatId !== null && change.chatId !== chatId)) return
    membersNow(ctx, change.chatId).then(
      (ids) => {
        if (ids.has(viewerId)) queue.put(`${change.chatId}:${change.userId}`, change)
      },
      (error: unknown) => {
        ctx.log.warn({ err: error }, 'Who may see the typing could not be read; it is left out.')
      },
    )
  })
  return queue
}

/** By typing table, so that two servers in one process do not answer for each other. */
const askedOn = new WeakMap<Ctx['typing'], Map<number, Promise<ReadonlySet<number>>>>()

/** The members of a chat, read once for all who ask in this turn. */
function membersNow(ctx: Pick<Ctx, 'db' | 'typing'>, chatId: number): Promise<ReadonlySet<number>> {
  const asked = askedOn.get(ctx.typing) ?? new Map<number, Promise<ReadonlySet<number>>>()
  askedOn.set(ctx.typing, asked)
  const known = asked.get(chatId)
  if (known !== undefined) return known
  const answer = memberIds(ctx, chatId).then((ids) => new Set(ids))
  asked.set(chatId, answer)
  setImmediate(() => asked.delete(chatId))
  return answer
}

/** Re-reads a user for a presence that changed; null where the viewer shares no chat with them any more. */
export async function presenceChange(ctx: Ctx, userId: number): Promise<{ user: User; presence: PresenceView } | null> {
  const user = await loadUser(ctx, userId)
  const presence = user === null ? null : await presenceOf(ctx, user)
  return user === null || presence === null ? null : { user, presence }
}
