import { Conflict, NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { Viewer } from '../ctx.ts'
import type { MessageRow } from './store.ts'

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
export function mayDelete(viewer: Viewer, message: MessageRow): AppError | null {
  if (message.senderId !== viewer.userId) return new NotAllowed('Only its sender may delete a message.', ['messageId'])
  return null
}
