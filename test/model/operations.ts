import fc from 'fast-check'
import { heir, isBlocked, isHidden, join, openChat } from './model.ts'
import type { Model, ModelChat, ModelMember, ModelMessage, Role } from './model.ts'

/**
 * What somebody does, as plain data: people and chats by their places in a small world, a message by how far it is behind the newest one.
 * `by` is one of those who may do it, counted round; with `anyone` it is whoever has this number, and `back` any message: then it may be refused.
 */
export type Operation =
  | { do: 'send'; by: number; anyone: boolean; chat: number; mention: number | null; answer: number | null }
  | { do: 'edit'; by: number; anyone: boolean; chat: number; back: number; mention: number | null }
  | { do: 'delete' | 'read' | 'delivered' | 'pin' | 'unpin'; by: number; anyone: boolean; chat: number; back: number }
  | { do: 'react' | 'unreact'; by: number; anyone: boolean; chat: number; back: number; emoji: '👍' | '🎉' }
  | { do: 'leave' | 'join' | 'hide' | 'show' | 'title' | 'archive' | 'unarchive' | 'block' | 'unblock'; by: number; anyone: boolean; chat: number }
  | { do: 'add' | 'remove' | 'owner' | 'admin' | 'member'; by: number; anyone: boolean; chat: number; who: number }
  | { do: 'rename'; by: number }
  /** The other device comes back for a moment. */
  | { do: 'resume'; by: number }
  /** All who listen are compared with a fresh fetch. */
  | { do: 'compare' }

type Name = Operation['do']

/** Operations of a world, the more likely the greater their weight here. */
export function operations(world: { people: number; groups: number; chats: number }, weights: Partial<Record<Name, number>>): fc.Arbitrary<Operation> {
  const by = fc.nat(world.people - 1)
  const who = fc.nat(world.people - 1)
  const chat = fc.nat(world.chats - 1)
  const group = fc.nat(world.groups - 1)
  const pair = fc.integer({ min: world.groups, max: world.chats - 1 })
  const back = fc.nat(5)
  const anyone = fc.integer({ min: 0, max: 7 }).map((one) => one === 0)
  const mention = fc.option(who, { freq: 3 })
  const emoji = fc.constantFrom('👍' as const, '🎉' as const)
  const make = <N extends Name>(name: N, parts: object = {}) => ({ name, arbitrary: fc.record({ do: fc.constant(name), ...parts }, { noNullPrototype: true }) as unknown as fc.Arbitrary<Operation> })
  const all = [
    make('send', { by, anyone, chat, mention, answer: fc.option(back, { freq: 4 }) }),
    make('edit', { by, anyone, chat, back, mention }),
    ...(['delete', 'read', 'delivered', 'pin', 'unpin'] as const).map((name) => make(name, { by, anyone, chat, back })),
    ...(['react', 'unreact'] as const).map((name) => make(name, { by, anyone, chat, back, emoji })),
    ...(['leave', 'join', 'title'] as const).map((name) => make(name, { by, anyone, chat: group })),
    ...(['hide', 'show', 'block', 'unblock'] as const).map((name) => make(name, { by, anyone, chat: pair })),
    ...(['add', 'remove', 'owner', 'admin', 'member'] as const).map((name) => make(name, { by, anyone, chat: group, who })),
    ...(['archive', 'unarchive'] as const).map((name) => make(name, { by, anyone, chat })),
    ...(['rename', 'resume'] as const).map((name) => make(name, { by })),
    make('compare'),
  ]
  return fc.oneof(...all.flatMap(({ name, arbitrary }) => ((weights[name] ?? 0) > 0 ? [{ weight: weights[name] ?? 0, arbitrary }] : [])))
}

export type ErrorCode = 'NOT_FOUND' | 'NOT_ALLOWED'

/** What an operation comes to. */
export interface Outcome {
  /** Who did it. */
  by: number
  /** The message that it is about, or that it makes. */
  number: number | null
  /** Whom it is about. */
  who: number | null
  /** The error that must be its answer. */
  error: ErrorCode | null
}

/** What an operation is really about, in the world as it is. */
interface Situation {
  model: Model
  chat: ModelChat
  pair: readonly [number, number] | null
  by: number
  member: ModelMember
}

type Answer = Omit<Outcome, 'by'> | null
const done = (number: number | null = null, who: number | null = null) => ({ number, who, error: null })
const refused = (error: ErrorCode, number: number | null = null, who: number | null = null) => ({ number, who, error })

/** Does it in the model; answers what the server must answer. Null: there is nothing to do it with. */
export function step(model: Model, op: Exclude<Operation, { do: 'compare' }>): Outcome | null {
  const by = actorOf(model, op)
  const answer = 'chat' in op ? inChat(model, op, by) : done()
  return answer === null ? null : { ...answer, by }
}

