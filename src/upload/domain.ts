import type { Readable } from 'node:stream'
import { InvalidInput, NotAllowed, NotFound, RateLimited, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { groupBy, inOrderOf } from '../base/loaders.ts'
import { textFault } from '../base/text.ts'
import { newBlobKey } from '../blob/index.ts'
import type { ByteRange } from '../blob/index.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { discardKey, discardOfMessage, discardOfOwner, discardOfSender, discardOne } from './discard-store.ts'
import { uploadLink } from './links.ts'
import type { Variant } from './links.ts'
import { cleanFileName } from './names.ts'
import { receiveFromOutside, thumbnailKey } from './receive.ts'
import { copyToMessage, countUpload, findAttachments, findAttachmentsOf, giveToAvatar, giveToMessage, insertAttachment, markFailed, markReady } from './store.ts'
import type { AttachmentRow, Found } from './store.ts'

export type Attachment = AttachmentRow
export type { ByteRange }

/** Where bytes are to be sent. */
export interface Upload {
  attachmentId: number
  url: string
  expiresAt: Date
}

export interface UploadInput {
  fileName: string
  mimeType: string
  byteSize: number
}

/** Announces a file of the viewer's, and answers where its bytes are to be sent. @throws {RateLimited} where the day allows no more. */
export async function createUpload(ctx: Ctx, { fileName, mimeType, byteSize }: UploadInput): Promise<Upload> {
  const { userId } = viewerOf(ctx)
  const { maxBytes, perDay } = ctx.settings.uploads
  throwFaults(uploadFaults({ fileName, mimeType, byteSize }, maxBytes))
  const { id } = await withTransaction(ctx, async (tx) => {
    // The product's own server limits itself.
    if (!ctx.client.trusted && !(await countUpload(tx.db, userId, byteSize, perDay))) {
      throw new RateLimited(`A day allows ${perDay.files.toLocaleString('en')} files and ${perDay.bytes.toLocaleString('en')} bytes.`, secondsUntilTomorrow())
    }
    return insertAttachment(tx.db, { ownerId: userId, key: newBlobKey(), fileName: cleanFileName(fileName), mimeType, byteSize })
  })
  return { attachmentId: id, ...uploadLink(ctx, id) }
}

function uploadFaults({ fileName, mimeType, byteSize }: UploadInput, maxBytes: number): AppError[] {
  const faults: AppError[] = []
  if (fileName.length > 1000) faults.push(new InvalidInput('fileName must have at most 1000 characters.', ['fileName']))
  const type = textFault(mimeType, { min: 1, max: 200 })
  if (type !== null) faults.push(new InvalidInput(`mimeType ${type}.`, ['mimeType']))
  if (byteSize < 1 || byteSize > maxBytes) faults.push(new InvalidInput(`byteSize must be from 1 to ${maxBytes}.`, ['byteSize']))
  return faults
}

/** Of UTC, whose days are counted. */
function secondsUntilTomorrow(): number {
  const now = new Date()
  return Math.ceil((Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1) - now.getTime()) / 1000)
}

/** An attachment by id, whoever asks: for those who know already that the viewer may see it, or find out. */
export function loadAttachment(ctx: Ctx, id: number): Promise<Attachment | null> {
  return ctx.loaders.get<number, Attachment | null>('attachment', async (ids) => inOrderOf(ids, await findAttachments(ctx.db, ids), (row) => row.id)).load(id)
}

/** The attachments of a message, by chat and number, in their order. */
export function attachmentsOf(ctx: Ctx, key: readonly [chatId: number, number: number]): Promise<Attachment[]> {
  return ctx.loaders
    .get<readonly [number, number], Attachment[]>(
      'attachmentsOf',
      async (keys) => {
        const byMessage = groupBy(await findAttachmentsOf(ctx.db, keys), (row) => `${row.chatId ?? 0},${row.number ?? 0}`)
        return keys.map((one) => byMessage.get(String(one)) ?? [])
      },
      String,
    )
    .load(key)
}

/** Those of these attachments that are the viewer's own, in this order; null for any other. */
export async function ownAttachments(ctx: Ctx, ids: readonly number[]): Promise<(Attachment | null)[]> {
  const { userId } = viewerOf(ctx)
  return inOrderOf(ids, (await findAttachments(ctx.db, ids)).filter((row) => row.ownerId === userId), (row) => row.id)
}

/** An attachment that does not exist, is somebody else's, or was used before: they read the same. */
export const noAttachment = (path: readonly string[]) => new NotFound('No such upload, or it has been used.', path)

