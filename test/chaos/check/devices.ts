import { EventKind } from '../../../src/event/types.ts'
import type { Entry, Seen } from '../journal.ts'
import { epochsOf } from './epochs.ts'
import type { Epochs } from './epochs.ts'
import { membershipOf } from './membership.ts'
import type { Membership } from './membership.ts'
import type { History, Invariant, Truth, Violation } from './types.ts'

/** Where a reader stands in each chat; null: it may be anywhere. A chat that is not there was not begun. */
type Positions = Map<number, number | null>
/** So many streams a cursor names; beyond that it may bring again what it has brought. */
const MAX_NAMED = 64

type Batch = Extract<Entry, { k: 'batch' }>

/** Goes through what each device received, and looks whether anything was lost, came twice or was not the user's (I1, I2, I3, I4, I7). */
export function checkDevices(history: History): { violations: Violation[]; repeats: number } {
  const membership = membershipOf(history.truth)
  const stored = new Map(history.truth.events.map((event) => [`${event.chat}:${event.seq}`, event]))
  const acked = new Set(history.entries.flatMap((entry) => (entry.k === 'ack' && entry.s !== undefined ? [`${entry.chat}:${entry.s}`] : [])))
  const epochs = epochsOf(history.takeovers)
  const byDevice = new Map<number, Entry[]>()
  for (const entry of history.entries) byDevice.set(entry.d, [])
  for (const entry of history.entries) byDevice.get(entry.d)?.push(entry)
  const found = [...byDevice].map(([d, entries]) => checkDevice({ d, user: history.devices[d] ?? 0, entries, membership, stored, acked, epochs }))
  return { violations: found.flatMap(({ violations }) => violations), repeats: found.reduce((sum, { repeats }) => sum + repeats, 0) }
}

interface Walk {
  d: number
  user: number
  entries: readonly Entry[]
  membership: Membership
  stored: ReadonlyMap<string, Truth['events'][number]>
  acked: ReadonlySet<string>
  epochs: Epochs
}

