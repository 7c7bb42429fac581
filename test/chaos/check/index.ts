import { checkDevices } from './devices.ts'
import { checkSends } from './sends.ts'
import { checkStates } from './states.ts'
import { INVARIANTS } from './types.ts'
import type { History, Invariant, Violation } from './types.ts'

export interface Verdict {
  violations: Violation[]
  byInvariant: Partial<Record<Invariant, number>>
  /** Events that came again to somebody of so many chats that no cursor names them all: no fault. */
  repeats: number
  /** Acknowledged messages that a standby did not have: lost, and no fault. */
  ackedLost: number
}

/** Holds what clients saw against what they were promised: invariants I1 to I10 of docs/reliability.md. `told` was found on the way. */
export function check(history: History, told: readonly Violation[] = []): Verdict {
  const { violations: seen, repeats } = checkDevices(history)
  const { violations: sent, ackedLost } = checkSends(history)
  const violations = [...told, ...sent, ...seen, ...checkStates(history)]
  const byInvariant: Verdict['byInvariant'] = {}
  for (const name of INVARIANTS) {
    const count = violations.filter(({ invariant }) => invariant === name).length
    if (count > 0) byInvariant[name] = count
  }
  return { violations, byInvariant, repeats, ackedLost }
}

/** The violation that takes the least to tell, and what is known of it: a few lines. */
export function counterexample(history: History, { violations }: Verdict): string[] {
  const told = violations.slice(0, 200).map((violation) => ({ violation, lines: evidence(history, violation) }))
  // What a device shows in the end follows from what it received: that says more.
  const late = ({ violation }: (typeof told)[number]) => (violation.invariant === 'I10' ? 1 : 0)
  told.sort((a, b) => late(a) - late(b) || a.lines.length - b.lines.length || a.violation.t - b.violation.t)
  const [smallest] = told
  return smallest === undefined ? [] : [`${smallest.violation.invariant}: ${smallest.violation.text}`, ...smallest.lines]
}

const MAX_LINES = 14

function evidence({ entries, truth, devices, takeovers }: History, { d, chat, seq, t }: Violation): string[] {
  const about = truth.events.filter((event) => event.chat === chat && seq !== undefined && Math.abs(event.seq - seq) <= 1)
  const stored = about.map((event) => `  database  chat ${event.chat} seq ${event.seq} kind ${event.kind} by ${event.actor} about ${event.ref}`)
  const memberships = truth.intervals.filter((one) => one.chat === chat && d !== undefined && one.user === devices[d])
  const intervals = memberships.map((one) => `  database  user ${one.user} is in chat ${one.chat} from ${one.from} to ${one.to ?? 'now'}`)
  const replaced = takeovers.map(({ at, kept }) => `  database  replaced at ${at.toFixed(1)}${chat === undefined ? '' : ` by one that has chat ${chat} up to ${kept.get(chat) ?? 0}`}`)
  const lines: string[] = []
  for (const entry of entries) {
    if (entry.d !== d || (t > 0 && entry.t > t + 1)) continue
    if (entry.k === 'open' || entry.k === 'close' || entry.k === 'snapshot') lines.push(`  ${entry.t.toFixed(1)}  ${JSON.stringify({ ...entry, t: undefined, chats: undefined })}`)
    if (entry.k === 'batch') {
      const events = entry.e.filter((event) => event.ch === chat)
      if (events.length > 0 || entry.reset !== undefined) lines.push(`  ${entry.t.toFixed(1)}  batch ${entry.c}:${entry.b} ${JSON.stringify(events)}${entry.reset === undefined ? '' : ` reset ${JSON.stringify(entry.reset)}`}`)
    }
    if ('id' in entry && 'chat' in entry && entry.chat === chat) lines.push(`  ${entry.t.toFixed(1)}  ${JSON.stringify({ ...entry, t: undefined })}`)
  }
  return [...stored, ...intervals, ...replaced, ...lines.slice(-MAX_LINES)]
}
