import { InvalidInput, NotAllowed, NotFound, throwFaults } from '../base/errors.ts'
import { groupBy, inOrderOf } from '../base/loaders.ts'
import { decodeId, encodeId } from '../base/id.ts'
import { textFault } from '../base/text.ts'
import { chatOf } from '../chat/domain.ts'
import type { Chat } from '../chat/domain.ts'
import { lockChat, openOutsideChat, renameOutsideChat } from '../chat/outside.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import type { StreamHead } from '../event/log.ts'
import { OUTSIDE_STATUSES, loadMessage, visibleMessage } from '../message/domain.ts'
import type { Failure, Message, MessageKey } from '../message/domain.ts'
import { tellStatus } from '../message/outside.ts'
import { mayWriteOutside } from '../message/policy.ts'
import { ensureContact, loadContact } from '../user/contacts.ts'
import type { Contact } from '../user/contacts.ts'
import { viewerOf } from '../viewer.ts'
import { statusOfAttempts, statusOfParts } from './status.ts'
import type { SendStatus } from './status.ts'
import { findAttempts, findOutsideChat, findOutsideChats, findProviderMessages, findTemplateUse, insertOutsideChat, insertSend, lockContact } from './store.ts'
import type { OutsideChatRow, SendRow } from './store.ts'

export type WhatsAppChat = OutsideChatRow & { chat: Chat }

/** What WhatsApp knows of a chat; null of any other chat. */
export async function whatsAppOf(ctx: Ctx, chat: Chat): Promise<WhatsAppChat | null> {
  if (chat.stream.outsideId === null) return null
  const row = await ctx.loaders.get<number, OutsideChatRow | null>('outsideChat', async (ids) => inOrderOf(ids, await findOutsideChats(ctx.db, ids), ({ chatId }) => chatId)).load(chat.chat.id)
  return row === null ? null : { ...row, chat }
}

/** WhatsApp's own time of a message; null where it has none. */
export async function providerTimeOf(ctx: Ctx, message: Message): Promise<Date | null> {
  if (message.status === null) return null
  const found = await ctx.loaders
    .get<MessageKey, Date | null>(
      'providerTime',
      async (keys) => {
        const rows = await findProviderMessages(ctx.db, keys)
        return keys.map(([chatId, number]) => rows.find((row) => row.chatId === chatId && row.number === number)?.at ?? null)
      },
      String,
    )
    .load([message.chatId, message.number])
  return found
}

/** The chat of a contact by one of our numbers, made where there is none; its stream is locked. */
export async function ensureOutsideChat(tx: Ctx, contact: Contact, phoneNumberId: string): Promise<{ stream: StreamHead; created: boolean }> {
  const known = await findOutsideChat(tx.db, contact.id, phoneNumberId)
  if (known !== null) return { stream: await lockChat(tx, known.chatId), created: false }
  await lockContact(tx.db, contact.id)
  const there = await findOutsideChat(tx.db, contact.id, phoneNumberId)
  if (there !== null) return { stream: await lockChat(tx, there.chatId), created: false }
  const stream = await openOutsideChat(tx, contact.id, contact.displayName)
  await insertOutsideChat(tx.db, { chatId: stream.id, contactId: contact.id, phoneNumberId })
  return { stream, created: true }
}

export interface StartInput {
  phone?: string | null
  contactId?: number | null
  displayName?: string | null
}

/** Finds or makes the chat with a customer, by a phone number or a contact who is known. Until they write only templates can be sent. */
export async function startWhatsAppChat(ctx: Ctx, input: StartInput): Promise<{ chat: Chat; created: boolean }> {
  if (!viewerOf(ctx).roles.includes('AGENT')) throw new NotAllowed('Only somebody with the role AGENT writes to customers.')
  const { whatsapp } = ctx.settings
  if (whatsapp === null) throw new NotAllowed('WhatsApp is not switched on here.')
  const phone = input.phone?.replace(/[\s().-]/g, '') ?? null
  const name = input.displayName?.trim() ?? null
  const fault = name === null ? null : textFault(name, { min: 1, max: 80 })
  throwFaults([
    ...((phone === null) === (input.contactId == null) ? [new InvalidInput('Give exactly one of phone and contactId.', ['phone'])] : []),
    ...(phone === null || /^\+?[1-9]\d{6,14}$/.test(phone) ? [] : [new InvalidInput('phone must be a number with country code, such as +14155550123.', ['phone'])]),
    ...(fault === null ? [] : [new InvalidInput(`displayName ${fault}.`, ['displayName'])]),
  ])
  const { chatId, created } = await withTransaction(ctx, async (tx) => {
    const contact = phone === null ? await loadContact(tx, input.contactId ?? 0) : (await ensureContact(tx, { scope: whatsapp.wabaId, phone: phone.replace('+', ''), whatsappUserId: null, name }, name !== null)).contact
    if (contact === null) throw new NotFound('No such contact.', ['contactId'])
    const made = await ensureOutsideChat(tx, contact, whatsapp.phoneNumberIds[0] ?? '')
    if (!made.created && name !== null && phone !== null) await renameOutsideChat(tx, made.stream, contact.displayName)
    return { chatId: made.stream.id, created: made.created }
  })
  return { chat: await chatOf(ctx, chatId), created }
}