function checkDevice({ d, user, entries, membership, stored, acked, epochs }: Walk): { violations: Violation[]; repeats: number } {
  const violations: Violation[] = []
  let repeats = 0
  const report = (invariant: Invariant, t: number, chat: number, seq: number, text: string) => violations.push({ invariant, t, d, chat, seq, text })
  const used = new Set(entries.flatMap((entry) => (entry.k === 'open' && entry.from !== null ? [entry.from.join(':')] : [])))
  const atCursor = new Map<string, Positions>()
  /** What the device has applied. */
  let applied: Positions = new Map()
  /** What was sent on this connection, from its cursor on. */
  let sent: Positions = new Map()
  let resumed = false
  let firsts = new Set<number>()
  let started = false
  /** The body of data that the device goes by: it changes when it fetches everything. */
  let epoch = 0

  const missing = (positions: Positions, chat: number, seq: number) => {
    const position = positions.get(chat)
    if (position === null) return null
    const next = membership.next(user, chat, position ?? 0)
    // Who was a member at a number that was lost nobody can say any more.
    return next !== null && next < seq && epochs.kept(epoch, chat, next) ? next : null
  }
  const reset = (positions: Positions, chats: readonly number[] | null) => {
    for (const chat of chats ?? membership.chatsOf(user)) positions.set(chat, null)
  }

  const isTrue = (batch: Batch, ty: string, ch: number, s: number) => {
    const event = stored.get(`${ch}:${s}`)
    if (membership.at(user, ch, s) === null) report('I4', batch.t, ch, s, `${ty} ${s} of chat ${ch} came to user ${user}, who was no member then`)
    if (event === undefined) report('I3', batch.t, ch, s, `${ty} ${s} of chat ${ch} came, and the database has no such event`)
    else if (!mayBe(ty, event, user)) report('I3', batch.t, ch, s, `${s} of chat ${ch} came as ${ty}, and is of kind ${event.kind} in the database`)
  }

  const see = (batch: Batch, { ty, ch, s, a }: Seen) => {
    if (ch === null || s === null) return
    const served = epochs.at(batch.at)
    if (epochs.kept(served, ch, s)) isTrue(batch, ty, ch, s)
    // A number of the new body of data, before the device has heard that there is one: it says nothing about those of the old one.
    if (served !== epoch && !epochs.kept(epoch, ch, s)) {
      sent.set(ch, Math.max(s, sent.get(ch) ?? 0))
      if (a) applied.set(ch, s)
      return
    }

    if (s <= (sent.get(ch) ?? 0)) {
      if (firsts.has(ch)) report('I2', batch.t, ch, s, `${ty} ${s} of chat ${ch} came twice on one connection`)
      else if (membership.chatsOf(user).length <= MAX_NAMED) report('I2', batch.t, ch, s, `${ty} ${s} of chat ${ch} came again after a cursor that had brought ${sent.get(ch)}`)
      else repeats += 1
    } else {
      const lost = missing(sent, ch, s)
      if (lost !== null && resumed && !firsts.has(ch)) report('I7', batch.t, ch, lost, `after the cursor of ${sent.get(ch) ?? 0} in chat ${ch} came ${s}: ${lost} was passed over`)
      else if (lost !== null) report('I3', batch.t, ch, lost, `after ${sent.get(ch) ?? 0} of chat ${ch} came ${s}: ${lost} was passed over`)
      firsts.add(ch)
      sent.set(ch, s)
    }
    if (!a) return
    if (s <= (applied.get(ch) ?? 0)) report('I2', batch.t, ch, s, `${ty} ${s} of chat ${ch} was applied again, after ${applied.get(ch)}`)
    const hole = missing(applied, ch, s)
    if (hole !== null) report('I3', batch.t, ch, hole, `the device applied ${s} of chat ${ch} after ${applied.get(ch) ?? 0}, without ${hole}`)
    applied.set(ch, s)
  }

  for (const entry of entries) {
    if (entry.k === 'open') {
      resumed = entry.from !== null
      // The cursor of a fetch is from before it: what the fetch shows already may come once more.
      sent = new Map(entry.from === null ? [...applied.keys()].map((chat) => [chat, null] as const) : (atCursor.get(entry.from.join(':')) ?? []))
      firsts = new Set()
    } else if (entry.k === 'snapshot') {
      if (typeof entry.of !== 'string') reset(applied, entry.of)
      // Of a chat that is not in a later fetch nobody can say how far it was followed.
      else if (started) reset(applied, null)
      else applied = new Map()
      started = true
      if (typeof entry.of === 'string') epoch = epochs.at(entry.t)
      for (const [chat, seq] of entry.chats) applied.set(chat, seq)
    } else if (entry.k === 'batch') {
      if (entry.reset !== undefined) {
        reset(sent, entry.reset.chats)
        firsts = new Set()
      }
      for (const seen of entry.e) see(entry, seen)
      const key = `${entry.c}:${entry.b}`
      if (used.has(key)) atCursor.set(key, new Map(sent))
    } else if (entry.k === 'final') {
      if (epoch !== epochs.last) violations.push({ invariant: 'I3', t: entry.t, d, text: `device ${d} of user ${user} goes on from data that a standby did not have, and never began anew` })
      for (const chat of membership.chatsOf(user)) {
        const position = applied.get(chat)
        const lost = position === null ? null : membership.next(user, chat, position ?? 0)
        if (lost === null) continue
        const isAcked = acked.has(`${chat}:${lost}`)
        report(isAcked ? 'I1' : 'I3', entry.t, chat, lost, `${isAcked ? 'the acknowledged message at ' : 'event '}${lost} of chat ${chat} never reached device ${d} of user ${user}, which stands at ${position ?? 0}`)
      }
    }
  }
  if (!entries.some((entry) => entry.k === 'final')) violations.push({ invariant: 'I1', t: entries.at(-1)?.t ?? 0, d, text: `device ${d} did not come back in time` })
  return { violations, repeats }
}

const TYPES: Partial<Record<number, string>> = {
  [EventKind.CHAT_CREATED]: 'ChatAdded',
  [EventKind.MEMBER_CHANGED]: 'MemberChanged',
  [EventKind.CHAT_CHANGED]: 'ChatChanged',
  [EventKind.CHAT_DELETED]: 'ChatRemoved',
  [EventKind.MESSAGE_ADDED]: 'MessageAdded',
  [EventKind.MESSAGE_EDITED]: 'MessageChanged.EDITED',
  [EventKind.MESSAGE_DELETED]: 'MessageChanged.DELETED',
  [EventKind.MESSAGE_REACTED]: 'MessageChanged.REACTIONS',
  [EventKind.MESSAGE_PINNED]: 'MessageChanged.PINNED',
  [EventKind.MESSAGES_ERASED]: 'MessagesErased',
}

function mayBe(ty: string, { kind, ref }: Truth['events'][number], user: number): boolean {
  if (kind === EventKind.MEMBER_ADDED) return ty === (ref === user ? 'ChatAdded' : 'MemberAdded')
  if (kind === EventKind.MEMBER_REMOVED) return ty === (ref === user ? 'ChatRemoved' : 'MemberRemoved')
  return TYPES[kind] === undefined || TYPES[kind] === ty
}
