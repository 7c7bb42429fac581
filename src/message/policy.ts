import { Conflict, NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { Chat } from '../chat/domain.ts'
import { chatIsClosed } from '../chat/policy.ts'
import type { Viewer } from '../ctx.ts'
import type { MessageRow } from './store.ts'

/** So many messages of a chat can be pinned at once. */
const MAX_PINS = 50

/** Why nobody may edit, react or pin in a chat; null: it is open. What was said may still be deleted. */
export function mayWrite(closed: boolean): AppError | null {
  return closed ? chatIsClosed(['messageId']) : null
}

/** Why the viewer, who reads this message, may not edit it; null: go ahead. */
export function mayEdit(viewer: Viewer, message: MessageRow, expectedRevision: number | null): AppError | null {
  if (message.senderId !== viewer.userId) return new NotAllowed('Only its sender may edit a message.', ['messageId'])
  if (message.deletedAt !== null) return new NotAllowed('A deleted message cannot be edited.', ['messageId'])
  if (expectedRevision !== null && expectedRevision !== message.revision) {
    return new Conflict(`The message is at revision ${message.revision} now.`, ['expectedRevision'])
  }
  return null
}

/** Why the viewer, who reads this message, may not delete it; null: go ahead. */
export function mayDelete(viewer: Viewer, { chat, member }: Chat, message: MessageRow): AppError | null {
  if (message.senderId === viewer.userId || (chat.kind === 'GROUP' && member.role !== 'MEMBER')) return null
  const who = chat.kind === 'GROUP' ? 'Only its sender, or an owner or admin of the group,' : 'Only its sender'
  return new NotAllowed(`${who} may delete a message.`, ['messageId'])
}

/** Why the viewer may not change what is pinned in this chat; null: go ahead. */
export function mayUnpin({ chat, member }: Chat): AppError | null {
  if (chat.kind !== 'GROUP' || member.role !== 'MEMBER') return null
  return new NotAllowed('Only an owner or admin of the group may pin messages.', ['messageId'])
}

/** Why the viewer, who reads this message, may not pin it; null: go ahead. */
export function mayPin(chat: Chat, message: MessageRow): AppError | null {
  return mayUnpin(chat) ?? (message.deletedAt === null ? null : new NotAllowed('A deleted message cannot be pinned.', ['messageId']))
}

/** Why no further message can be pinned where there are so many already; null: there is room. */
export function pinFits(pinned: number): AppError | null {
  return pinned < MAX_PINS ? null : new NotAllowed(`At most ${MAX_PINS} messages of a chat can be pinned.`, ['messageId'])
}
