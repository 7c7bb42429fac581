import { sql } from 'drizzle-orm'
import { encodeId } from '../base/id.ts'
import { Loaders } from '../base/loaders.ts'
import { VERSION } from '../base/version.ts'
import { sessionsOf } from '../auth/sessions.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat } from '../chat/domain.ts'
import { listChats } from '../chat/list.ts'
import { findMemberPages } from '../chat/store.ts'
import type { Ctx } from '../ctx.ts'
import { messageAttachments } from '../message/attachments.ts'
import { MESSAGE_KINDS, listMessages, loadMessage } from '../message/domain.ts'
import type { Message } from '../message/domain.ts'
import { editHistory } from '../message/edit.ts'
import { listActors, reactionGroups } from '../reaction/domain.ts'
import { bytesOf, loadAttachment } from '../upload/domain.ts'
import type { Attachment } from '../upload/domain.ts'
import { listBlocked } from '../user/blocks.ts'
import { isContact, loadActor } from '../user/contacts.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import type { Progress } from './progress.ts'
import type { Sink } from './sink.ts'

/** So many are read at once. */
const PAGE = 100

/** What was written. */
export interface Written {
  chats: number
  messages: number
  files: number
}

/** Writes all that the viewer has, as docs/import-export.md tells it: what they may read by the API, and what they wrote where they may read no more. */
export async function writeUserData(given: Ctx, user: User, sink: Sink, progress: Progress): Promise<Written> {
  const written: Written = { chats: 0, messages: 0, files: 0 }
  /** What is read is remembered for a page only. */
  const anew = (): Ctx => ({ ...given, loaders: new Loaders() })
  const takeFile = async (file: Attachment) => {
    const bytes = file.state === 'READY' ? await bytesOf(given, file, 'file') : null
    if (bytes === null) return null
    const path = `files/${file.id}-${file.fileName}`
    await sink.add(path, bytes as AsyncIterable<Buffer>)
    written.files += 1
    return path
  }
  const messagesIn = async function* (ctx: Ctx, list: readonly Message[]): AsyncGenerator<string> {
    for (const message of list) {
      const files = await messageAttachments(ctx, message)
      // One at a time: a zip takes no two at once.
      const paths: (string | null)[] = []
      for (const file of files) paths.push(await takeFile(file))
      yield JSON.stringify(await describeMessage(ctx, message, files.map((file, index) => ({ ...describeFile(file), path: paths[index] ?? null }))))
      written.messages += 1
    }
  }

  const chats = await allChats(anew)
  const index: unknown[] = []
  for (const [place, chat] of chats.entries()) {
    progress.show('chats', place, chats.length)
    const path = `chats/${encodeId('Chat', chat.chat.id)}.json`
    const lines: string[] = []
    for await (const line of pagesOf(anew, chat, messagesIn)) lines.push(line)
    await sink.add(path, asList(lines))
    index.push({ ...(await describeChat(anew(), chat)), path })
    written.chats += 1
  }
  const elsewhere: string[] = []
  for (const keys of inPages(await keysElsewhere(given, chats))) {
    const ctx = anew()
    const list = (await Promise.all(keys.map(async (key) => loadMessage(ctx, key)))).filter((message) => message !== null)
    for await (const line of messagesIn(ctx, list)) elsewhere.push(line)
  }
  const ctx = anew()
  const avatar = user.avatarId === null ? null : await loadAttachment(ctx, user.avatarId)
  const picture = avatar === null ? null : await takeFile(avatar)
  await sink.add('chats.json', [pretty(index)])
  await sink.add('elsewhere.json', asList(elsewhere))
  await sink.add('account.json', [pretty({ format: 'parley-user', version: 1, server: VERSION, exportedAt: new Date(), ...(await describeAccount(ctx, user)), picture })])
  progress.end()
  return written
}

const pretty = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

function* asList(lines: readonly string[]): Generator<string> {
  yield '['
  for (const [index, line] of lines.entries()) yield `${index === 0 ? '' : ','}\n${line}`
  yield '\n]\n'
}

function* inPages<T>(list: readonly T[]): Generator<T[]> {
  for (let from = 0; from < list.length; from += PAGE) yield list.slice(from, from + PAGE)
}

/** All chats that the viewer is in. Those with customers are the product's, not a person's. */
async function allChats(anew: () => Ctx): Promise<Chat[]> {
  const chats: Chat[] = []
  for (const kind of ['DIRECT', 'GROUP'] as const) {
    for (let cursor = null; ; ) {
      const page = await listChats(anew(), { kind }, { limit: PAGE, backward: false, cursor })
      chats.push(...page.items)
      const last = page.items.at(-1)
      if (!page.hasNextPage || last === undefined) break
      cursor = page.keyOf(last)
    }
  }
  return chats
}

