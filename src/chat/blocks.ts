import { InvalidInput, NotFound } from '../base/errors.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { blocksWith, writeBlock } from '../user/blocks.ts'
import { loadUser } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { directChatIdWith } from './domain.ts'
import { setClosed } from './store.ts'

/** From now on the viewer wants nothing to do with this user: no direct chat, no presence, no typing. Doing it again changes nothing. */
export function blockUser(ctx: Ctx, userId: number): Promise<User> {
  return setBlock(ctx, userId, true)
}

/** Takes a block back; where there is none it changes nothing. */
export function unblockUser(ctx: Ctx, userId: number): Promise<User> {
  return setBlock(ctx, userId, false)
}

async function setBlock(ctx: Ctx, userId: number, blocked: boolean): Promise<User> {
  if (userId === viewerOf(ctx).userId) throw new InvalidInput('userId must be another person.', ['userId'])
  const user = await loadUser(ctx, userId)
  if (user === null || (blocked && user.deletedAt !== null)) throw new NotFound('No such user.', ['userId'])
  const attempt = () => withTransaction(ctx, (tx) => trySetBlock(tx, userId, blocked))
  let outcome = await attempt()
  // The direct chat was made meanwhile, and its stream is to be locked first. It is never removed, so this comes to an end.
  while (outcome === 'CHAT_CAME') outcome = await attempt()
  // The two see each other again. (After a block there is nothing to tell: neither hears of the other any more.)
  if (outcome === 'CHANGED' && !blocked) for (const id of [userId, viewerOf(ctx).userId]) ctx.bus.publish('presence', { userId: id })
  return user
}

/** Under the lock of the direct chat, if there is one, so that nothing is sent beside it. */
async function trySetBlock(tx: Ctx, userId: number, blocked: boolean): Promise<'CHANGED' | 'SAME' | 'CHAT_CAME'> {
  const viewer = viewerOf(tx)
  const chatId = await directChatIdWith(tx, userId)
  if (chatId !== null) await lockStreams(tx, [chatId])
  const own = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
  if (own === undefined) throw new Error('a viewer always has a stream')
  if ((await directChatIdWith(tx, userId)) !== chatId) return 'CHAT_CAME'
  if (!(await writeBlock(tx, userId, blocked))) return 'SAME'
  if (chatId !== null) await setClosed(tx.db, chatId, blocked || (await staysClosed(tx, userId)))
  await appendOne(tx, own, { kind: EventKind.BLOCKS_CHANGED, actorId: viewer.userId, refId: userId })
  return 'CHANGED'
}

/** Whether a direct chat stays closed though the viewer has taken the block back: the other still blocks, or is gone. */
async function staysClosed(tx: Ctx, userId: number): Promise<boolean> {
  return (await blocksWith(tx, userId)).ofViewer || (await loadUser(tx, userId))?.deletedAt != null
}