/** In a direct chat one of the two; in a group one who may, where there is somebody. */
function actorOf(model: Model, op: Exclude<Operation, { do: 'compare' }>): number {
  if (!('chat' in op)) return op.by
  const pair = model.pairs[op.chat] ?? null
  if (pair !== null) return pair[op.by % 2] ?? 0
  if (op.anyone || op.do === 'join') return op.by
  return oneOf(placesOf(model.chats[op.chat] ?? null, ({ role }) => !(NOT_FOR[op.do] ?? []).includes(role)), op.by) ?? op.by
}

const NOT_FOR: Partial<Record<Name, Role[]>> = { pin: ['MEMBER'], unpin: ['MEMBER'], title: ['MEMBER'], add: ['MEMBER'], remove: ['MEMBER'], owner: ['MEMBER', 'ADMIN'], admin: ['MEMBER', 'ADMIN'], member: ['MEMBER', 'ADMIN'] }

function placesOf(chat: ModelChat | null, fits: (member: ModelMember) => boolean): number[] {
  return [...(chat?.members ?? [])].flatMap(([place, member]) => (fits(member) ? [place] : [])).sort((a, b) => a - b)
}

/** Counted round. */
function oneOf(places: readonly number[], index: number): number | null {
  return places[index % places.length] ?? null
}

type InChat = Extract<Operation, { chat: number }>

function inChat(model: Model, op: InChat, by: number): Answer {
  const chat = model.chats[op.chat] ?? null
  const pair = model.pairs[op.chat] ?? null
  if (pair !== null && (op.do === 'block' || op.do === 'unblock')) return block(model, pair, by, op.do === 'block')
  if (chat === null) return pair === null ? null : openPair(model, op, pair, by)
  const member = chat.members.get(by)
  if (op.do === 'join') {
    // With its last member a group is gone.
    if (chat.members.size === 0) return refused('NOT_FOUND')
    if (member === undefined) join(model, chat, by)
    return done()
  }
  if (member === undefined) return ofOutsider(chat, op)
  const situation = { model, chat, pair, by, member }
  if (op.do === 'send') return send(situation, op)
  if ('back' in op) return ofMessage(situation, op)
  return 'who' in op ? ofMember(situation, op) : ofChat(situation, op)
}

/** Whether their chat is there already or not. */
function block(model: Model, pair: readonly [number, number], by: number, blocked: boolean): Answer {
  const other = by === pair[0] ? pair[1] : pair[0]
  if (blocked) model.blocks.add(`${by}>${other}`)
  else model.blocks.delete(`${by}>${other}`)
  return done(null, other)
}

/** The first thing that somebody does in a direct chat makes it. */
function openPair(model: Model, op: InChat, pair: readonly [number, number], by: number): Answer {
  if (op.do !== 'send' && op.do !== 'show') return null
  const other = by === pair[0] ? pair[1] : pair[0]
  if (model.blocks.has(`${by}>${other}`)) return refused('NOT_ALLOWED')
  if (model.blocks.has(`${other}>${by}`)) return refused('NOT_FOUND')
  model.chats[op.chat] = openChat(model, pair, false)
  return op.do === 'send' ? inChat(model, { ...op, answer: null }, by) : done()
}

/** Who is not in a group finds nothing of it: neither the chat nor any message. */
function ofOutsider(chat: ModelChat, op: InChat): Answer {
  if (!('back' in op)) return refused('NOT_FOUND', null, 'who' in op ? op.who : null)
  return chat.messages.length === 0 ? null : refused('NOT_FOUND', numberAt(chat, op.back))
}

/** Any message, counted from the newest one. */
function numberAt(chat: ModelChat, back: number): number {
  return Math.max(1, chat.messages.length - back)
}

function send({ model, chat, pair, by, member }: Situation, { mention, answer }: Extract<Operation, { do: 'send' }>): Answer {
  const number = chat.messages.length + 1
  if (pair !== null && isBlocked(model, pair)) return refused('NOT_ALLOWED', number)
  if (answer !== null && number > 1 && numberAt(chat, answer) < member.from) return refused('NOT_FOUND', number)
  chat.messages.push({ sender: by, deleted: false, mentions: mentioned(chat, mention), pinned: false })
  return done(number)
}

/** Only who is in the chat can be mentioned in it. */
function mentioned(chat: ModelChat, mention: number | null): number[] {
  return mention !== null && chat.members.has(mention) ? [mention] : []
}

type OfMessage = Extract<Operation, { back: number }>

