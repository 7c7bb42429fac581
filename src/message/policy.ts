import { Conflict, NotAllowed, ReplyWindowClosed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { Chat } from '../chat/domain.ts'
import { chatIsClosed } from '../chat/policy.ts'
import type { Viewer } from '../ctx.ts'
import { OUTSIDE_STATUSES } from './domain.ts'
import type { MessageRow } from './store.ts'

/** So many messages of a chat can be pinned at once. */
const MAX_PINS = 50
const FAILED = OUTSIDE_STATUSES.indexOf('FAILED')

/** Why nobody may edit, react or pin in a chat; null: it is open. What was said may still be deleted. */
export function mayWrite(closed: boolean): AppError | null {
  return closed ? chatIsClosed(['messageId']) : null
}

/** Why what went to a person outside may not be taken back or changed by the viewer; null: it did not. They themselves may do so with what they sent. */
function wentOutside(viewer: Viewer, { stream }: Chat): AppError | null {
  if (stream.outsideId === null || stream.outsideId === viewer.userId) return null
  return new NotAllowed('WhatsApp does not let a business change or delete what it has sent.', ['messageId'])
}

/** Why the viewer may not write to the person outside now, except by a template; null: it is open, or nobody is outside. */
export function mayWriteOutside(viewer: Viewer, { stream }: Chat, path: readonly string[]): AppError | null {
  if (stream.outsideId === null || stream.outsideId === viewer.userId) return null
  return stream.writableUntil !== null && stream.writableUntil > new Date() ? null : new ReplyWindowClosed(path, stream.writableUntil)
}

/** Why the viewer, who reads this message, may not edit it; null: go ahead. */
export function mayEdit(viewer: Viewer, chat: Chat, message: MessageRow, expectedRevision: number | null): AppError | null {
  if (message.senderId !== viewer.userId) return new NotAllowed('Only its sender may edit a message.', ['messageId'])
  if (message.deletedAt !== null) return new NotAllowed('A deleted message cannot be edited.', ['messageId'])
  const outside = wentOutside(viewer, chat)
  if (outside !== null) return outside
  if (expectedRevision !== null && expectedRevision !== message.revision) {
    return new Conflict(`The message is at revision ${message.revision} now.`, ['expectedRevision'])
  }
  return null
}

/** Why the viewer, who reads this message, may not delete it; null: go ahead. */
export function mayDelete(viewer: Viewer, readable: Chat, message: MessageRow): AppError | null {
  const { chat, member } = readable
  // What never got there may go.
  if (message.senderId === viewer.userId && message.status !== null && message.status !== FAILED) return wentOutside(viewer, readable)
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
