import { Conflict, InvalidInput, NotFound, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { MAX_TEXT_LENGTH, isUuid, textFault } from '../base/text.ts'
import { publishHints, withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { brokenUniqueIndex } from '../base/database-errors.ts'
import { chatIsClosed } from '../chat/blocks.ts'
import { directChatIdWith, ensureDirectChat } from '../chat/domain.ts'
import { viewerOf } from '../viewer.ts'
import { MESSAGE_KINDS, visibleMessage } from './domain.ts'
import type { Message, MessageKey } from './domain.ts'
import { sendOne } from './store.ts'
import type { SendItem, SendResult } from './store.ts'

export interface SendInput {
  chatId?: number | null
  recipientId?: number | null
  clientId: string
  text?: string | null
  replyTo?: MessageKey | null
}

/**
 * Sends a message into a chat, or to a user, whose direct chat is made in the same transaction if there is none. The same clientId with the
 * same content answers the first message, for ever.
 */
export async function sendMessage(ctx: Ctx, input: SendInput): Promise<{ message: Message; duplicate: boolean }> {
  const viewer = viewerOf(ctx)
  throwFaults(sendFaults(input))
  const send = () => (input.chatId != null ? sendTo(ctx, input.chatId, input) : sendToUser(ctx, input.recipientId ?? 0, input))
  // The same clientId went into another chat at the same time: now that it is stored, a second try finds it.
  const result = await send().catch((error: unknown) => {
    if (brokenUniqueIndex(error) === 'message_client_id') return send()
    throw error
  })
  if (result.outcome === 'CREATED') {
    publishHints(ctx, [[result.chatId, result.seq]])
    // Whoever typed it has stopped.
    ctx.typing.set(result.chatId, viewer.userId, false)
    ctx.log.debug({ chatId: result.chatId, number: result.number, senderId: viewer.userId }, 'message sent')
  }
  ctx.loaders.clear()
  const message = await visibleMessage(ctx, [result.chatId, result.number])
  // A repeat from somebody who has left the chat meanwhile.
  if (message === null) throw new NotFound('No such chat.', [input.chatId != null ? 'chatId' : 'recipientId'])
  return { message, duplicate: result.outcome === 'DUPLICATE' }
}

async function sendToUser(ctx: Ctx, userId: number, input: SendInput): Promise<SendResult> {
  const chatId = await directChatIdWith(ctx, userId)
  if (chatId !== null) return sendTo(ctx, chatId, input)
  return withTransaction(ctx, async (tx) => sendTo(tx, (await ensureDirectChat(tx, userId, ['recipientId'])).chatId, input))
}

async function sendTo(ctx: Ctx, chatId: number, input: SendInput): Promise<SendResult> {
  const noReply = new NotFound('No such message in this chat.', ['replyToId'])
  if (input.replyTo != null && input.replyTo[0] !== chatId) throw noReply
  const item = sendItem(ctx, chatId, input)
  const result = await sendOne(ctx.db, item)
  switch (result.outcome) {
    case 'CREATED':
    case 'DUPLICATE':
      return result
    case 'CONFLICT':
      throw new Conflict('This clientId was used for another message.', ['clientId'])
    case 'NO_CHAT':
      throw new NotFound('No such chat.', [input.chatId != null ? 'chatId' : 'recipientId'])
    case 'CLOSED':
      throw chatIsClosed([input.chatId != null ? 'chatId' : 'recipientId'])
    case 'NO_REPLY':
      throw noReply
    case 'BUSY':
    case 'AGAIN':
      throw new Error(`${result.outcome} is no answer to a single send that waits`)
  }
}

function sendItem(ctx: Ctx, chatId: number, input: SendInput): SendItem {
  const content = { body: input.text ?? null, reply_to: input.replyTo?.[1] ?? null, kind: MESSAGE_KINDS.indexOf('TEXT') }
  return {
    chat_id: chatId,
    sender_id: viewerOf(ctx).userId,
    client_id: input.clientId,
    client_hash: ctx.secrets.hmac('client-hash', JSON.stringify(['message', chatId, content.kind, content.body, content.reply_to])).toString('hex'),
    ...content,
  }
}

function sendFaults(input: SendInput): AppError[] {
  const faults: AppError[] = []
  if ((input.chatId == null) === (input.recipientId == null)) faults.push(new InvalidInput('Give exactly one of chatId and recipientId.', ['chatId']))
  if (!isUuid(input.clientId)) faults.push(new InvalidInput('clientId must be a UUID.', ['clientId']))
  const text = textFault(input.text ?? '', { min: 1, max: MAX_TEXT_LENGTH })
  if (text !== null) faults.push(new InvalidInput(`text ${text}.`, ['text']))
  return faults
}
