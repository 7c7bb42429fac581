import { NotFound } from '../base/errors.ts'
import { inOrderOf } from '../base/loaders.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat } from '../chat/domain.ts'
import { listReceipts, marksBut, moveMark, othersMark } from '../chat/marks.ts'
import type { Receipt } from '../chat/marks.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { OUTSIDE_STATUSES, visibleMessage } from './domain.ts'
import type { Message, MessageKey } from './domain.ts'
import { findOutsideMarks } from './outside-store.ts'
import type { OutsideMarks } from './outside-store.ts'

export type { Receipt }

/** Moves the viewer's read mark up to this message; it never goes back. */
export function markRead(ctx: Ctx, key: MessageKey): Promise<Chat> {
  return mark(ctx, key, true)
}

/** Tells that this message, and all before it, have reached a device of the viewer's. */
export function markDelivered(ctx: Ctx, key: MessageKey): Promise<Chat> {
  return mark(ctx, key, false)
}

async function mark(ctx: Ctx, key: MessageKey, read: boolean): Promise<Chat> {
  const missing = () => new NotFound('No such message.', ['messageId'])
  if ((await visibleMessage(ctx, key)) === null) throw missing()
  await moveMark(ctx, key[0], { upTo: key[1], read })
  const chat = await loadChat(ctx, key[0])
  if (chat === null) throw missing()
  return chat
}

/** How far a message has come: as the channel to the outside tells, else by the least of the marks of all members but its sender. */
export async function statusOf(ctx: Ctx, message: Message): Promise<(typeof OUTSIDE_STATUSES)[number]> {
  if (message.status !== null) return OUTSIDE_STATUSES[message.status] ?? 'SENDING'
  const { deliveredUpTo, readUpTo } = await marksBut(ctx, message.chatId, message.senderId)
  if (message.number <= readUpTo) return 'READ'
  return message.number <= deliveredUpTo ? 'DELIVERED' : 'SENT'
}

/** Who has the viewer's own message, and who read it; null of anybody else's, and in a chat that the viewer has left. */
export async function receiptsOf(ctx: Ctx, message: Message, request: PageRequest<number>): Promise<Page<Receipt, number> | null> {
  const senderId = viewerOf(ctx).userId
  if (message.senderId !== senderId || (await visibleMessage(ctx, [message.chatId, message.number])) === null) return null
  return listReceipts(ctx, { chatId: message.chatId, number: message.number, senderId }, request)
}

/** Up to which message the others have, or have read, a chat; with a person outside the newest of ours that they have, or have read. */
export async function othersUpTo(ctx: Ctx, chat: Chat, mark: 'deliveredUpTo' | 'readUpTo'): Promise<number> {
  const { outsideId } = chat.stream
  if (outsideId === null) return othersMark(ctx, chat, mark)
  const found = await ctx.loaders
    .get<number, OutsideMarks | null>('outsideMarks', async (ids) => inOrderOf(ids, await findOutsideMarks(ctx.db, ids), (row) => row.chatId))
    .load(chat.chat.id)
  return found?.[mark] ?? 0
}
