import { expect, test } from 'vitest'
import { EventKind } from '../../src/event/types.ts'
import { check, counterexample } from './check/index.ts'
import type { History, Truth } from './check/types.ts'
import type { Entry, Note, Seen, View } from './journal.ts'

// The checker against journals written by hand. Chat 9 has alice (1), who made it, bob (2) with device 1, and carol (3), who is in it from event 4 on:
// made, two messages of alice, carol added, a third message, which is deleted.

const ALICE = 0
const BOB = 1
const CAROL = 2

const truth = (change: (truth: Truth) => void = () => undefined): Truth => {
  const event = (seq: number, kind: number, ref: number) => ({ chat: 9, seq, kind, actor: 1, ref })
  const message = (number: number, seq: number, deleted = false) => ({ chat: 9, number, seq, sender: 1, clientId: `id${number}`, deleted })
  const member = (user: number, from: number, history: number) => ({ user, chat: 9, from, to: null, history })
  const made: Truth = {
    events: [event(1, EventKind.CHAT_CREATED, 9), event(2, EventKind.MESSAGE_ADDED, 1), event(3, EventKind.MESSAGE_ADDED, 2), event(4, EventKind.MEMBER_ADDED, 3), event(5, EventKind.MESSAGE_ADDED, 3), event(6, EventKind.MESSAGE_DELETED, 3)],
    messages: [message(1, 2), message(2, 3), message(3, 6, true)],
    intervals: [member(1, 1, 1), member(2, 1, 1), member(3, 4, 3)],
    marks: [
      { user: 1, chat: 9, unread: 0, readUpTo: 0 },
      { user: 2, chat: 9, unread: 1, readUpTo: 1 },
      { user: 3, chat: 9, unread: 0, readUpTo: 2 },
    ],
  }
  change(made)
  return made
}

const said = (s: number, n: number, more: Partial<Seen> = {}): Seen => ({ ty: 'MessageAdded', ch: 9, s, n, x: true, a: true, ...more })
const added: Seen = { ty: 'MemberAdded', ch: 9, s: 4, a: true }
const third = said(5, 3, { x: false })
const deleted: Seen = { ty: 'MessageChanged.DELETED', ch: 9, s: 6, n: 3, a: true }
const mark = (readUpTo: number): Seen => ({ ty: 'ReceiptsChanged', ch: 9, s: null, m: [2, readUpTo], a: true })

const open = (d: number, c: number, from: [number, number] | null): Note => ({ d, k: 'open', c, from })
const fetched = (d: number, seq: number): Note => ({ d, k: 'snapshot', c: 1, of: 'start', chats: seq === 0 ? [] : [[9, seq]] })
const batch = (d: number, c: number, b: number, ...e: Seen[]): Note => ({ d, k: 'batch', c, b, at: 0, e, up: true })
const send = (n: number): Note => ({ d: ALICE, k: 'intent', id: `id${n}`, op: 'send', chat: 9 })
const ack = (n: number, s: number, more: object = {}): Note => ({ d: ALICE, k: 'ack', id: `id${n}`, sent: 0, tries: 1, chat: 9, n, s, ...more })
const view = (unread: number, last = '3 '): View => ({ chats: [[9, 6, unread, 3, last]], messages: [['9:3', 'deleted ']] })
const final = (d: number, unread: number, shown = view(unread)): Note => ({ d, k: 'final', shown, fresh: view(unread), cursor: true })

