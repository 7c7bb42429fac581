import { Conflict, InvalidInput, NotAllowed, NotFound, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { groupBy, inOrderOf } from '../base/loaders.ts'
import type { MaybePromise } from '../base/loaders.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { equalBytes } from '../base/secrets.ts'
import { isUuid, searchTextOf, textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Shared } from '../ctx.ts'
import { gatheringOutside } from '../db/gather.ts'
import { append, appendOne, createStream, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { changeAvatar } from '../upload/domain.ts'
import { blocksWith } from '../user/blocks.ts'
import { blockersAmong, loadUser, readUsers } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { show } from './hiding.ts'
import {
  findChatByClientId,
  findChats,
  findDirectChat,
  findDirectChatId,
  findIntervals,
  findMemberIds,
  findMemberPages,
  findMembers,
  findThoseWhoDoNotRead,
  findViewerChats,
  insertChat,
  insertMembers,
  rankOf,
} from './store.ts'
import type { ChatRow, Interval, MemberKey, MemberRow, Reading, UserAndChat, ViewerChat } from './store.ts'

/** A chat as the viewer has it: only members have one. */
export type Chat = ViewerChat
export type Member = MemberRow

/** A chat of the viewer's; null where it does not exist or the viewer is not in it (any more). */
export function loadChat(ctx: Ctx, chatId: number): MaybePromise<Chat | null> {
  return ctx.shared === undefined ? chatLoader(ctx).take([viewerOf(ctx).userId, chatId]) : sharedChat(ctx, ctx.shared, chatId)
}

/** A chat as all of its members have it. What each of them has of their own is not there. */
async function sharedChat(ctx: Ctx, shared: Shared, chatId: number): Promise<Chat | null> {
  const found = await ctx.loaders
    .get<number, Omit<Chat, 'member'> | null>('sharedChat', async (ids) => inOrderOf(ids, await findChats(ctx.db, ids), (row) => row.chat.id))
    .load(chatId)
  if (found === null) return null
  // Two people share nothing: each is the other's title, and may have deleted it from their list.
  if (found.chat.kind === 'DIRECT') shared.refuse()
  shared.assumeReads(chatId, Infinity)
  return {
    ...found,
    get member() {
      return shared.refuse()
    },
  }
}

/** Of those who may be told of an event of this chat: who may not read it from this message on, or is no member any more. */
export function thoseWhoDoNotRead(ctx: Ctx, reading: Reading): Promise<readonly number[]> {
  return ctx.loaders
    .get<Reading, number[]>('thoseWhoDoNotRead', (readings) => findThoseWhoDoNotRead(ctx.db, readings), ({ chatId, number, seq }) => `${chatId},${number},${seq}`)
    .load(reading)
}

const pairOf = ([userId, chatId]: UserAndChat) => `${userId},${chatId}`

const readViewerChats = gatheringOutside<UserAndChat, Chat | null>(
  async (db, keys) => inOrderOf(keys.map(pairOf), await findViewerChats(db, keys), ({ member }) => pairOf([member.userId, member.chatId])),
  { most: 1000, atOnce: 4 },
)

function chatLoader(ctx: Ctx) {
  return ctx.loaders.get<UserAndChat, Chat | null>('chat', (keys) => readViewerChats(ctx, keys), pairOf)
}

/** Lets these chats of the viewer's, which were just read, be known. */
export function knowChats(ctx: Ctx, chats: readonly Chat[]): void {
  for (const chat of chats) chatLoader(ctx).know([chat.member.userId, chat.chat.id], chat)
}

/** The direct chat with this user; null where there is none. */
export async function directChatWith(ctx: Ctx, userId: number): Promise<Chat | null> {
  const chatId = await directChatIdWith(ctx, userId)
  return chatId === null ? null : loadChat(ctx, chatId)
}

/** The id of the direct chat with this user; null where there is none. */
export async function directChatIdWith(ctx: Ctx, userId: number): Promise<number | null> {
  // Within a transaction the chat may be one that only this transaction sees.
  if (ctx.afterCommit !== undefined) return (await findDirectChat(ctx.db, viewerOf(ctx).userId, userId))?.id ?? null
  return findDirectChatId(ctx.sql, viewerOf(ctx).userId, userId)
}

/** The time in a chat that an event of it fell into, for this viewer; null where they were not a member then. */
export async function intervalAt(ctx: Ctx, chatId: number, seq: number): Promise<Interval | null> {
  const viewer = viewerOf(ctx)
  const intervals = await ctx.loaders
    .get<UserAndChat, Interval[]>(
      'intervals',
      async (keys) => {
        const byKey = groupBy(await findIntervals(ctx.db, keys), (row) => `${row.userId},${row.chatId}`)
        return keys.map((key) => byKey.get(String(key)) ?? [])
      },
      String,
    )
    .load([viewer.userId, chatId])
  return intervals.find(({ fromSeq, toSeq }) => fromSeq <= seq && (toSeq === null || seq <= toSeq)) ?? null
}

/** The other person of a direct chat; null in any other chat. */
export async function otherPerson(ctx: Ctx, chat: ChatRow): Promise<User | null> {
  const other = chat.directLow === viewerOf(ctx).userId ? chat.directHigh : chat.directLow
  return other === null ? null : loadUser(ctx, other)
}

/** What the viewer sees as the chat's name. */
export async function titleOf(ctx: Ctx, chat: ChatRow): Promise<string> {
  return chat.title ?? (await otherPerson(ctx, chat))?.displayName ?? ''
}

/** Members by role, then by when they joined. */
export function listMembers(ctx: Ctx, chatId: number, request: PageRequest<MemberKey>): Promise<Page<Member, MemberKey>> {
  // Chats that ask for the same page share one statement.
  return ctx.loaders
    .get<number, Page<Member, MemberKey>>(`members:${JSON.stringify(request)}`, async (chatIds) => {
      const rows = await findMemberPages(ctx.db, chatIds, { after: request.cursor, backward: request.backward, limit: request.limit + 1 })
      const byChat = groupBy(rows, (row) => row.chatId)
      return chatIds.map((id) => pageOf(request, byChat.get(id) ?? [], (row) => [rankOf(row.role), row.joinedAt.toISOString(), row.userId]))
    })
    .load(chatId)
}

/** Somebody's present membership of a chat; null where there is none. The caller has checked that the viewer reads the chat. */
export function loadMember(ctx: Ctx, chatId: number, userId: number): Promise<Member | null> {
  return ctx.loaders
    .get<
      readonly [number, number],
      Member | null
    >('member', async (keys) => inOrderOf(keys.map(String), await findMembers(ctx.db, keys), (row) => `${row.chatId},${row.userId}`), String)
    .load([chatId, userId])
}

/** Everyone who is in a chat now. */
export function memberIds(ctx: Ctx, chatId: number): Promise<readonly number[]> {
  return ctx.loaders
    .get<number, number[]>('memberIds', async (ids) => {
      const byChat = groupBy(await findMemberIds(ctx.db, ids), (row) => row.chatId)
      return ids.map((id) => (byChat.get(id) ?? []).map((row) => row.userId))
    })
    .load(chatId)
}

/** Finds or makes the direct chat with a user. */
export async function createDirectChat(ctx: Ctx, userId: number, path = ['userId']): Promise<{ chat: Chat; created: boolean }> {
  const { chatId, created } = await withTransaction(ctx, async (tx) => {
    const found = await ensureDirectChat(tx, userId, path)
    // Whoever asks for a chat that they had deleted wants it back.
    if (!found.created) await show(tx, await chatOf(tx, found.chatId))
    return found
  })
  return { chat: await chatOf(ctx, chatId), created }
}

/** As {@link createDirectChat}, within a transaction. */
export async function ensureDirectChat(tx: Ctx, userId: number, path: readonly string[]): Promise<{ chatId: number; created: boolean }> {
  const viewer = viewerOf(tx)
  if (userId === viewer.userId) throw new InvalidInput('A direct chat needs another person.', path)
  if (!(await readUsers(tx, [userId])).has(userId)) throw new NotFound('No such user.', path)
  const pair = { directLow: Math.min(viewer.userId, userId), directHigh: Math.max(viewer.userId, userId) }
  const there = await findDirectChat(tx.db, viewer.userId, userId)
  if (there === null) await refuseBlocked(tx, userId, path)
  // Two who write to each other at once: the unique pair lets one through, the other waits for it and finds its chat.
  const made = there === null ? await insertChat(tx.db, { kind: 'DIRECT', createdBy: viewer.userId, memberCount: 2, ...pair }) : null
  if (made === null) {
    const chat = there ?? (await findDirectChat(tx.db, viewer.userId, userId))
    if (chat === null) throw new Error('the direct chat that stood in the way is gone')
    return { chatId: chat.id, created: false }
  }
  await openChat(tx, made, new Map([viewer.userId, userId].map((id) => [id, 'MEMBER' as const])))
  // Again, under the locks: whoever blocks waits for them, and then finds the chat.
  await refuseBlocked(tx, userId, path)
  return { chatId: made.id, created: true }
}

/** No new chat where a block stands. To the one who is blocked the other is not there at all. */
async function refuseBlocked(tx: Ctx, userId: number, path: readonly string[]): Promise<void> {
  const { byViewer, ofViewer } = await blocksWith(tx, userId)
  if (byViewer) throw new NotAllowed('Unblock this user first.', path)
  if (ofViewer) throw new NotFound('No such user.', path)
}

export interface CreateGroupInput {
  clientId?: string | null
  title: string
  description?: string | null
  memberIds: readonly number[]
  /** An uploaded picture of the viewer's. */
  avatar?: number | null
}

/** Makes a group of the viewer, its owner, and these members. With a clientId, the same call again answers the same chat. */
export async function createGroupChat(ctx: Ctx, input: CreateGroupInput): Promise<Chat> {
  const viewer = viewerOf(ctx)
  throwFaults(groupFaults(input))
  const others = [...new Set(input.memberIds)].filter((id) => id !== viewer.userId)
  const title = input.title.trim()
  const clientHash = ctx.secrets.hmac('client-hash', JSON.stringify(['group', title, input.description ?? null, [...others].sort((a, b) => a - b), ...(input.avatar == null ? [] : [input.avatar])]))
  const chatId = await withTransaction(ctx, async (tx) => {
    const found = await readUsers(tx, others)
    const blockers = await blockersAmong(tx, others)
    throwFaults(input.memberIds.flatMap((id, index) => (id === viewer.userId || (found.has(id) && !blockers.has(id)) ? [] : [new NotFound('No such user.', ['memberIds', String(index)])])))
    const values = { kind: 'GROUP', title, avatarId: input.avatar, searchText: searchTextOf(title), description: input.description, memberCount: others.length + 1, createdBy: viewer.userId, clientId: input.clientId, clientHash } as const
    const chat = await insertChat(tx.db, values)
    if (chat === null) {
      const earlier = await findChatByClientId(tx.db, viewer.userId, input.clientId ?? '')
      if (earlier?.clientHash == null || !equalBytes(earlier.clientHash, clientHash)) throw new Conflict('This clientId was used for another chat.', ['clientId'])
      return earlier.id
    }
    if (input.avatar != null) await changeAvatar(tx, input.avatar, chat.id, null)
    await openChat(tx, chat, new Map([[viewer.userId, 'OWNER' as const], ...others.map((id) => [id, 'MEMBER' as const] as const)]))
    return chat.id
  })
  return chatOf(ctx, chatId)
}

/** Gives a new chat its stream and first members. Its first event is theirs alone; a wake-up goes to each one's own stream. */
async function openChat(tx: Ctx, chat: ChatRow, roles: ReadonlyMap<number, MemberRow['role']>): Promise<void> {
  const actorId = viewerOf(tx).userId
  const stream = await createStream(tx, chat.id)
  const fromSeq = await appendOne(tx, stream, { kind: EventKind.CHAT_CREATED, actorId, refId: chat.id })
  await insertMembers(
    tx.db,
    [...roles].map(([userId, role]) => ({ chatId: chat.id, userId, role, fromSeq, historyFrom: 1, deliveredUpTo: 0, readUpTo: 0 })),
  )
  const heads = await lockStreams(tx, [...roles.keys()])
  await append(tx, new Map([...heads.values()].map((head: StreamHead) => [head, { kind: EventKind.JOINED, actorId, refId: chat.id, rev: fromSeq }])))
}

function groupFaults(input: CreateGroupInput): AppError[] {
  const faults = chatTextFaults(input)
  if (input.memberIds.length > 100) faults.push(new InvalidInput('memberIds must be at most 100 at once; more can be added later.', ['memberIds']))
  if (input.clientId != null && !isUuid(input.clientId)) faults.push(new InvalidInput('clientId must be a UUID.', ['clientId']))
  return faults
}

/** What is wrong with what was given of a group's name and description. */
export function chatTextFaults(input: { title?: string | null; description?: string | null }): AppError[] {
  const title = input.title == null ? null : textFault(input.title, { min: 1, max: 120 })
  const description = input.description == null ? null : textFault(input.description, { min: 0, max: 1000 })
  return [
    ...(title === null ? [] : [new InvalidInput(`title ${title}.`, ['title'])]),
    ...(description === null ? [] : [new InvalidInput(`description ${description}.`, ['description'])]),
  ]
}

/** A chat that the viewer is certainly in. @throws {NotFound} where they have left it just now. */
export async function chatOf(ctx: Ctx, chatId: number): Promise<Chat> {
  const chat = await loadChat(ctx, chatId)
  if (chat === null) throw new NotFound('No such chat.')
  return chat
}