/** Sends a message again that has failed, or those parts of it that have: a new attempt, behind all that waits in its chat. */
export async function retryMessage(ctx: Ctx, key: MessageKey): Promise<Message> {
  const missing = () => new NotFound('No such message.', ['messageId'])
  if ((await visibleMessage(ctx, key)) === null) throw missing()
  await withTransaction(ctx, async (tx) => {
    const stream = await lockChat(tx, key[0])
    const message = await visibleMessage(tx, key)
    if (message === null) throw missing()
    if (message.status === null || OUTSIDE_STATUSES[message.status] !== 'FAILED' || message.deletedAt !== null) throw new NotAllowed('Only a message that has failed can be sent again.', ['messageId'])
    if (message.failure?.retryable !== true) throw new NotAllowed('Sent again as it is, it would fail again.', ['messageId'])
    if ((await findTemplateUse(tx.db, key)) === null) {
      const refusal = mayWriteOutside(viewerOf(tx), await chatOf(tx, key[0]), ['messageId'])
      if (refusal !== null) throw refusal
    }
    const failed = partsOfAttempts(await findAttempts(tx.db, key)).filter(({ status, failure }) => status === 'FAILED' && failure?.retryable === true)
    const seq = await tellStatus(tx, stream, key, 'SENDING', null)
    if (seq === null) throw new Error('a message that has failed is not being sent')
    for (const { part, attempts } of failed) await insertSend(tx.db, { chatId: key[0], seq, kind: 'MESSAGE', number: key[1], attempt: attempts + 1, part })
  })
  ctx.loaders.clear()
  const message = await loadMessage(ctx, key)
  if (message === null) throw missing()
  return message
}

/** How far each part of a message came; `attempts`: how often it was tried. */
function partsOfAttempts(rows: readonly SendRow[]): { part: number; attempts: number; status: SendStatus; failure: Failure | null }[] {
  return [...groupBy(rows, ({ part }) => part)].map(([part, attempts]) => {
    const status = statusOfAttempts(attempts.map(({ attempt, status: rank }) => ({ number: attempt, status: OUTSIDE_STATUSES[rank] ?? 'SENDING' })))
    return { part, attempts: Math.max(...attempts.map(({ attempt }) => attempt)), status, failure: status === 'FAILED' ? (attempts.at(-1)?.failure ?? null) : null }
  })
}

/** Lets a message say how far its attempts came; its chat is locked. */
export async function settleStatus(tx: Ctx, stream: StreamHead, key: MessageKey): Promise<void> {
  const attempts = await findAttempts(tx.db, key)
  if (attempts.length === 0) return
  const parts = partsOfAttempts(attempts)
  const status = statusOfParts(parts.map((part) => part.status))
  const failures = status === 'FAILED' ? parts.flatMap(({ failure }) => failure ?? []) : []
  // What of it can be sent again counts most.
  await tellStatus(tx, stream, key, status, failures.find(({ retryable }) => retryable) ?? failures[0] ?? null)
}

/** Which part of which message, and the how manieth attempt. */
export interface Sent {
  key: MessageKey
  attempt: number
  part: number
}

/** What goes along with a message to Meta, and comes back with its statuses. */
export const callbackOf = ({ key, attempt, part }: Sent) => `${encodeId('Message', ...key)}.${attempt}.${part}`

/** Reads it; null where it is not of ours. */
export function readCallback(text: string | null): Sent | null {
  const [id = '', ...counts] = text?.split('.') ?? []
  const key = decodeId('Message', id)
  return key === null || counts.length !== 2 || !counts.every((count) => /^[1-9]\d{0,5}$/.test(count)) ? null : { key, attempt: Number(counts[0]), part: Number(counts[1]) }
}
