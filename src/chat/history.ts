import { NotAllowed } from '../base/errors.ts'
import { searchTextOf } from '../base/text.ts'
import type { Ctx } from '../ctx.ts'
import { append, appendOne, createStream, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { findBlocksAmong, findChatOfKey, findReadAll, setReadAll } from './history-store.ts'
import { findDirectChat, insertChat, insertMembers } from './store.ts'
import type { ChatRow } from './store.ts'

// Chats that come from elsewhere with all that was said in them.

/** A chat that is to be made with its history. */
export interface PastChat {
  /** Null: the direct chat of two people. */
  title: string | null
  /** The first one owns a group. */
  memberIds: readonly number[]
  /** By which it is found again, see {@link chatOfKey}. */
  clientId: string
  /** When it began. */
  createdAt: Date
  /** How many messages it comes with: all of its members have read them. */
  messageCount: number
}

/**
 * Makes a chat that comes with its history, for the transaction that stores its messages next. Its members read one event, ChatAdded: the messages are there
 * with the chat, as if they had been before its stream began.
 * @throws {NotAllowed} where one of two people has blocked the other.
 */
export async function openPastChat(tx: Ctx, { title, memberIds, clientId, createdAt, messageCount }: PastChat): Promise<StreamHead> {
  const [owner = 0, other = 0] = memberIds
  if (title === null && (await findBlocksAmong(tx.db, owner, other))) throw new NotAllowed('One of the two has blocked the other: nothing can be written between them.')
  const made = { memberCount: memberIds.length, createdBy: owner, createdAt }
  const chat = await insertChat(
    tx.db,
    title === null ? { kind: 'DIRECT', directLow: Math.min(owner, other), directHigh: Math.max(owner, other), ...made } : { kind: 'GROUP', title, searchText: searchTextOf(title), clientId, ...made },
  )
  if (chat === null) throw new NotAllowed('Somebody has made this chat at the same time: try again.')
  const stream = await createStream(tx, chat.id)
  const fromSeq = await appendOne(tx, stream, { kind: EventKind.CHAT_CREATED, actorId: owner, refId: chat.id })
  const role = (userId: number) => (title !== null && userId === owner ? 'OWNER' : 'MEMBER')
  await insertMembers(tx.db, memberIds.map((userId) => ({ chatId: chat.id, userId, role: role(userId), fromSeq, historyFrom: 1, deliveredUpTo: messageCount, readUpTo: messageCount })))
  const heads = await lockStreams(tx, memberIds)
  await append(tx, new Map([...heads.values()].map((head) => [head, { kind: EventKind.JOINED, actorId: owner, refId: chat.id, rev: fromSeq }])))
  return stream
}

/** The group that was made with this clientId by one of these people, and not ended since; null where there is none. */
export function chatOfKey(ctx: Ctx, creatorIds: readonly number[], clientId: string): Promise<ChatRow | null> {
  return findChatOfKey(ctx.db, creatorIds, clientId)
}

/** The direct chat of two people, whoever asks. */
export function chatOfTwo(ctx: Ctx, a: number, b: number): Promise<ChatRow | null> {
  return findDirectChat(ctx.db, a, b)
}

/** Runs `work`, which adds messages to a locked chat; whoever had read all before has read these too. */
export async function readMeanwhile(tx: Ctx, stream: StreamHead, work: () => Promise<void>): Promise<void> {
  const readers = await findReadAll(tx.db, stream.id, stream.messageNo)
  await work()
  await setReadAll(tx.db, stream.id, readers, stream.messageNo)
}