/** A run in which every promise was kept; bob's connection is lost after event 3. */
function clean(): Note[] {
  return [
    fetched(ALICE, 1), open(ALICE, 1, null), fetched(BOB, 1), open(BOB, 1, null), fetched(CAROL, 0), open(CAROL, 1, null),
    send(1), ack(1, 2), send(2), ack(2, 3),
    batch(ALICE, 1, 1, said(2, 1), said(3, 2), added), batch(BOB, 1, 1, said(2, 1)), batch(BOB, 1, 2, said(3, 2), mark(1)),
    { d: BOB, k: 'close', c: 1, code: 1006 },
    batch(CAROL, 1, 1, { ...added, ty: 'ChatAdded' }),
    { d: BOB, k: 'intent', id: 'read', op: 'read', chat: 9, n: 1 }, { d: BOB, k: 'ack', id: 'read', sent: 0, tries: 1, chat: 9 },
    send(3), ack(3, 5),
    { d: ALICE, k: 'intent', id: 'gone', op: 'delete', chat: 9, n: 3 }, { d: ALICE, k: 'ack', id: 'gone', sent: 0, tries: 1, chat: 9, n: 3, s: 6 },
    batch(ALICE, 1, 2, third, deleted), batch(CAROL, 1, 2, third, deleted),
    // It had not kept its newest cursor: what it knows comes again, and is passed over.
    open(BOB, 2, [1, 1]), batch(BOB, 2, 1, said(3, 2, { a: false }), added, third, deleted),
    { d: BOB, k: 'history', chat: 9, from: 999, shown: [1, 2] },
    final(ALICE, 0), final(BOB, 1), final(CAROL, 0),
  ]
}

function judge(notes: readonly Note[], facts = truth(), redisAway: History['redisAway'] = [], takeovers: History['takeovers'] = []) {
  const entries = notes.map((note, t) => ({ t, ...note, ...(note.k === 'batch' ? { at: t } : {}) }) as Entry)
  const history = { devices: [1, 2, 3], entries, truth: facts, redisAway, takeovers }
  const verdict = check(history)
  return { ...verdict, broken: Object.keys(verdict.byInvariant), example: counterexample(history, verdict) }
}

/** The clean run with every note that fits replaced; none means that it is left out. */
const changed = (fits: (note: Note) => boolean, ...by: Note[]) => {
  const notes = clean()
  expect(notes.some(fits)).toBe(true)
  return notes.flatMap((note) => (fits(note) ? by : [note]))
}
const isBatch = (d: number, c: number, b: number) => (note: Note) => note.k === 'batch' && note.d === d && note.c === c && note.b === b

test('a run in which all went well breaks no promise', () => {
  expect(judge(clean())).toMatchObject({ violations: [], repeats: 0, example: [] })
})

test('I1: an acknowledged message that the database does not have', () => {
  expect(judge(clean(), truth((facts) => facts.messages.shift())).broken).toContain('I1')
})

test('I1: an acknowledged message that never reached a device', () => {
  const { broken, example } = judge(changed((note) => note.k === 'open' && note.d === BOB && note.c === 2 || isBatch(BOB, 2, 1)(note) || isBatch(BOB, 1, 2)(note)))
  expect(broken).toContain('I1')
  expect(example[0]).toContain('never reached device 1 of user 2')
})

test('I1: a device that did not come back', () => {
  expect(judge(changed((note) => note.k === 'final' && note.d === CAROL)).broken).toEqual(['I1'])
})

test('I2: an event that was applied twice', () => {
  expect(judge(changed(isBatch(BOB, 2, 1), batch(BOB, 2, 1, said(3, 2), added, third, deleted))).broken).toContain('I2')
})

test('what a first fetch shows already may come once more, since the cursor is from before it', () => {
  const later: Note = { d: BOB, k: 'snapshot', c: 1, of: 'start', chats: [[9, 2]] }
  const first = (note: Note) => note.k === 'snapshot' && note.d === BOB
  const entries = changed(first, later).map((note) => (isBatch(BOB, 1, 1)(note) ? batch(BOB, 1, 1, said(2, 1, { a: false })) : note))
  expect(judge(entries).broken).toEqual([])
})

test('I2: an event that came twice on one connection', () => {
  expect(judge(changed(isBatch(ALICE, 1, 2), batch(ALICE, 1, 2, { ...added, a: false }, third, deleted))).broken).toEqual(['I2'])
})

test('I2: an event that came although the cursor had brought it', () => {
  expect(judge(changed(isBatch(BOB, 2, 1), batch(BOB, 2, 1, said(2, 1, { a: false }), said(3, 2, { a: false }), added, third, deleted))).broken).toEqual(['I2'])
})

