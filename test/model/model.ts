/**
 * What must be true, worked out from the deeds alone: plain lists, counted afresh each time. It shares nothing with the server, on purpose.
 * People and chats are known by their places in a small world.
 */
export interface Model {
  people: number
  /** A chat for each place; null: a direct chat that nobody has opened yet. */
  chats: (ModelChat | null)[]
  /** The two people of a direct chat, by its place; null: a group. */
  pairs: readonly (readonly [number, number] | null)[]
  /** `a>b`: a has blocked b. */
  blocks: Set<string>
  /** Counts up with everybody who joins: who was there first. */
  clock: number
}

export type Role = 'OWNER' | 'ADMIN' | 'MEMBER'

export interface ModelChat {
  /** Message number n stands at n - 1. */
  messages: ModelMessage[]
  /** Who is in it now. */
  members: Map<number, ModelMember>
}

export interface ModelMessage {
  sender: number
  deleted: boolean
  mentions: number[]
  pinned: boolean
}

export interface ModelMember {
  role: Role
  joined: number
  /** The first message that they may read. */
  from: number
  deliveredUpTo: number
  readUpTo: number
  /** They deleted the direct chat from their list when this was the newest message. */
  hiddenUpTo: number | null
}

/** What the server must tell somebody of one of their chats. */
export interface View {
  unreadCount: number
  unreadMentionCount: number
  memberCount: number
  deliveredUpTo: number
  readUpTo: number
  viewerMember: { role: Role; deliveredUpTo: number; readUpTo: number }
  lastMessage: { number: number; deleted: boolean; status: Status } | null
}

export type Status = 'SENT' | 'DELIVERED' | 'READ'

/** A world of so many people, with groups (each of its first members, the first one its owner) and pairs that may write to each other. */
export function newModel(people: number, groups: readonly (readonly number[])[], pairs: readonly (readonly [number, number])[]): Model {
  const model: Model = { people, chats: [], pairs: [...groups.map(() => null), ...pairs], blocks: new Set(), clock: 0 }
  for (const members of groups) model.chats.push(openChat(model, members, true))
  for (const _ of pairs) model.chats.push(null)
  return model
}

/** Founders come in at the same moment, so only their own order tells them apart. */
export function openChat(model: Model, people: readonly number[], group: boolean): ModelChat {
  const joined = ++model.clock
  const entry = (person: number, index: number) => [person, { role: group && index === 0 ? 'OWNER' : 'MEMBER', joined, from: 1, deliveredUpTo: 0, readUpTo: 0, hiddenUpTo: null }] as const
  return { messages: [], members: new Map(people.map(entry)) }
}

/** Lets somebody in: they read what is sent from now on. */
export function join(model: Model, chat: ModelChat, person: number): void {
  const newest = chat.messages.length
  chat.members.set(person, { role: 'MEMBER', joined: ++model.clock, from: newest + 1, deliveredUpTo: newest, readUpTo: newest, hiddenUpTo: null })
}

/** Who takes over from an owner who leaves: another owner changes nothing; else the admin, else the member, who has been there for longest. */
export function heir(chat: ModelChat, leaving: number): ModelMember | null {
  const rank = { OWNER: 0, ADMIN: 1, MEMBER: 2 }
  const others = [...chat.members].filter(([person]) => person !== leaving)
  others.sort(([a, one], [b, other]) => rank[one.role] - rank[other.role] || one.joined - other.joined || a - b)
  return others[0]?.[1] ?? null
}

export function isBlocked(model: Model, [a, b]: readonly [number, number]): boolean {
  return model.blocks.has(`${a}>${b}`) || model.blocks.has(`${b}>${a}`)
}

/** What somebody sees of a chat; null where it is not in their list. */
export function viewOf(chat: ModelChat | null, viewer: number): View | null {
  const member = chat?.members.get(viewer)
  if (chat === null || member === undefined || isHidden(chat, member)) return null
  const newest = chat.messages.length
  const { role, deliveredUpTo, readUpTo } = member
  const unread = chat.messages.filter((message, index) => index + 1 > readUpTo && index + 1 >= member.from && message.sender !== viewer && !message.deleted)
  return {
    unreadCount: unread.length,
    unreadMentionCount: unread.filter(({ mentions }) => mentions.includes(viewer)).length,
    memberCount: chat.members.size,
    deliveredUpTo: Math.min(newest, least(chat, viewer, 'deliveredUpTo')),
    readUpTo: Math.min(newest, least(chat, viewer, 'readUpTo')),
    viewerMember: { role, deliveredUpTo, readUpTo },
    lastMessage: newest >= member.from ? { number: newest, deleted: chat.messages[newest - 1]?.deleted ?? false, status: statusOf(chat, newest) } : null,
  }
}

/** What somebody may read of a chat: of each message its number, whether it is gone, or pinned, and how far it has come. */
export function historyOf(chat: ModelChat, viewer: number): { number: number; deleted: boolean; pinned: boolean; status: Status }[] {
  const from = chat.members.get(viewer)?.from ?? Infinity
  return chat.messages.flatMap(({ deleted, pinned }, index) => (index + 1 >= from ? [{ number: index + 1, deleted, pinned, status: statusOf(chat, index + 1) }] : []))
}

export function isHidden(chat: ModelChat, member: ModelMember): boolean {
  return member.hiddenUpTo !== null && chat.messages.length <= member.hiddenUpTo
}

/** By the least of all who are in the chat now, but the sender. */
function statusOf(chat: ModelChat, number: number): Status {
  const sender = chat.messages[number - 1]?.sender ?? -1
  if (number <= least(chat, sender, 'readUpTo')) return 'READ'
  return number <= least(chat, sender, 'deliveredUpTo') ? 'DELIVERED' : 'SENT'
}

function least(chat: ModelChat, but: number, mark: 'deliveredUpTo' | 'readUpTo'): number {
  return Math.min(...[...chat.members].filter(([person]) => person !== but).map(([, member]) => member[mark]))
}
