import { randomUUID } from 'node:crypto'
import { globalId } from '../support/refusal.ts'
import type { MutationName } from '../support/refusal.ts'
import type { Operation } from './operations.ts'

/** What an operation speaks of, as the API calls it. */
interface Names {
  /** Null: a direct chat that is not there yet, or no chat at all. */
  chatId: string | null
  /** The code by which people join the group. */
  code: string | null
  /** Whom it is about; in a direct chat the other one. */
  userId: string
  text: string
}

/** The mutation that an operation is. `number` is the message that it is about, or that it makes. */
export function requestOf(op: Exclude<Operation, { do: 'resume' | 'compare' }>, number: number | null, { chatId, code, userId, text }: Names): [MutationName, object] {
  const messageId = chatId === null || number === null ? null : messageIdOf(chatId, number)
  switch (op.do) {
    case 'send': {
      const to = chatId === null ? { recipientId: userId } : { chatId }
      const answers = op.answer === null || chatId === null || number === null || number === 1 ? {} : { replyToId: messageIdOf(chatId, Math.max(1, number - 1 - op.answer)) }
      return ['sendMessage', { ...to, ...answers, clientId: randomUUID(), text }]
    }
    case 'edit':
      return ['editMessage', { messageId, text }]
    case 'react':
    case 'unreact':
      return [op.do === 'react' ? 'addReaction' : 'removeReaction', { messageId, emoji: op.emoji }]
    case 'delete':
      return ['deleteMessage', { messageId }]
    case 'read':
      return ['markRead', { messageId }]
    case 'delivered':
      return ['markDelivered', { messageId }]
    case 'pin':
      return ['pinMessage', { messageId }]
    case 'unpin':
      return ['unpinMessage', { messageId }]
    case 'leave':
      return ['leaveChat', { chatId }]
    case 'join':
      return ['joinChat', { code }]
    case 'hide':
      return ['deleteChat', { chatId }]
    case 'show':
      return ['createDirectChat', { userId }]
    case 'title':
      return ['updateChat', { chatId, title: text }]
    case 'add':
      return ['addMembers', { chatId, userIds: [userId] }]
    case 'remove':
      return ['removeMember', { chatId, userId }]
    case 'owner':
    case 'admin':
    case 'member':
      return ['setMemberRole', { chatId, userId, role: op.do.toUpperCase() }]
    case 'archive':
    case 'unarchive':
      return ['updateChatSettings', { chatId, archived: op.do === 'archive', pinned: op.do === 'archive' }]
    case 'block':
      return ['blockUser', { userId }]
    case 'unblock':
      return ['unblockUser', { userId }]
    case 'rename':
      return ['updateProfile', { displayName: text }]
  }
}

/** The numbers in a global ID. */
export function keysOf(id: string): number[] {
  return Buffer.from(id, 'base64url').toString().split(':').slice(1).map(Number)
}

function messageIdOf(chatId: string, number: number): string {
  return globalId('Message', keysOf(chatId)[0] ?? 0, number)
}
