import type { Ctx } from '../ctx.ts'
import { memberIds } from '../chat/domain.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { listVisible, setAvailability } from '../user/availability.ts'
import type { AvailabilityInput } from '../user/availability.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import type { Connected } from './index.ts'
import { ownPresence, presenceForOthers } from './policy.ts'
import type { PresenceView } from './policy.ts'
import { findAcquainted } from './store.ts'

export type { PresenceView }

/** A user's presence; null for those who share no chat with them, and where a block stands between the two. */
export async function presenceOf(ctx: Ctx, user: User): Promise<PresenceView | null> {
  if (user.deletedAt !== null) return null
  if (user.id === viewerOf(ctx).userId) return ownPresence(user, await connected(ctx, user.id))
  return (await mayKnow(ctx, user.id)) ? presenceForOthers(user, await connected(ctx, user.id)) : null
}

function connected(ctx: Ctx, userId: number): Promise<Connected | undefined> {
  return ctx.loaders
    .get<number, Connected | undefined>('connected', async (ids) => {
      const states = await ctx.presence.states(ids)
      return ids.map((id) => states.get(id))
    })
    .load(userId)
}

/** Whether the viewer may know of this user's presence. The answers name the viewer: these loaders may be shared by many. */
function mayKnow(ctx: Ctx, userId: number): Promise<boolean> {
  return ctx.loaders
    .get<readonly [number, number], boolean>(
      'acquainted',
      async (pairs) => {
        const found = new Set((await findAcquainted(ctx.db, pairs)).map(String))
        return pairs.map((pair) => found.has(String(pair)))
      },
      String,
    )
    .load([viewerOf(ctx).userId, userId])
}

/** Sets what others see of the viewer, and tells those who listen. A status text that is left out stays; null, or an empty one, clears it. */
export async function setPresence(ctx: Ctx, input: AvailabilityInput): Promise<User> {
  const { userId } = viewerOf(ctx)
  const states = await ctx.presence.states([userId])
  const { user, changed } = await setAvailability(ctx, input, states.get(userId)?.activeAt ?? null)
  if (changed) ctx.bus.publish('presence', { userId })
  return user
}

/** The members of a chat who are there, as the viewer sees it, in the order of their usernames. Chats that ask for the same page share the statements. */
export function listActiveMembers(ctx: Ctx, chatId: number, request: PageRequest<string>): Promise<Page<User, string>> {
  return ctx.loaders
    .get<number, Page<User, string>>(`activeMembers of ${viewerOf(ctx).userId}:${JSON.stringify(request)}`, async (chatIds) => {
      const members = await Promise.all(chatIds.map((id) => memberIds(ctx, id)))
      // Of a large group few are there at once: only they are looked up and put in order.
      const states = await ctx.presence.states([...new Set(members.flat())])
      const pages = await listVisible(ctx, new Map(chatIds.map((id, at) => [id, (members[at] ?? []).filter((userId) => states.has(userId))])), request)
      return chatIds.map((id) => pages.get(id) as Page<User, string>)
    })
    .load(chatId)
}
