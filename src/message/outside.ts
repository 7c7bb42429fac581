import { publishHints } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import type { SendItem } from '../db/sends.ts'
import { appendOne } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { MESSAGE_KINDS, OUTSIDE_STATUSES, loadMessage } from './domain.ts'
import type { ContactCard, Failure, Location, Message, MessageKey } from './domain.ts'
import { setStatus } from './outside-store.ts'
import { messageOfSend } from './sent.ts'
import { sendOne } from './store.ts'

/** What came from outside. */
export interface Received {
  chatId: number
  /** The person outside; null: one of us said it, from elsewhere. */
  senderId: number | null
  kind: (typeof MESSAGE_KINDS)[number]
  text: string | null
  location: Location | null
  cards: ContactCard[] | null
  /** Number of the message that it answers. */
  replyTo: number | null
  forwarded: boolean
}

/** Stores a message that came from outside, within a transaction: by the same function as every other message. */
export async function receiveMessage(tx: Ctx, { chatId, senderId, kind, text, location, cards, replyTo, forwarded }: Received): Promise<Message> {
  const item: SendItem = {
    chat_id: chatId,
    sender_id: senderId,
    client_id: null,
    client_hash: null,
    kind: MESSAGE_KINDS.indexOf(kind),
    body: text === null || text === '' ? null : storable(text),
    reply_to: replyTo,
    forwarded,
    location,
    cards,
    mentions: null,
  }
  const { answer } = await sendOne(tx.db, item)
  if (typeof answer === 'string' || answer.outcome !== 'CREATED') throw new Error(`a message from outside was not stored: ${typeof answer === 'string' ? answer : answer.outcome}`)
  publishHints(tx, [[chatId, answer.seq]])
  tx.loaders.clear()
  return messageOfSend(item, answer)
}

/** What a text column takes: no NUL, no half of a character. */
export const storable = (text: string) => text.replaceAll('\0', '').toWellFormed()

/** Says how far a message of ours came outside, and why not further; its chat is locked. What is so already changes nothing, and nobody hears of it. */
export async function tellStatus(tx: Ctx, stream: StreamHead, key: MessageKey, status: (typeof OUTSIDE_STATUSES)[number], failure: Failure | null): Promise<number | null> {
  const message = await loadMessage(tx, key)
  const code = OUTSIDE_STATUSES.indexOf(status)
  if (message === null || message.status === null || (message.status === code && message.failure?.code === failure?.code)) return null
  const seq = await appendOne(tx, stream, { kind: EventKind.MESSAGE_STATUS, refId: key[1] })
  await setStatus(tx.db, key, { status: code, failure, seq })
  tx.loaders.clear()
  return seq
}
