import { checkPassword, hasPassword } from '../auth/change-password.ts'
import { leaveForGood } from '../chat/members.ts'
import { publishHints, withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { dropOfOwner, dropOfSender } from '../upload/domain.ts'
import { viewerOf } from '../viewer.ts'
import { closeDirectChat, deleteKeys, deleteLeaving, deleteMentionsOf, emptyProfile, eraseMessages, hasWritten, insertLeavings, takeBackReactions, takeLeaving } from './store.ts'
import type { Leaving } from './store.ts'

/**
 * Deletes the viewer's account: the profile, the sessions and the password are gone with the answer; the chats follow one by one in the
 * background. With `erase` what the viewer wrote is emptied there too. An account without a password of its own needs none.
 */
export async function deleteAccount(ctx: Ctx, input: { password: string; erase: boolean }): Promise<number> {
  const { userId } = viewerOf(ctx)
  if (await hasPassword(ctx)) await checkPassword(ctx, input.password, 'password')
  await withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [userId])).get(userId)
    if (stream === undefined) throw new Error('a viewer always has a stream')
    await insertLeavings(tx.db, userId, input.erase)
    await deleteKeys(tx.db, userId)
    await emptyProfile(tx.db, userId)
    await dropOfOwner(tx, userId)
    await appendOne(tx, stream, { kind: EventKind.SESSION_ENDED, actorId: userId })
  })
  ctx.bus.publish('leavings', null)
  return userId
}

/** Takes a deleted account out of the next of its chats; false where none is left. */
export function leaveNextChat(ctx: Ctx): Promise<boolean> {
  return withTransaction(ctx, async (tx) => {
    const leaving = await takeLeaving(tx.db)
    if (leaving === null) return false
    await leaveChat(tx, leaving)
    await deleteLeaving(tx.db, leaving)
    return true
  })
}

async function leaveChat(ctx: Ctx, { userId, chatId, erase }: Leaving): Promise<void> {
  // Whoever left has no session any more, and yet it is they who go.
  const tx: Ctx = { ...ctx, viewer: { userId, sessionId: null, roles: [], expiresAt: null } }
  const stream = (await lockStreams(tx, [chatId])).get(chatId)
  if (stream === undefined) throw new Error('a chat always has a stream')
  if (erase && (await hasWritten(tx.db, chatId, userId))) {
    const seq = await appendOne(tx, stream, { kind: EventKind.MESSAGES_ERASED, actorId: userId, refId: userId, rev: stream.messageNo })
    await eraseMessages(tx.db, chatId, userId, seq)
    await dropOfSender(tx, chatId, userId)
  }
  stream.headSeq += await takeBackReactions(tx.db, chatId, userId, { headSeq: stream.headSeq, kind: EventKind.MESSAGE_REACTED })
  publishHints(tx, [[chatId, stream.headSeq]])
  await deleteMentionsOf(tx.db, chatId, userId)
  await leaveForGood(tx, stream)
  await closeDirectChat(tx.db, chatId)
}
