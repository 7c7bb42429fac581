import { NotFound } from '../base/errors.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat } from '../chat/domain.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import type { NewEvent } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { loadMessage, visibleMessage } from './domain.ts'
import type { Message, MessageKey } from './domain.ts'

/** A message and its chat as they are under the chat's lock. */
export interface Locked {
  message: Message
  chat: Chat
  /** Nobody may write in this chat any more. */
  closed: boolean
  /** Appends the event of the change, by the viewer about this message; answers its number. */
  nextSeq(event: Pick<NewEvent, 'kind' | 'rev'>): Promise<number>
}

/**
 * Changes one message that the viewer reads, under its chat's lock; answers it as it is after. A change that appends no event has changed nothing.
 * @throws {NotFound} at messageId
 */
export async function changeMessage(ctx: Ctx, key: MessageKey, change: (tx: Ctx, locked: Locked) => Promise<void>): Promise<Message> {
  const viewer = viewerOf(ctx)
  const missing = () => new NotFound('No such message.', ['messageId'])
  // Before the lock: nobody may hold up a chat that is not theirs.
  if ((await visibleMessage(ctx, key)) === null) throw missing()
  await withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [key[0]])).get(key[0])
    // Again: whoever was removed while we waited for the lock may not write any more.
    const message = await visibleMessage(tx, key)
    const chat = await loadChat(tx, key[0])
    if (stream === undefined || message === null || chat === null) throw missing()
    await change(tx, { message, chat, closed: stream.closed, nextSeq: (event) => appendOne(tx, stream, { ...event, actorId: viewer.userId, refId: key[1] }) })
    // Part of a larger transaction, it may be followed by another change of the same message.
    tx.loaders.clear()
  })
  const message = await loadMessage(ctx, key)
  if (message === null) throw new Error('a message is never removed')
  return message
}
