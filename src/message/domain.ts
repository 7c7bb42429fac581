import { BadUserInput } from '../base/errors.ts'
import { inOrderOf } from '../base/loaders.ts'
import type { MaybePromise } from '../base/loaders.ts'
import type { Page, PageRequest } from '../base/page.ts'
import type { Ctx } from '../ctx.ts'
import { gatheringOutside } from '../db/gather.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat } from '../chat/domain.ts'
import { userLoader } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { countUnread, findMessages, findRanges } from './store.ts'
import type { MessageKey, MessageRow, Range, UserAndChat } from './store.ts'
import type { ContactCard, Failure, Location } from './table.ts'

export type Message = MessageRow & {
  /** True where the viewer may know of it, but not what it says. */
  withheld?: true
}
export type { ContactCard, Failure, Location, MessageKey }

/** Stored numbers of the kinds of messages. */
export const MESSAGE_KINDS = ['TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'STICKER', 'LOCATION', 'CONTACTS', 'TEMPLATE', 'UNSUPPORTED'] as const

/** How far a message came outside: stored as its place here, the further the higher. See src/whatsapp/status.ts. */
export const OUTSIDE_STATUSES = ['SENDING', 'SENT', 'FAILED', 'DELIVERED', 'READ'] as const

const nameOf = ([chatId, number]: MessageKey) => `${chatId},${number}`

/** A message by chat and number, whoever asks: for those who know already that the viewer may see it. */
export function loadMessage(ctx: Ctx, key: MessageKey): MaybePromise<Message | null> {
  return ctx.shared?.rows.message<Message>(...key) ?? messageLoader(ctx).take(key)
}

function messageLoader(ctx: Ctx) {
  return ctx.loaders.get<MessageKey, Message | null>('message', async (keys) => inOrderOf(keys.map(nameOf), await findMessages(ctx.db, keys), (row) => nameOf([row.chatId, row.number])), nameOf)
}

/** A message that the viewer may see; null where there is none. */
export function visibleMessage(ctx: Ctx, key: MessageKey): MaybePromise<Message | null> {
  if (ctx.shared !== undefined) {
    ctx.shared.assumeReads(...key)
    return loadMessage(ctx, key)
  }
  const ofChat = (chat: Chat | null) => (chat !== null && key[1] >= chat.member.historyFrom ? loadMessage(ctx, key) : null)
  const chat = loadChat(ctx, key[0])
  return chat instanceof Promise ? chat.then(ofChat) : ofChat(chat)
}

/** The newest message that the viewer may see, a deleted one too: as history shows it. */
export function lastMessage(ctx: Ctx, chat: Chat): MaybePromise<Message | null> {
  if (chat.stream.messageNo === 0) return null
  if (ctx.shared !== undefined) return visibleMessage(ctx, [chat.chat.id, chat.stream.messageNo])
  return chat.stream.messageNo >= chat.member.historyFrom ? loadMessage(ctx, [chat.chat.id, chat.stream.messageNo]) : null
}

/** A page of a chat's history, ascending. With `around` the page is centred on that message instead. */
export async function listMessages(ctx: Ctx, chat: Chat, request: PageRequest<number>, around: MessageKey | null): Promise<Page<Message, number>> {
  const lowest = chat.member.historyFrom
  const newest = chat.stream.messageNo
  let from: number
  let to: number
  if (around !== null) {
    if (request.cursor !== null) throw new BadUserInput('Use `around` with `first` or `last` for the size of the page, without `after` and `before`.')
    if (around[0] !== chat.chat.id || around[1] < lowest || around[1] > newest) throw new BadUserInput('`around` is not a message of this chat.')
    // Near an end of the history the page moves inward rather than becoming smaller.
    to = Math.min(newest, around[1] + Math.floor(request.limit / 2))
    from = Math.max(lowest, to - request.limit + 1)
    to = Math.min(newest, from + request.limit - 1)
  } else if (request.backward) {
    to = Math.min(newest, (request.cursor ?? newest + 1) - 1)
    from = Math.max(lowest, to - request.limit + 1)
  } else {
    from = Math.max(lowest, (request.cursor ?? 0) + 1)
    to = Math.min(newest, from + request.limit - 1)
  }
  const items = from > to ? [] : await rangeLoader(ctx).load({ chatId: chat.chat.id, from, to })
  return { items, keyOf: (message) => message.number, hasPreviousPage: from > lowest && newest >= lowest, hasNextPage: to < newest }
}

/** Few enough pages in one statement that none waits long for the rows of the others. */
const readRanges = gatheringOutside(findRanges, { most: 8, atOnce: 4 })

/** Histories of several chats that are asked for at once share a statement. */
function rangeLoader(ctx: Ctx) {
  return ctx.loaders.get<Range, Message[]>(
    'messages',
    async (ranges) => {
      const [known, knownUsers] = [messageLoader(ctx), userLoader(ctx)]
      return (await readRanges(ctx, ranges)).map(({ messages, senders }, index) => {
        const { from, to } = ranges[index] as Range
        for (const message of messages) known.know([message.chatId, message.number], message)
        for (const user of senders) knownUsers.know(user.id, user)
        // What is answered may stand on the page as well, and is there twice then.
        const items = new Map(messages.filter(({ number }) => number >= from && number <= to).map((message) => [message.number, message]))
        return [...items.values()].sort((a, b) => a.number - b.number)
      })
    },
    ({ chatId, from, to }) => `${chatId}:${from}:${to}`,
  )
}

/** How many messages of a chat the viewer may see, deleted ones included. */
export function countMessages(chat: Chat): number {
  return Math.max(0, chat.stream.messageNo - chat.member.historyFrom + 1)
}

/** A count that each member of a chat has of their own. */
export async function ofViewer(ctx: Ctx, chatId: number, name: string, count: (db: Ctx['db'], keys: readonly UserAndChat[]) => Promise<Map<string, number>>): Promise<number> {
  const loader = ctx.loaders.get<UserAndChat, number>(
    name,
    async (keys) => {
      const counts = await count(ctx.db, keys)
      return keys.map((key) => counts.get(String(key)) ?? 0)
    },
    String,
  )
  if (ctx.shared === undefined) return loader.load([viewerOf(ctx).userId, chatId])
  return ctx.shared.ofEach(async (viewerIds) => {
    const counts = new Map(await Promise.all(viewerIds.map(async (id) => [id, await loader.load([id, chatId])] as const)))
    return (viewerId) => counts.get(viewerId) ?? null
  })
}

/** Others' undeleted messages above the viewer's read mark. */
export function unreadCount(ctx: Ctx, chatId: number): Promise<number> {
  return ofViewer(ctx, chatId, 'unread', countUnread)
}

/** The message that this one answers; null where it answers none, or one from before the viewer's time. */
export function repliedMessage(ctx: Ctx, message: Message): MaybePromise<Message | null> {
  return message.replyTo === null ? null : visibleMessage(ctx, [message.chatId, message.replyTo])
}
