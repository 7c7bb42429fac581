import type { Ctx } from '../ctx.ts'
import { messageAttachments } from '../message/attachments.ts'
import { MESSAGE_KINDS, loadMessage } from '../message/domain.ts'
import type { Message, MessageKey } from '../message/domain.ts'
import { expectFromOutside } from '../upload/domain.ts'
import type { Attachment } from '../upload/domain.ts'
import { fileNameFor, formOf, takesCaption } from './files.ts'
import type { Form } from './files.ts'
import type { Content } from './payload-content.ts'
import { forgetUploads, insertMedia } from './store.ts'
import type { SendRow } from './store.ts'

// Files of messages, in both directions. What a customer sends is noted with its message and fetched later, see downloads.ts. What goes out becomes a
// message of WhatsApp's for each file, which are the parts of one of ours.

/** WhatsApp takes so many characters below a picture, video or document. */
const MAX_CAPTION = 1024

/** Notes that the file of a received message is to be fetched: until it is there, its attachment is PENDING. */
export async function takeMedia(tx: Ctx, { chatId, number }: Message, { kind, media }: Extract<Content, { media: unknown }>, phoneNumberId: string): Promise<void> {
  const mimeType = (media.mimeType ?? 'application/octet-stream').slice(0, 200)
  const attachmentId = await expectFromOutside(tx, [chatId, number], { kind: kind === 'STICKER' ? 'IMAGE' : kind, fileName: media.filename ?? fileNameFor(kind.toLowerCase(), mimeType), mimeType })
  await insertMedia(tx.db, { attachmentId, mediaId: media.id, phoneNumberId, sha256: media.sha256 })
}

/** What one message of WhatsApp's says: a file, with a caption or without, or a text. */
export interface Part {
  file: Attachment | null
  text: string | null
}

/**
 * What a message of ours is made of at WhatsApp: each file is a message of its own there, in order. The text is the caption of the first file, where
 * that can have one, else it goes before the files.
 */
export async function partsOf(ctx: Ctx, message: Message): Promise<[Part, ...Part[]]> {
  const [first, ...others] = await messageAttachments(ctx, message)
  const { body: text } = message
  if (first === undefined) return [{ file: null, text }]
  const rest = others.map((file) => ({ file, text: null }))
  const form = formFor(message, first)
  if (text === null || (form !== null && takesCaption(form.form) && [...text].length <= MAX_CAPTION)) return [{ file: first, text }, ...rest]
  return [{ file: null, text }, { file: first, text: null }, ...rest]
}

/** How many messages of WhatsApp's a message takes. */
export async function countParts(ctx: Ctx, key: MessageKey): Promise<number> {
  const message = await loadMessage(ctx, key)
  return message === null ? 1 : (await partsOf(ctx, message)).length
}

/** A file on its way out. */
export interface OutgoingFile {
  attachment: Attachment
  form: Form
  mimeType: string
}

/** The file that is to go out as this part of a message; null where it is none, or none that WhatsApp takes. */
export async function fileOf(ctx: Ctx, { kind, chatId, number, part }: SendRow): Promise<OutgoingFile | null> {
  const message = kind === 'MESSAGE' ? await loadMessage(ctx, [chatId, number]) : null
  if (message === null || message.deletedAt !== null) return null
  const { file = null } = (await partsOf(ctx, message))[part - 1] ?? {}
  const form = file === null ? null : formFor(message, file)
  return file === null || form === null ? null : { attachment: file, ...form }
}

export const formFor = ({ kind }: Message, file: Attachment) => formOf(file, MESSAGE_KINDS[kind] === 'STICKER')

/** Meta could not use the files of a message: when it is sent again, they are uploaded again. */
export async function uploadAgain(ctx: Ctx, key: MessageKey): Promise<void> {
  const message = await loadMessage(ctx, key)
  if (message !== null) await forgetUploads(ctx.db, (await messageAttachments(ctx, message)).map(({ id }) => id))
}
