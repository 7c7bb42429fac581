import { decodeId } from '../base/id.ts'
import { StartError } from '../base/start-error.ts'
import { chatOfKey, chatOfTwo } from '../chat/history.ts'
import { findChats, findMemberIds } from '../chat/store.ts'
import type { Ctx } from '../ctx.ts'
import { clientIdsOf } from '../message/history.ts'
import { userByUsername } from '../user/domain.ts'
import type { History, PastMessage } from './history.ts'
import { uuidOf } from './history.ts'
import { matchPeople } from './people.ts'
import type { Match, Naming } from './people.ts'

/** Where a history goes, as the command was told. */
export interface Where {
  /** Global ID of a chat that is there. */
  chat: string | null
  /** The title of a group of its own; null: as the other system has it. */
  group: string | null
  /** Into the direct chat of two people. */
  direct: boolean
}

/** Where a history goes: into a chat that is there, or one to be made; null title: the direct chat of two. */
export interface Target {
  chatId: number | null
  title: string | null
  /** Of a group, by which it is found again. */
  clientId: string
  matches: Match[]
  /** What the chat has of the history already. */
  there: Set<PastMessage>
  /** What it has not, in order. */
  fresh: PastMessage[]
}

/** The clientId by which a message of a history is known in a chat, for ever. */
export const clientIdFor = (chatId: number, { key }: PastMessage) => uuidOf('past message', chatId, key)

/** Finds where a history goes and what of it is there already. @throws {StartError} where it cannot go there. */
export async function findTarget(ctx: Ctx, history: History, where: Where, naming: Naming): Promise<Target> {
  const title = where.group ?? history.title
  const direct = where.chat === null && where.group === null && (where.direct || history.direct === true)
  if (where.chat === null && where.group === null && !where.direct && history.direct === null) throw new StartError('Nothing tells whether this is a chat of two or a group: say --direct or --group "TITLE".')
  // Who is named and never wrote is there as well.
  const people = withSilent(history, naming, direct)
  if (direct && people.length !== 2) throw new StartError(`A direct chat is one of two people, and here are ${people.length}: ${people.map(({ name }) => `"${name}"`).join(', ')}. Name both of them (--as "NAME=username"), or say --group "TITLE".`)
  if (where.chat === null && !direct && (title === null || [...title].length > 120)) throw new StartError('The group needs a title of at most 120 characters: --group "TITLE".')
  const clientId = uuidOf('past chat', where.group === null ? history.key : `group:${where.group}`)
  const chatId = await findChat(ctx, { ...where, direct }, { people, naming, clientId })
  const state = await stateOf(ctx, chatId, history)
  const matches = await matchPeople(ctx, people, naming, state.senders)
  return { chatId, title: direct ? null : title, clientId, matches, there: state.there, fresh: history.messages.filter((message) => !state.there.has(message)) }
}

function withSilent(history: History, naming: Naming, direct: boolean): History['people'] {
  const known = new Set(history.people.map(({ name }) => name))
  const partner = direct && history.people.length === 1 && history.title !== null ? [history.title] : []
  const more = new Set([...naming.as.keys(), ...naming.create.keys(), ...partner].filter((name) => !known.has(name)))
  return [...history.people, ...[...more].map((name) => ({ name, displayName: name, username: null, left: false, messages: 0 }))]
}

async function findChat(ctx: Ctx, where: Where, { people, naming, clientId }: { people: History['people']; naming: Naming; clientId: string }): Promise<number | null> {
  if (where.chat !== null) {
    const id = decodeId('Chat', where.chat)
    const [found] = id === null ? [] : await findChats(ctx.db, [id])
    if (found === undefined || found.chat.deletedAt !== null) throw new StartError(`There is no chat ${where.chat}: --chat takes the id that the API tells of it.`)
    if (found.chat.kind === 'WHATSAPP') throw new StartError('Nothing can be put into a chat with a customer on WhatsApp.')
    return found.chat.id
  }
  // Those of whom it is certain who they are, before the chat tells of the others.
  const certain: number[] = []
  for (const person of people) {
    const username = naming.as.get(person.name) ?? (naming.sameNames ? (person.username ?? person.name) : null)
    const user = (username === null ? null : await userByUsername(ctx, username)) ?? (await accountBefore(ctx, person, naming))
    if (user !== null) certain.push(user.id)
  }
  const [a, b] = certain
  if (where.direct) return a === undefined || b === undefined || a === b ? null : ((await chatOfTwo(ctx, a, b))?.id ?? null)
  return (await chatOfKey(ctx, certain, clientId))?.id ?? null
}

/** The account that an earlier run made for somebody, where there is one. */
async function accountBefore(ctx: Ctx, person: History['people'][number], naming: Naming): Promise<{ id: number } | null> {
  if (!naming.createOthers && !naming.create.has(person.name)) return null
  const [match] = await matchPeople(ctx, [person], naming, new Map()).catch(() => [])
  return match !== undefined && 'user' in match ? match.user : null
}

/** What a chat has of a history, and by whom. @throws {StartError} where the rest cannot go behind it. */
async function stateOf(ctx: Ctx, chatId: number | null, history: History): Promise<{ there: Set<PastMessage>; senders: Map<string, number> }> {
  const there = new Set<PastMessage>()
  const senders = new Map<string, number>()
  if (chatId === null) return { there, senders }
  const stored = await clientIdsOf(ctx, chatId)
  const byClientId = new Map(stored.map((row) => [row.clientId, row]))
  const ours = new Set<string | null>()
  for (const message of history.messages) {
    const clientId = clientIdFor(chatId, message)
    const row = byClientId.get(clientId)
    if (row === undefined) continue
    ours.add(clientId)
    there.add(message)
    if (row.senderId !== null) senders.set(message.person, row.senderId)
  }
  const first = history.messages.find((message) => !there.has(message))
  if (first === undefined) return { there, senders }
  const lastKnown = history.messages.findLast((message) => there.has(message))
  if (lastKnown !== undefined && history.messages.indexOf(lastKnown) > history.messages.indexOf(first)) {
    throw new StartError(`${first.where}: this message is not in the chat, where ones behind it are (${lastKnown.where}). The chat has another export of the same time: bring this one into a group of its own, by --group "TITLE".`)
  }
  const later = stored.findLast((row) => !ours.has(row.clientId) && row.createdAt > first.at)
  if (later !== undefined) {
    throw new StartError(`${first.where}: this message is of ${first.at.toISOString()}, and people have written in the chat since (${later.createdAt.toISOString()}): history goes before what is there in no chat. Bring it into a group of its own, by --group "TITLE".`)
  }
  return { there, senders }
}

/** @throws {StartError} where somebody who wrote is not in the chat. */
export async function checkMembers(ctx: Ctx, chatId: number, writers: ReadonlyMap<string, { id: number; username: string }>): Promise<void> {
  const members = new Set((await findMemberIds(ctx.db, [chatId])).map(({ userId }) => userId))
  const strangers = [...writers].filter(([, { id }]) => !members.has(id)).map(([name, { username }]) => `${username} ("${name}")`)
  if (strangers.length > 0) throw new StartError(`Not in that chat, and so nothing of theirs can be put there: ${strangers.join(', ')}. Add them first.`)
}
