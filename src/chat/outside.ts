import { NotAllowed } from '../base/errors.ts'
import { searchTextOf } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, createStream, lockInbox, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { allow, changeChat } from './change.ts'
import { chatOf, loadChat } from './domain.ts'
import type { Chat } from './domain.ts'
import { countAgents, isAgent, makeOwnRow, setAssignee, setWritableUntil } from './outside-store.ts'
import { insertChat, updateChatRow } from './store.ts'

// Chats with people outside, whatever the channel. Who answers them reads all of them by their role.

/** Makes the chat with a person outside, who is the viewer or is written to by them; all who answer read it as ChatAdded. */
export async function openOutsideChat(tx: Ctx, contactId: number, title: string): Promise<StreamHead> {
  const chat = await insertChat(tx.db, { kind: 'WHATSAPP', title, searchText: searchTextOf(title) })
  if (chat === null) throw new Error('nothing stands in the way of a chat with a person outside')
  const stream = await createStream(tx, chat.id, contactId)
  const actorId = tx.viewer?.userId ?? null
  const fromSeq = await appendOne(tx, stream, { kind: EventKind.CHAT_CREATED, actorId, refId: chat.id })
  await appendOne(tx, await lockInbox(tx), { kind: EventKind.JOINED, actorId, refId: chat.id, rev: fromSeq })
  return stream
}

/** Lets anything be written to the person outside until then, where that is later than it was; the chat is locked. */
export async function extendReplyWindow(tx: Ctx, stream: StreamHead, until: Date): Promise<void> {
  if (stream.writableUntil !== null && stream.writableUntil >= until) return
  await setWritableUntil(tx.db, stream.id, until)
  stream.writableUntil = until
}

/** Ends the time in which anything may be written, and tells so; the chat is locked. */
export async function closeReplyWindow(tx: Ctx, stream: StreamHead): Promise<void> {
  if (stream.writableUntil === null || stream.writableUntil <= new Date()) return
  stream.writableUntil = new Date()
  await setWritableUntil(tx.db, stream.id, stream.writableUntil)
  await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, refId: stream.id })
}

/** A chat with a person outside is called as they are; the chat is locked. */
export async function renameOutsideChat(tx: Ctx, stream: StreamHead, title: string): Promise<void> {
  await updateChatRow(tx.db, stream.id, { title, description: null, searchText: searchTextOf(title), avatarId: null })
  await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, refId: stream.id })
}

/** The chat's stream, locked. */
export async function lockChat(tx: Ctx, chatId: number): Promise<StreamHead> {
  const stream = (await lockStreams(tx, [chatId])).get(chatId)
  if (stream === undefined) throw new Error('a chat always has a stream')
  return stream
}

/** Says who is to answer a person outside; null: nobody in particular. */
export async function assignChat(ctx: Ctx, chatId: number, userId: number | null): Promise<Chat> {
  await changeChat(ctx, chatId, async (tx, { chat }, stream) => {
    allow(stream.outsideId === null ? new NotAllowed('Only chats with customers are assigned.', ['chatId']) : null)
    allow(userId === null || (await isAgent(tx.db, userId)) ? null : new NotAllowed('Only somebody with the role AGENT can be given a chat.', ['userId']))
    if (chat.assigneeId === userId) return
    await setAssignee(tx.db, chatId, userId)
    await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, actorId: viewerOf(tx).userId, refId: chatId })
  })
  return chatOf(ctx, chatId)
}

/** Makes the row for what the viewer keeps of a chat that they read by their role: marks and settings. */
export async function ensureOwnRow(ctx: Ctx, chatId: number): Promise<void> {
  const chat = await loadChat(ctx, chatId)
  if (chat === null || chat.stream.outsideId === null) return
  await (ctx.afterCommit === undefined ? withTransaction(ctx, (tx) => makeOwnRow(tx.db, chatId, viewerOf(ctx).userId)) : makeOwnRow(ctx.db, chatId, viewerOf(ctx).userId))
}

/** How many are in a chat; in one with a person outside all who answer such chats. */
export function memberCount(ctx: Ctx, { chat, stream }: Pick<Chat, 'chat' | 'stream'>): number | Promise<number> {
  if (stream.outsideId === null) return chat.memberCount
  return ctx.loaders.get<number, number>('agents', async (keys) => { const count = await countAgents(ctx.db); return keys.map(() => count) }).load(0)
}
