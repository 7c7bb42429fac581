import type { View } from '../journal.ts'
import { epochsOf } from './epochs.ts'
import { membershipOf } from './membership.ts'
import type { History, Violation } from './types.ts'

/** Marks and unread counts, deleted texts, and what devices show in the end (I4, I6, I8, I10). */
export function checkStates(history: History): Violation[] {
  return [...checkMarks(history), ...checkTexts(history), ...checkViews(history)]
}

function checkMarks({ entries, truth, devices, takeovers }: History): Violation[] {
  const violations: Violation[] = []
  const epochs = epochsOf(takeovers)
  const marks = new Map(truth.marks.map((mark) => [`${mark.user}:${mark.chat}`, mark]))
  const highest = new Map<string, number>()
  const reads = new Map(entries.flatMap((entry) => (entry.k === 'intent' && entry.op === 'read' ? [[entry.id, entry] as const] : [])))
  for (const entry of entries) {
    if (entry.k === 'batch') {
      for (const { ch, m } of entry.e) {
        if (m === undefined || ch === null) continue
        const key = `${epochs.at(entry.at)}:${entry.d}:${ch}:${m[0]}`
        const before = highest.get(key) ?? 0
        if (m[1] < before) violations.push({ invariant: 'I6', t: entry.t, d: entry.d, chat: ch, text: `the read mark of user ${m[0]} in chat ${ch} went back from ${before} to ${m[1]}` })
        highest.set(key, Math.max(before, m[1]))
      }
    } else if (entry.k === 'ack') {
      const read = reads.get(entry.id)
      // One that a standby took over without may be lost.
      const mark = read === undefined || epochs.at(entry.t) !== epochs.last ? undefined : marks.get(`${devices[read.d]}:${read.chat}`)
      if (mark !== undefined && mark.readUpTo < (read?.n ?? 0)) violations.push({ invariant: 'I6', t: entry.t, d: entry.d, chat: mark.chat, text: `reading up to ${read?.n} was acknowledged, and the mark is at ${mark.readUpTo}` })
    } else if (entry.k === 'final') {
      for (const [chat, , unread] of entry.fresh.chats) {
        const mark = marks.get(`${devices[entry.d]}:${chat}`)
        if (mark !== undefined && mark.unread !== unread) violations.push({ invariant: 'I6', t: entry.t, d: entry.d, chat, text: `user ${mark.user} has ${unread} unread in chat ${chat}, a recount says ${mark.unread}` })
      }
    }
  }
  return violations
}

/** A text that is deleted is not shown by anything that was asked for after that was acknowledged, nor after its event on the same connection. */
function checkTexts({ entries, truth, devices, takeovers }: History): Violation[] {
  const violations: Violation[] = []
  const epochs = epochsOf(takeovers)
  const membership = membershipOf(truth)
  const deletes = new Map(entries.flatMap((entry) => (entry.k === 'intent' && entry.op === 'delete' ? [[entry.id, entry] as const] : [])))
  const deletedAt = new Map<string, number>()
  for (const entry of entries) {
    const intent = entry.k === 'ack' ? deletes.get(entry.id) : undefined
    if (intent === undefined || entry.k !== 'ack') continue
    // A deletion that a standby does not have holds only until that takes over.
    const first = epochs.at(entry.t)
    const last = epochs.kept(first, intent.chat, entry.s ?? Infinity) ? epochs.last : first
    for (let epoch = first; epoch <= last; epoch++) {
      const key = `${epoch}:${intent.chat}:${intent.n}`
      if (!deletedAt.has(key)) deletedAt.set(key, entry.t)
    }
  }
  const opened = new Map<number, { at: number; gone: Set<string> }>()
  const leak = (t: number, d: number, chat: number, n: number, how: string) => violations.push({ invariant: 'I8', t, d, chat, text: `message ${n} of chat ${chat} was deleted, and its text came ${how}` })
  for (const entry of entries) {
    if (entry.k === 'open') opened.set(entry.d, { at: entry.t, gone: new Set() })
    else if (entry.k === 'history') {
      for (const n of entry.shown) if (entry.from > (deletedAt.get(`${epochs.at(entry.t)}:${entry.chat}:${n}`) ?? Infinity)) leak(entry.t, entry.d, entry.chat, n, 'in a history that was asked for after that')
    } else if (entry.k === 'batch') {
      const connection = opened.get(entry.d)
      for (const { ty, ch, s, n, x } of entry.e) {
        if (ch === null || n === undefined) continue
        const epoch = epochs.at(entry.at)
        const key = `${epoch}:${ch}:${n}`
        if (x === true) {
          if (ty === 'MessageChanged.DELETED') leak(entry.t, entry.d, ch, n, 'with the event that says so')
          else if (connection?.gone.has(key)) leak(entry.t, entry.d, ch, n, 'after the event that says so')
          else if ((connection?.at ?? 0) > (deletedAt.get(key) ?? Infinity)) leak(entry.t, entry.d, ch, n, 'on a connection that began after that')
          const interval = s === null || !epochs.kept(epoch, ch, s) ? null : membership.at(devices[entry.d] ?? 0, ch, s)
          if (interval !== null && n < interval.history) {
            violations.push({ invariant: 'I4', t: entry.t, d: entry.d, chat: ch, ...(s === null ? {} : { seq: s }), text: `the text of message ${n} of chat ${ch} came to user ${devices[entry.d]}, who reads from ${interval.history} on` })
          }
        }
        if (ty === 'MessageChanged.DELETED') connection?.gone.add(key)
      }
    } else if (entry.k === 'final') {
      const gone = new Set(truth.messages.filter(({ deleted }) => deleted).map(({ chat, number }) => `${chat}:${number}`))
      for (const [key, shown] of entry.fresh.messages) if (gone.has(key) && !shown.startsWith('deleted')) leak(entry.t, entry.d, Number(key.split(':')[0]), Number(key.split(':')[1]), 'in the last fetch')
    }
  }
  return violations
}

function checkViews({ entries, devices }: History): Violation[] {
  const violations: Violation[] = []
  for (const entry of entries) {
    if (entry.k !== 'final') continue
    const difference = firstDifference(entry.shown, entry.fresh)
    if (difference !== null) violations.push({ invariant: 'I10', t: entry.t, d: entry.d, chat: difference.chat, text: `device ${entry.d} of user ${devices[entry.d]} ${difference.text}` })
  }
  return violations
}

function firstDifference(shown: View, fresh: View): { chat: number; text: string } | null {
  const chats = new Map(shown.chats.map((chat) => [chat[0], chat]))
  for (const chat of fresh.chats) {
    const own = chats.get(chat[0])
    if (own === undefined) return { chat: chat[0], text: `does not list chat ${chat[0]}, a fetch does` }
    if (JSON.stringify(own) !== JSON.stringify(chat)) return { chat: chat[0], text: `shows [seq, unread, members, last] of chat ${chat[0]} as ${JSON.stringify(own.slice(1))}, a fetch as ${JSON.stringify(chat.slice(1))}` }
    chats.delete(chat[0])
  }
  for (const id of chats.keys()) return { chat: id, text: `lists chat ${id}, a fetch does not` }
  const messages = new Map(shown.messages)
  for (const [key, text] of fresh.messages) {
    const own = messages.get(key)
    if (own !== undefined && own !== text) return { chat: Number(key.split(':')[0]), text: `shows message ${key} as "${own}", a fetch as "${text}"` }
  }
  return null
}
