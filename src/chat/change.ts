import { NotFound } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { loadChat } from './domain.ts'
import type { Chat } from './domain.ts'

/** Changes a chat of the viewer's, in one transaction under the lock of its stream. @throws {NotFound} */
export async function changeChat<T>(ctx: Ctx, chatId: number, change: (tx: Ctx, chat: Chat, stream: StreamHead) => Promise<T>): Promise<T> {
  const missing = () => new NotFound('No such chat.', ['chatId'])
  // Before the lock: nobody may hold up a chat that is not theirs.
  if ((await loadChat(ctx, chatId)) === null) throw missing()
  return withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [chatId])).get(chatId)
    // Again: whoever was removed while we waited for the lock may not change anything any more.
    tx.loaders.clear()
    const chat = await loadChat(tx, chatId)
    if (stream === undefined || chat === null) throw missing()
    const result = await change(tx, chat, stream)
    tx.loaders.clear()
    return result
  })
}

/** Goes on where a policy has no objection. */
export function allow(refusal: AppError | null): void {
  if (refusal !== null) throw refusal
}
