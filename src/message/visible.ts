import type { Ctx } from '../ctx.ts'
import { intervalAt, loadChat } from '../chat/domain.ts'
import { EventKind } from '../event/types.ts'
import type { EventRow } from '../event/types.ts'
import { loadMessage } from './domain.ts'
import type { Message } from './domain.ts'

/**
 * The message that an event of its chat names, as the viewer may know it. The hub has decided that the event is theirs; what it speaks of may
 * still be from before their time, or have got its present text after they had left: then it comes without its content.
 */
export async function messageOf(ctx: Ctx, event: EventRow): Promise<Message> {
  const number = event.refId ?? 0
  const message = await loadMessage(ctx, [event.streamId, number])
  if (message === null) throw new Error('a message that an event names is never removed')
  // The usual case costs nothing more: who sees the event that brought a message was there, and nothing has changed since.
  if (event.kind === EventKind.MESSAGE_ADDED && message.seq === event.seq) return message
  if (ctx.shared !== undefined) {
    ctx.shared.assumeReads(event.streamId, number)
    return message
  }
  const chat = await loadChat(ctx, event.streamId)
  if (chat !== null && number >= chat.member.historyFrom) return message
  const interval = await intervalAt(ctx, event.streamId, event.seq)
  if (interval === null || number < interval.historyFrom || (interval.toSeq !== null && message.bodySeq > interval.toSeq)) return withoutContent(message)
  // Reactions and pins of later are nothing to those who have left.
  return interval.toSeq !== null && message.seq > interval.toSeq ? { ...message, reactions: null, pinnedAt: null } : message
}

function withoutContent(message: Message): Message {
  return { ...message, body: null, location: null, mentions: [], reactions: null, replyTo: null, pinnedAt: null, withheld: true }
}
