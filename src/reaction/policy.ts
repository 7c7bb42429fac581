import { NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { Message } from '../message/domain.ts'
import { mayWrite } from '../message/policy.ts'

/** Why nobody who reads this message may react to it; null: go ahead. */
export function mayReact(closed: boolean, message: Message): AppError | null {
  return mayWrite(closed) ?? (message.deletedAt === null ? null : new NotAllowed('A deleted message takes no reactions.', ['messageId']))
}