test('I3: a hole between two events of a connection', () => {
  expect(judge(changed(isBatch(ALICE, 1, 2), batch(ALICE, 1, 2, deleted))).broken).toEqual(['I3'])
})

test('I3: an event that is another one in the database', () => {
  expect(judge(changed(isBatch(CAROL, 1, 2), batch(CAROL, 1, 2, { ...third, ty: 'MemberAdded' }, deleted))).broken).toEqual(['I3'])
})

test('I3: a hole in the numbers of a chat', () => {
  expect(judge(clean(), truth((facts) => facts.events.splice(3, 1))).broken).toContain('I3')
})

test('I3: a client that goes on after a reset without fetching', () => {
  const later = { ...batch(BOB, 2, 1, deleted), reset: { reason: 'TOO_MANY', chats: [9] } } as Note
  expect(judge(changed(isBatch(BOB, 2, 1), later)).broken).toContain('I3')
  const refetched = { d: BOB, k: 'snapshot', c: 2, of: [9], chats: [[9, 5]] } as Note
  expect(judge(changed(isBatch(BOB, 2, 1), refetched, later)).broken).toEqual([])
})

test('I4: an event of before somebody was a member', () => {
  expect(judge(changed(isBatch(CAROL, 1, 1), batch(CAROL, 1, 1, said(3, 2), { ...added, ty: 'ChatAdded' }))).broken).toContain('I4')
})

test('I4: a text of before somebody was a member', () => {
  const { broken } = judge(changed(isBatch(CAROL, 1, 2), batch(CAROL, 1, 2, said(5, 2, { ty: 'MessageAdded' }), deleted)))
  expect(broken).toEqual(['I4'])
})

test('I4: a message by somebody who was no member', () => {
  expect(judge(clean(), truth((facts) => void facts.events.forEach((event) => (event.actor = event.seq === 2 ? 3 : event.actor)))).broken).toEqual(['I4'])
})

test('I5: one clientId, two messages', () => {
  expect(judge(clean(), truth((facts) => void facts.messages.forEach((message) => (message.clientId = message.number === 2 ? 'id1' : message.clientId)))).broken).toContain('I5')
})

test('I5: a repeat that was acknowledged as another message, or refused', () => {
  expect(judge([...clean(), ack(1, 3, { n: 2 })]).broken).toEqual(['I5'])
  expect(judge([...clean(), { d: ALICE, k: 'refused', id: 'id1', code: 'CONFLICT' }]).broken).toEqual(['I5'])
})

test('I6: an unread count that a recount does not bear out', () => {
  expect(judge(changed((note) => note.k === 'final' && note.d === BOB, final(BOB, 2))).broken).toEqual(['I6'])
})

test('I6: a read mark that went back, or was lost', () => {
  expect(judge(changed(isBatch(BOB, 1, 2), batch(BOB, 1, 2, said(3, 2), mark(2), mark(1)))).broken).toEqual(['I6'])
  expect(judge(clean(), truth((facts) => void facts.marks.forEach((one) => (one.readUpTo = 0)))).broken).toEqual(['I6'])
})

test('I7: events that a cursor passed over', () => {
  expect(judge(changed(isBatch(BOB, 2, 1), batch(BOB, 2, 1, added, third, deleted))).broken).toContain('I7')
})

test('I8: a deleted text in a history, on a new connection, and after its own event', () => {
  expect(judge(changed((note) => note.k === 'history', { d: BOB, k: 'history', chat: 9, from: 999, shown: [3] })).broken).toEqual(['I8'])
  expect(judge(changed(isBatch(BOB, 2, 1), batch(BOB, 2, 1, said(3, 2, { a: false }), added, said(5, 3), deleted))).broken).toEqual(['I8'])
  expect(judge(changed(isBatch(CAROL, 1, 2), batch(CAROL, 1, 2, third, { ...deleted, x: true }))).broken).toEqual(['I8'])
})

test('I9: a send that waited while Redis was away', () => {
  const slow = (note: Note): Note => (note.k === 'ack' && note.id === 'id3' ? { ...note, sent: -6000 } : note)
  expect(judge(clean().map(slow), truth(), [[-7000, -5000]]).broken).toEqual(['I9'])
  expect(judge(clean().map(slow)).broken).toEqual([])
})