/** A chat's messages, as far as its member may read them, page by page. */
async function* pagesOf(anew: () => Ctx, chat: Chat, say: (ctx: Ctx, list: readonly Message[]) => AsyncIterable<string>): AsyncGenerator<string> {
  for (let cursor: number | null = null; ; ) {
    const ctx = anew()
    const page: Awaited<ReturnType<typeof listMessages>> = await listMessages(ctx, chat, { limit: PAGE, backward: false, cursor }, null)
    yield* say(ctx, page.items)
    const last = page.items.at(-1)
    if (!page.hasNextPage || last === undefined) return
    cursor = last.number
  }
}

/** What the viewer wrote where they may read no more, or only by a role: it is theirs nevertheless. */
async function keysElsewhere(ctx: Ctx, chats: readonly Chat[]): Promise<(readonly [number, number])[]> {
  const from = new Map(chats.map(({ chat, member }) => [chat.id, member.historyFrom]))
  const rows = await ctx.db.execute<{ chat_id: number; number: number }>(sql`select chat_id, number from message where sender_id = ${viewerOf(ctx).userId} order by chat_id, number`)
  return rows.map((row) => [Number(row.chat_id), Number(row.number)] as const).filter(([chatId, number]) => number < (from.get(chatId) ?? Infinity))
}

async function describeAccount(ctx: Ctx, user: User) {
  const sessions = (await sessionsOf(ctx, user.id)) ?? []
  const blocked = await listBlocked(ctx, { limit: 10_000, backward: false, cursor: null })
  const { username, displayName, email, externalId, bio, statusText, availability, roles, createdAt, lastSeenAt } = user
  return {
    profile: { id: encodeId('User', user.id), username, displayName, email, externalId, bio, statusText, availability, roles, createdAt, lastSeenAt },
    sessions: sessions.map((session) => ({ userAgent: session.userAgent, createdAt: session.createdAt, lastUsedAt: session.lastUsedAt })),
    blocked: blocked.items.map((one) => one.username),
  }
}

async function describeChat(ctx: Ctx, { chat, member, stream }: Chat) {
  const rows = await findMemberPages(ctx.db, [chat.id], { after: null, backward: false, limit: 10_000 })
  const members = await Promise.all(rows.map(async (row) => ({ ...(await nameOf(ctx, row.userId)), role: row.role, joinedAt: row.joinedAt })))
  return {
    id: encodeId('Chat', chat.id),
    kind: chat.kind,
    title: chat.title,
    description: chat.description,
    createdAt: chat.createdAt,
    lastActivityAt: stream.lastAt,
    you: { role: member.role, joinedAt: member.joinedAt, readUpTo: member.readUpTo, mutedUntil: member.mutedUntil, archived: member.archived, pinned: member.pinned },
    members,
  }
}

async function describeMessage(ctx: Ctx, message: Message, files: unknown[]) {
  const chat = await loadChat(ctx, message.chatId)
  const reactions = await Promise.all(
    // Of a message elsewhere the words alone are the viewer's own.
    (chat === null ? [] : reactionGroups(message)).map(async (group) => ({
      emoji: group.emoji,
      count: group.count,
      by: (await listActors(ctx, group, { limit: 1000, backward: false, cursor: null })).items.map((actor) => (isContact(actor) ? actor.displayName : actor.username)),
    })),
  )
  const { number, replyTo, forwarded, location, cards, createdAt, editedAt, deletedAt, pinnedAt, body } = message
  const former = (await editHistory(ctx, message)).map((revision) => ({ text: revision.body, at: revision.at }))
  return {
    id: encodeId('Message', message.chatId, number),
    chat: encodeId('Chat', message.chatId),
    number,
    from: message.senderId === null ? null : await nameOf(ctx, message.senderId),
    kind: MESSAGE_KINDS[message.kind],
    text: body,
    createdAt,
    editedAt,
    deletedAt,
    pinnedAt,
    replyTo,
    forwarded,
    location,
    cards,
    former,
    files,
    reactions,
  }
}

const describeFile = ({ fileName, mimeType, byteSize, kind, width, height, durationSeconds }: Attachment) => ({ fileName, mimeType, byteSize, kind, width, height, durationSeconds })

async function nameOf(ctx: Ctx, id: number): Promise<{ username: string | null; displayName: string }> {
  const actor = await loadActor(ctx, id)
  return actor === null ? { username: null, displayName: '' } : { username: isContact(actor) ? null : actor.username, displayName: actor.displayName }
}
