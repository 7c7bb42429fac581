import { Conflict, InvalidInput, NotAllowed, NotFound, ReplyWindowClosed, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { publishHints, withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import type { SendAnswer, SendItem } from '../db/sends.ts'
import { brokenUniqueIndex } from '../base/database-errors.ts'
import { equalBytes } from '../base/secrets.ts'
import { directChatIdWith, ensureDirectChat, loadChat } from '../chat/domain.ts'
import { chatIsClosed } from '../chat/policy.ts'
import { giveFiles, noAttachment, ownAttachments } from '../upload/domain.ts'
import type { Attachment } from '../upload/domain.ts'
import { viewerOf } from '../viewer.ts'
import { kindOf, messageAttachments } from './attachments.ts'
import { contentOf, hasFiles, hashOf, sendFaults } from './content.ts'
import type { Content, Files, SendInput } from './content.ts'
import { MESSAGE_KINDS, visibleMessage } from './domain.ts'
import type { Message, MessageKey } from './domain.ts'
import { mentionedMembers } from './mentions.ts'
import { messageOfSend } from './sent.ts'
import { findSent, sendOne } from './store.ts'

/** WhatsApp takes texts of so many characters. */
const MAX_OUTSIDE = 4096

/** A message that was sent; of a repeat, where the first one is. */
type Sent = { duplicate: false; message: Message } | { duplicate: true; key: MessageKey }

/**
 * Sends a message into a chat, or to a user, whose direct chat is made in the same transaction if there is none. The same clientId with the
 * same content answers the first message, for ever.
 */
export async function sendMessage(ctx: Ctx, input: SendInput): Promise<{ message: Message; duplicate: boolean }> {
  throwFaults(sendFaults(input))
  const sent = input.forwardOf != null ? await forward(ctx, input, input.forwardOf) : hasFiles(input) ? await sendFiles(ctx, input) : await sendContent(ctx, input, contentOf(input), null)
  return answerTo(ctx, input, sent)
}

/** Sends what another feature has made of an input, such as a template; `input.template` keeps repeats apart. */
export async function sendTemplateMessage(ctx: Ctx, input: SendInput & { template: readonly string[] }, body: string): Promise<{ message: Message; duplicate: boolean }> {
  return answerTo(ctx, input, await sendContent(ctx, input, { kind: MESSAGE_KINDS.indexOf('TEMPLATE'), body, location: null, forwarded: false }, null))
}

async function answerTo(ctx: Ctx, input: SendInput, sent: Sent): Promise<{ message: Message; duplicate: boolean }> {
  const viewer = viewerOf(ctx)
  ctx.loaders.clear()
  if (!sent.duplicate) {
    const { message } = sent
    // Whoever typed it has stopped.
    ctx.typing.set(message.chatId, viewer.userId, false)
    ctx.log.debug({ chatId: message.chatId, number: message.number, senderId: viewer.userId }, 'message sent')
    return sent
  }
  const message = await visibleMessage(ctx, sent.key)
  // A repeat from somebody who has left the chat meanwhile.
  if (message === null) throw new NotFound('No such chat.', [targetOf(input)])
  return { message, duplicate: true }
}

/** Sends what another message says now. */
async function forward(ctx: Ctx, input: SendInput, key: MessageKey): Promise<Sent> {
  const original = await visibleMessage(ctx, key)
  if (original !== null && original.deletedAt === null) {
    const content = { kind: original.kind, body: original.body, location: original.location, forwarded: true }
    return sendContent(ctx, input, content, (await messageAttachments(ctx, original)).length > 0 ? { of: key } : null)
  }
  // What was sent once is sent, whatever has become of the original.
  const earlier = await sentBefore(ctx, input)
  if (earlier !== null) return { duplicate: true, key: earlier }
  throw original === null ? new NotFound('No such message.', ['forwardOfId']) : new NotAllowed('A deleted message cannot be forwarded.', ['forwardOfId'])
}

/** Sends files of the sender's, with the text as their caption. */
async function sendFiles(ctx: Ctx, input: SendInput): Promise<Sent> {
  const ids = input.attachmentIds ?? []
  const own = await ownAttachments(ctx, ids)
  const faults = own.flatMap((file, index) => fileFault(file, index) ?? [])
  if (faults.length > 0) {
    // What was sent once is sent, whatever has become of it.
    const earlier = await sentBefore(ctx, input)
    if (earlier !== null) return { duplicate: true, key: earlier }
    throwFaults(faults)
  }
  return sendContent(ctx, input, { ...contentOf(input), kind: kindOf(own.filter((file) => file !== null)) }, { ids })
}

/** Why a file cannot be sent, as far as one can see before it is tried. */
function fileFault(file: Attachment | null, index: number): AppError | null {
  const path = ['attachmentIds', String(index)]
  if (file === null) return noAttachment(path)
  if (file.state === 'PENDING') return new InvalidInput('The upload has not ended yet.', path)
  return file.state === 'FAILED' ? new InvalidInput('The upload has failed.', path) : null
}

/** The message that this very input has made before; null where it has made none. */
async function sentBefore(ctx: Ctx, input: SendInput): Promise<MessageKey | null> {
  const chatId = input.chatId ?? (await directChatIdWith(ctx, input.recipientId ?? 0))
  const earlier = await findSent(ctx.db, viewerOf(ctx).userId, input.clientId)
  if (chatId === null || earlier?.clientHash == null || !equalBytes(earlier.clientHash, hashOf(ctx, chatId, input))) return null
  return [chatId, earlier.number]
}

async function sendContent(ctx: Ctx, input: SendInput, content: Content, files: Files): Promise<Sent> {
  const send = () => (input.chatId != null ? sendTo(ctx, input.chatId, input, content, files) : sendToUser(ctx, input.recipientId ?? 0, input, content, files))
  // The same clientId went into another chat at the same time: now that it is stored, a second try finds it.
  return send().catch((error: unknown) => {
    if (brokenUniqueIndex(error) === 'message_client_id') return send()
    throw error
  })
}

async function sendToUser(ctx: Ctx, userId: number, input: SendInput, content: Content, files: Files): Promise<Sent> {
  const chatId = await directChatIdWith(ctx, userId)
  if (chatId !== null) return sendTo(ctx, chatId, input, content, files)
  return withTransaction(ctx, async (tx) => sendTo(tx, (await ensureDirectChat(tx, userId, ['recipientId'])).chatId, input, content, files))
}

/** Files are given to the message in the transaction that stores it; without any it goes with others, in a batch. */
async function sendTo(ctx: Ctx, chatId: number, input: SendInput, content: Content, files: Files): Promise<Sent> {
  if (files === null) return sendAlone(ctx, chatId, input, content)
  return withTransaction(ctx, async (tx) => {
    const sent = await sendAlone(tx, chatId, input, content)
    if (!sent.duplicate) await giveFiles(tx, files, [chatId, sent.message.number])
    return sent
  })
}

async function sendAlone(ctx: Ctx, chatId: number, input: SendInput, content: Content): Promise<Sent> {
  if (input.replyTo != null && input.replyTo[0] !== chatId) throw noReply()
  if (content.body !== null && content.body.length > MAX_OUTSIDE && [...content.body].length > MAX_OUTSIDE && (await loadChat(ctx, chatId))?.stream.outsideId != null) {
    throw new InvalidInput(`text must be at most ${MAX_OUTSIDE} characters in a WhatsApp chat.`, ['text'])
  }
  const { userId } = viewerOf(ctx)
  const clientHash = hashOf(ctx, chatId, input)
  const item: SendItem = {
    chat_id: chatId,
    sender_id: userId,
    client_id: input.clientId,
    client_hash: clientHash.toString('hex'),
    reply_to: input.replyTo?.[1] ?? null,
    // Whom the first sender of a text called, the one who forwards it does not.
    mentions: content.forwarded || content.body === null ? null : await mentionedMembers(ctx, chatId, content.body),
    ...content,
  }
  const answer = await store(ctx, item)
  switch (answer.outcome) {
    case 'CREATED':
      // It was stored just now by somebody who may read it: nothing needs to be asked again.
      return { duplicate: false, message: messageOfSend(item, answer) }
    case 'DUPLICATE':
      return { duplicate: true, key: [answer.chatId, answer.number] }
    case 'CONFLICT':
      throw new Conflict('This clientId was used for another message.', ['clientId'])
    case 'NO_CHAT':
      throw new NotFound('No such chat.', [targetOf(input)])
    case 'WINDOW':
      throw new ReplyWindowClosed([targetOf(input)], (await loadChat(ctx, chatId))?.stream.writableUntil ?? null)
    case 'CLOSED':
      throw chatIsClosed([targetOf(input)])
    case 'NO_REPLY':
      throw noReply()
  }
}

/** Stores a message: among others, or within the transaction. */
async function store(ctx: Ctx, item: SendItem): Promise<SendAnswer> {
  if (ctx.afterCommit === undefined) return ctx.sends.send(item)
  const { answer } = await sendOne(ctx.db, item)
  if (typeof answer === 'string') throw new Error(`${answer} is no answer to a single send that waits`)
  if (answer.outcome === 'CREATED') publishHints(ctx, [[item.chat_id, answer.seq]])
  return answer
}

const noReply = () => new NotFound('No such message in this chat.', ['replyToId'])

/** Where the input names the chat. */
function targetOf(input: SendInput): string {
  return input.chatId != null ? 'chatId' : 'recipientId'
}
