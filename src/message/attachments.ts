import type { Readable } from 'node:stream'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { loadChat } from '../chat/domain.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { attachmentsOf, loadAttachment, settleAttachment } from '../upload/domain.ts'
import type { Attachment } from '../upload/domain.ts'
import { fileLink } from '../upload/links.ts'
import type { Variant } from '../upload/links.ts'
import { viewerOf } from '../viewer.ts'
import { MESSAGE_KINDS, visibleMessage } from './domain.ts'
import type { Message } from './domain.ts'
import { touchMessage } from './store.ts'

export type { Attachment }

/** Kinds that never have any: what is said of most messages costs nothing. */
const WITHOUT = new Set<number>([MESSAGE_KINDS.indexOf('TEXT'), MESSAGE_KINDS.indexOf('LOCATION'), MESSAGE_KINDS.indexOf('CONTACTS')])

export const mayHaveAttachments = ({ kind }: Pick<Message, 'kind'>) => !WITHOUT.has(kind)

/** The kind of a message with these: theirs, where they are of one kind. */
export function kindOf(attachments: readonly Pick<Attachment, 'kind'>[]): number {
  const kinds = new Set(attachments.map(({ kind }) => kind))
  const [only = 'FILE'] = kinds
  return MESSAGE_KINDS.indexOf(kinds.size === 1 ? only : 'FILE')
}

/** What is attached to a message, in its order; nothing where it is deleted, or came to the viewer without its content. */
export function messageAttachments(ctx: Ctx, message: Message): Attachment[] | Promise<Attachment[]> {
  return !mayHaveAttachments(message) || message.deletedAt !== null || message.withheld === true ? [] : attachmentsOf(ctx, [message.chatId, message.number])
}

/** Whether the viewer may fetch a file just now: by the message or chat that it belongs to, or because it is theirs and not sent yet. */
export async function mayFetch(ctx: Ctx, { chatId, number, avatarOf, ownerId }: Attachment): Promise<boolean> {
  if (chatId !== null && number !== null) {
    const message = await visibleMessage(ctx, [chatId, number])
    return message !== null && message.deletedAt === null
  }
  if (avatarOf === null) return ownerId === viewerOf(ctx).userId
  return avatarOf === ownerId || (await loadChat(ctx, avatarOf)) !== null
}

/** A file that the viewer may see. */
export async function visibleAttachment(ctx: Ctx, id: number): Promise<Attachment | null> {
  const attachment = await loadAttachment(ctx, id)
  return attachment !== null && (await mayFetch(ctx, attachment)) ? attachment : null
}

/** Where the viewer fetches a file; null where they may not (any more), or its bytes are not there. */
export async function linkTo(ctx: Ctx, attachment: Attachment, variant: Variant): Promise<string | null> {
  if (attachment.state !== 'READY' || (variant === 'thumbnail' && attachment.thumbnailSize === null)) return null
  return (await mayFetch(ctx, attachment)) ? fileLink(ctx, attachment.id, variant) : null
}

/**
 * The bytes of a file of a message have come from outside, or will not come (null): all who read the message hear of it. For whoever brings media
 * of other services into a chat: an attachment of a message begins as PENDING.
 */
export async function attachmentCame(ctx: Ctx, attachmentId: number, bytes: Readable | null): Promise<void> {
  const settle = await settleAttachment(ctx, attachmentId, bytes)
  if (settle === null) return
  const { chatId, number, note } = settle
  await withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [chatId])).get(chatId)
    if (stream === undefined || !(await note(tx))) return
    await touchMessage(tx.db, [chatId, number], await appendOne(tx, stream, { kind: EventKind.MESSAGE_ATTACHED, refId: number }))
  })
}