/**
 * Makes an uploaded picture of the viewer's that of a user or chat, and gives up the former one. Null takes it away. Within a transaction.
 * @throws {NotFound} at avatarAttachmentId, {InvalidInput} for what is no picture, or not there yet.
 */
export async function changeAvatar(tx: Ctx, id: number | null, of: number, former: number | null): Promise<void> {
  const path = ['avatarAttachmentId']
  if (id !== null && !(await giveToAvatar(tx.db, viewerOf(tx).userId, id, of))) {
    const [own] = await ownAttachments(tx, [id])
    if (own?.state === 'PENDING') throw new InvalidInput('The upload has not ended yet.', path)
    if (own?.state === 'READY' && own.kind !== 'IMAGE') throw new InvalidInput('Only a picture can be used here.', path)
    throw noAttachment(path)
  }
  if (former !== null) await discardOne(tx.db, former)
}

/**
 * Gives a message, which was stored just now, files of the viewer's: their own uploads, or those that another message has. Within a transaction.
 * @throws {NotFound} where one was used or given up meanwhile.
 */
export async function giveFiles(tx: Ctx, files: { ids: readonly number[] } | { of: readonly [number, number] }, key: readonly [number, number]): Promise<void> {
  const { userId } = viewerOf(tx)
  if ('of' in files) {
    if ((await copyToMessage(tx.db, userId, files.of, key)) === 0) throw new NotAllowed('The files of this message are not there (any more).', ['forwardOfId'])
    return
  }
  const given = new Set(await giveToMessage(tx.db, userId, files.ids, key))
  throwFaults(files.ids.flatMap((id, index) => (given.has(id) ? [] : [noAttachment(['attachmentIds', String(index)])])))
}

/** Gives up what a message has. Its bytes go once nothing else has them. */
export async function dropOfMessage(tx: Ctx, key: readonly [number, number]): Promise<void> {
  await discardOfMessage(tx.db, key)
}

/** Gives up what somebody has sent in a chat. */
export async function dropOfSender(tx: Ctx, chatId: number, userId: number): Promise<void> {
  await discardOfSender(tx.db, chatId, userId)
}

/** Gives up what somebody who leaves has uploaded and never sent, and their picture. */
export async function dropOfOwner(tx: Ctx, userId: number): Promise<void> {
  await discardOfOwner(tx.db, userId)
}

/** Announces a file of a message that another service has, and that is fetched later: see {@link settleAttachment}. Within the transaction that stores the message. */
export async function expectFromOutside(tx: Ctx, [chatId, number]: readonly [chatId: number, number: number], { kind, fileName, mimeType }: Pick<Attachment, 'kind' | 'fileName' | 'mimeType'>): Promise<number> {
  const { id } = await insertAttachment(tx.db, { ownerId: null, key: newBlobKey(), kind, fileName: cleanFileName(fileName), mimeType, chatId, number, place: 1 })
  return id
}

/** Notes that a file came, or will not come; false where nobody awaits it any more. */
export type Note = (tx: Ctx) => Promise<boolean>

/**
 * Stores the bytes of a file of a message that have come from outside; null: they will not come. Answers what notes it, for the transaction that tells
 * the others. Null where nobody awaits it (any more).
 */
export async function settleAttachment(ctx: Ctx, id: number, bytes: Readable | null): Promise<{ chatId: number; number: number; note: Note } | null> {
  const [row] = await findAttachments(ctx.db, [id])
  if (row === undefined || row.state !== 'PENDING' || row.chatId === null || row.number === null) return null
  const found = bytes === null ? null : await receiveFromOutside(ctx, row, bytes)
  return { chatId: row.chatId, number: row.number, note: (tx) => noteOutcome(tx, row, found) }
}

async function noteOutcome(tx: Ctx, { id, key }: AttachmentRow, found: Found | null): Promise<boolean> {
  if (found === null) return markFailed(tx.db, id)
  const awaited = await markReady(tx.db, id, found)
  // The message is gone meanwhile: nobody else would look for these bytes.
  if (!awaited) await discardKey(tx.db, key)
  return awaited
}

/** The bytes of a file that is there, or of a part of it; null where they are gone. */
export function bytesOf(ctx: Pick<Ctx, 'blobs'>, { key }: Attachment, variant: Variant, range?: ByteRange): Promise<Readable | null> {
  return ctx.blobs.get(variant === 'file' ? key : thumbnailKey(key), range)
}