test('I10: a device that shows something else than a fetch', () => {
  const { broken, example } = judge(changed((note) => note.k === 'final' && note.d === BOB, final(BOB, 1, view(1, '2 hello'))))
  expect(broken).toEqual(['I10'])
  expect(example[0]).toBe('I10: device 1 of user 2 shows [seq, unread, members, last] of chat 9 as [6,1,3,"2 hello"], a fetch as [6,1,3,"3 "]')
})

// A standby without event 7 takes over, the fourth message that alice has sent: the number goes to another one.
const fourth = said(7, 4)
const other = truth((facts) => {
  facts.events.push({ chat: 9, seq: 7, kind: EventKind.MESSAGE_ADDED, actor: 1, ref: 4 })
  facts.messages.push({ chat: 9, number: 4, seq: 7, sender: 1, clientId: 'id5', deleted: false })
})
const begunAnew = (d: number): Note[] => [{ d, k: 'snapshot', c: 8, of: 'all', chats: [[9, 6]] }, { ...batch(d, 8, 1, fourth), reset: { reason: 'NEW_EPOCH', chats: null } } as Note]

function afterTakeover(change: { anew?: Note[]; more?: Note[] } = {}, facts = other, kept = 6) {
  const notes = clean()
  const ends = notes.splice(-3)
  const { anew = [ALICE, BOB, CAROL].flatMap((d) => [open(d, 8, [7, 1]), ...begunAnew(d)]), more = [send(5), ack(5, 7, { n: 4 })] } = change
  const before = [...notes, send(4), ack(4, 7), ...[ALICE, BOB, CAROL].flatMap((d) => [open(d, 7, d === BOB ? [2, 1] : [1, 2]), batch(d, 7, 1, fourth)])]
  return judge([...before, ...anew, ...more, ...ends], facts, [], [{ at: before.length - 0.5, kept: new Map([[9, kept]]) }])
}

test('what a standby that took over does not have is counted, and its numbers may mean something else', () => {
  expect(afterTakeover()).toMatchObject({ violations: [], ackedLost: 1 })
})

test('what such a standby lacks may be sent once more, and is another message then', () => {
  const resent = { ...other, messages: other.messages.map((message) => (message.number === 4 ? { ...message, number: 5, seq: 8, clientId: 'id4' } : message)) }
  expect(afterTakeover({ more: [ack(4, 8, { n: 5 })] }, resent)).toMatchObject({ broken: [], ackedLost: 0 })
})

test('I1: a message that the standby had, or one of after it took over', () => {
  expect(afterTakeover({}, other, 7).broken).toContain('I1')
  expect(afterTakeover({ more: [send(6), ack(6, 8)] })).toMatchObject({ broken: ['I1'], ackedLost: 1 })
})

test('I3: a device that goes on from what a standby does not have', () => {
  const { broken, violations } = afterTakeover({ anew: [ALICE, CAROL].flatMap((d) => [open(d, 8, [7, 1]), ...begunAnew(d)]) })
  expect(broken).toEqual(['I3'])
  expect(violations[0]?.text).toContain('device 1 of user 2 goes on from data that a standby did not have')
})

test('I8: a deletion that the standby has holds on, and one that it lacks does not', () => {
  const late = (n: number): Note => ({ d: BOB, k: 'history', chat: 9, from: 999, shown: [n] })
  expect(afterTakeover({ more: [late(3)] }).broken).toEqual(['I8'])
  expect(afterTakeover({ more: [late(3)] }, other, 5).broken).not.toContain('I8')
})

test('the counterexample tells what the database and the device know of it, in a few lines', () => {
  const { example } = judge(changed(isBatch(BOB, 2, 1), batch(BOB, 2, 1, added, third, deleted)))
  expect(example[0]).toContain('3 was passed over')
  expect(example.join('\n')).toContain('database  chat 9 seq 3 kind 10')
  expect(example.join('\n')).toContain('batch 2:1')
  expect(example.length).toBeLessThan(20)
})
