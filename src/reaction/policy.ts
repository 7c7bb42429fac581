import { NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { Chat } from '../chat/domain.ts'
import type { Viewer } from '../ctx.ts'
import type { Message } from '../message/domain.ts'
import { mayWrite, mayWriteOutside } from '../message/policy.ts'

/** Why nobody who reads this message may react to it; null: go ahead. */
export function mayReact(viewer: Viewer, chat: Chat, closed: boolean, message: Message): AppError | null {
  return mayWrite(closed) ?? mayWriteOutside(viewer, chat, ['messageId']) ?? (message.deletedAt === null ? null : new NotAllowed('A deleted message takes no reactions.', ['messageId']))
}