function ofMessage(situation: Situation, op: OfMessage): Answer {
  const { model, chat, pair, by, member } = situation
  const number = op.anyone ? numberAt(chat, op.back) : oneOf(suitable(situation, op), op.back)
  const message = chat.messages[(number ?? 0) - 1]
  if (number === null || message === undefined) return null
  if (number < member.from) return refused('NOT_FOUND', number)
  if (op.do === 'read' || op.do === 'delivered') {
    if (op.do === 'read') member.readUpTo = Math.max(member.readUpTo, number)
    member.deliveredUpTo = Math.max(member.deliveredUpTo, number)
    return done(number)
  }
  const manages = pair === null && member.role !== 'MEMBER'
  // Where one has blocked the other nothing can be written any more, but what was written can be deleted.
  if (op.do !== 'delete' && pair !== null && isBlocked(model, pair)) return refused('NOT_ALLOWED', number)
  if (op.do === 'edit' && message.sender !== by) return refused('NOT_ALLOWED', number)
  if (op.do === 'delete' && message.sender !== by && !manages) return refused('NOT_ALLOWED', number)
  if ((op.do === 'pin' || op.do === 'unpin') && pair === null && !manages) return refused('NOT_ALLOWED', number)
  if (message.deleted && op.do !== 'delete' && op.do !== 'unpin') return refused('NOT_ALLOWED', number)
  if (op.do === 'edit') message.mentions = mentioned(chat, op.mention)
  if (op.do === 'pin' || op.do === 'unpin') message.pinned = op.do === 'pin'
  if (op.do === 'delete') Object.assign(message, { deleted: true, pinned: false, mentions: [] })
  return done(number)
}

/** The messages that it can be done to, the newest first. */
function suitable({ chat, by, member }: Situation, op: OfMessage): number[] {
  const fits = ({ sender, deleted, pinned }: ModelMessage) => {
    if (op.do === 'read' || op.do === 'delivered') return true
    if (op.do === 'unpin') return pinned
    return !deleted && ((op.do !== 'edit' && op.do !== 'delete') || sender === by)
  }
  return chat.messages.flatMap((message, index) => (index + 1 >= member.from && fits(message) ? [index + 1] : [])).reverse()
}

function ofChat({ chat, by, member }: Situation, op: Exclude<InChat, { back: number } | { who: number } | { do: 'send' }>): Answer {
  switch (op.do) {
    case 'hide': {
      const newest = chat.messages.length
      if (!isHidden(chat, member)) Object.assign(member, { hiddenUpTo: newest, from: newest + 1, deliveredUpTo: newest, readUpTo: newest })
      return done()
    }
    case 'show':
      member.hiddenUpTo = null
      return done()
    case 'leave': {
      const next = member.role === 'OWNER' ? heir(chat, by) : null
      if (next !== null) next.role = 'OWNER'
      chat.members.delete(by)
      return done()
    }
    case 'title':
      return member.role === 'MEMBER' ? refused('NOT_ALLOWED') : done()
    case 'archive':
    case 'unarchive':
    case 'block':
    case 'unblock':
    case 'join':
      return done()
  }
}

function ofMember({ model, chat, by, member }: Situation, op: Extract<Operation, { do: 'add' | 'remove' | 'owner' | 'admin' | 'member' }>): Answer {
  const others = op.do === 'add' ? Array.from({ length: model.people }, (_, place) => place).filter((place) => !chat.members.has(place)) : placesOf(chat, (one) => one !== member)
  const who = op.anyone ? op.who : oneOf(others, op.who)
  if (who === null) return null
  const other = chat.members.get(who)
  if (member.role === 'MEMBER' || (member.role === 'ADMIN' && op.do !== 'add' && op.do !== 'remove')) return refused('NOT_ALLOWED', null, who)
  if (op.do === 'add') {
    // Who has blocked somebody is not there for them.
    if (other === undefined && model.blocks.has(`${who}>${by}`)) return refused('NOT_FOUND', null, who)
    if (other === undefined) join(model, chat, who)
    return done(null, who)
  }
  if (other === undefined) return refused('NOT_FOUND', null, who)
  if (op.do === 'remove') {
    if (who === by || (member.role !== 'OWNER' && other.role !== 'MEMBER')) return refused('NOT_ALLOWED', null, who)
    chat.members.delete(who)
    return done(null, who)
  }
  const role = ({ owner: 'OWNER', admin: 'ADMIN', member: 'MEMBER' } as const)[op.do]
  // A group needs an owner.
  if (who === by && role !== 'OWNER' && placesOf(chat, (one) => one.role === 'OWNER').length === 1) return refused('NOT_ALLOWED', null, who)
  other.role = role
  return done(null, who)
}
