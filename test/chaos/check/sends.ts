import { EventKind } from '../../../src/event/types.ts'
import { epochsOf } from './epochs.ts'
import { membershipOf } from './membership.ts'
import type { History, Violation } from './types.ts'

/** So long an answer may take while Redis is away. */
const PATIENCE_MS = 5000

/** Holds what was acknowledged against the database (I1, I4, I5, I9). */
export function checkSends({ entries, truth, devices, redisAway, takeovers }: History): { violations: Violation[]; ackedLost: number } {
  const violations: Violation[] = []
  const epochs = epochsOf(takeovers)
  const lost = new Set<string>()
  const membership = membershipOf(truth)
  const intents = new Map(entries.flatMap((entry) => (entry.k === 'intent' && entry.op === 'send' ? [[entry.id, entry] as const] : [])))
  const stored = new Map<string, History['truth']['messages']>()
  for (const message of truth.messages) {
    if (message.clientId !== null) stored.set(message.clientId, [...(stored.get(message.clientId) ?? []), message])
  }
  for (const [id, list] of stored) {
    const senders = new Set(list.map(({ sender }) => sender))
    const [first] = list
    if (first !== undefined && list.length > senders.size) violations.push({ invariant: 'I5', t: 0, chat: first.chat, seq: list[1]?.seq, text: `clientId ${id} is ${list.length} messages: ${list.map(({ chat, number }) => `${number} of chat ${chat}`).join(', ')}` })
  }
  for (const entry of entries) {
    if (!('id' in entry)) continue
    const intent = intents.get(entry.id)
    if (intent === undefined) continue
    const about = { t: entry.t, d: entry.d, chat: intent.chat }
    if (entry.k === 'refused' && entry.code === 'CONFLICT') violations.push({ invariant: 'I5', ...about, text: `the repeat of ${entry.id} was refused as a conflict` })
    if (entry.k === 'ack') {
      const found = stored.get(entry.id)?.find(({ sender }) => sender === devices[intent.d])
      // A standby took over without it. Where its sender has sent it once more, it is another message.
      const excused = entry.s !== undefined && !epochs.kept(epochs.at(entry.t), intent.chat, entry.s)
      if (found === undefined && excused) lost.add(entry.id)
      else if (found === undefined) violations.push({ invariant: 'I1', ...about, seq: entry.s, text: `message ${entry.n} of chat ${intent.chat} (clientId ${entry.id}) was acknowledged and is not in the database` })
      else if (!excused && (found.number !== entry.n || found.chat !== intent.chat)) {
        violations.push({ invariant: 'I5', ...about, seq: entry.s, text: `clientId ${entry.id} was acknowledged as message ${entry.n} and is message ${found.number} of chat ${found.chat}` })
      }
      const away = redisAway.some(([from, to]) => entry.sent >= from && entry.sent <= to)
      if (away && entry.t - entry.sent > PATIENCE_MS) violations.push({ invariant: 'I9', ...about, text: `without Redis a send took ${Math.round(entry.t - entry.sent)} ms` })
    }
  }
  for (const event of truth.events) {
    if (event.kind !== EventKind.MESSAGE_ADDED || event.actor === null || membership.at(event.actor, event.chat, event.seq) !== null) continue
    violations.push({ invariant: 'I4', t: 0, chat: event.chat, seq: event.seq, text: `user ${event.actor} wrote event ${event.seq} of chat ${event.chat}, of which they were no member then` })
  }
  for (const [chat, seqs] of groupSeqs(truth)) {
    seqs.forEach((seq, index) => {
      if (seq !== index + 1 && seqs[index - 1] === index) violations.push({ invariant: 'I3', t: 0, chat, seq: index + 1, text: `chat ${chat} has no event ${index + 1}, but later ones` })
    })
  }
  return { violations, ackedLost: lost.size }
}

function groupSeqs(truth: History['truth']): Map<number, number[]> {
  const seqs = new Map<number, number[]>()
  for (const { chat, seq } of truth.events) {
    const list = seqs.get(chat)
    if (list === undefined) seqs.set(chat, [seq])
    else list.push(seq)
  }
  for (const list of seqs.values()) list.sort((a, b) => a - b)
  return seqs
}
