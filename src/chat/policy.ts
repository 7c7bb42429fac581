import { NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { ChatRow, MemberRow } from './store.ts'

type Kind = Pick<ChatRow, 'kind'>
type Member = Pick<MemberRow, 'userId' | 'role'>

function mustBeGroup(chat: Kind): AppError | null {
  return chat.kind === 'GROUP' ? null : new NotAllowed('This is possible in a group only.', ['chatId'])
}

/** Why nobody writes in a direct chat whose stream is closed. */
export const chatIsClosed = (path: readonly string[]) => new NotAllowed('Nobody can write in this chat: one of you has blocked the other, or is gone.', path)

/** Why this member may not manage a group: its members, name and invite; null: go ahead. */
export function mayManage(chat: Kind, viewer: Member): AppError | null {
  return mustBeGroup(chat) ?? (viewer.role === 'MEMBER' ? new NotAllowed('Only owners and admins may do this.', ['chatId']) : null)
}

/** Why somebody who manages the group may not remove this member; null: go ahead. */
export function mayRemove(viewer: Member, member: Member): AppError | null {
  if (viewer.userId === member.userId) return new NotAllowed('Nobody removes themselves: leave the chat instead.', ['userId'])
  if (viewer.role !== 'OWNER' && member.role !== 'MEMBER') return new NotAllowed('Only an owner may remove owners and admins.', ['userId'])
  return null
}

/** Why this member may not say what others may do; null: go ahead. */
export function mayGiveRoles(chat: Kind, viewer: Member): AppError | null {
  return mustBeGroup(chat) ?? (viewer.role === 'OWNER' ? null : new NotAllowed('Only an owner may give roles.', ['chatId']))
}

/** Why an owner may not step back, seeing who else is one; null: go ahead. */
export function mayStepBack(otherOwners: number): AppError | null {
  return otherOwners > 0 ? null : new NotAllowed('A group needs an owner: make somebody else one first.', ['role'])
}

/** Why nobody may leave this chat; null: go ahead. */
export function mayLeave(chat: Kind): AppError | null {
  return chat.kind === 'DIRECT' ? new NotAllowed('A direct chat cannot be left: delete it instead.', ['chatId']) : mustBeGroup(chat)
}

/** Why this member may not end the chat for all; null: go ahead. */
export function mayEnd(chat: Kind, viewer: Member): AppError | null {
  return mustBeGroup(chat) ?? (viewer.role === 'OWNER' ? null : new NotAllowed('Only an owner may end a group for all.', ['chatId']))
}
