import type { Entry } from './journal.ts'

export interface Figures {
  sends: number
  deliveries: number
  /** From the try that was answered to the answer. */
  sendMs: Spread
  /** From that try to each device that was connected. */
  deliveryMs: Spread
  /** From the loss of a connection to being up to date on another one. */
  resumeMs: Spread
  /** Tries that were not answered, by what the client saw. */
  failed: Record<string, number>
}

export interface Spread {
  p50: number
  p99: number
  max: number
}

export function figuresOf(entries: readonly Entry[]): Figures {
  const failed: Record<string, number> = {}
  const sendMs: number[] = []
  const resumeMs: number[] = []
  let deliveries = 0
  for (const entry of entries) {
    if (entry.k === 'ack' && entry.n !== undefined) sendMs.push(entry.t - entry.sent)
    else if (entry.k === 'failed') failed[entry.why] = (failed[entry.why] ?? 0) + 1
    else if (entry.k === 'resumed') resumeMs.push(entry.ms)
    else if (entry.k === 'batch') deliveries += entry.e.filter(({ a }) => a).length
  }
  const all = () => true
  return { sends: sendMs.length, deliveries, sendMs: spread(sendMs), deliveryMs: deliveriesOf(entries, [-Infinity, Infinity], all, all), resumeMs: spread(resumeMs), failed }
}

/** How long it took to those devices, for messages that were sent in this span of time into those chats. */
export function deliveriesOf(entries: readonly Entry[], span: readonly [from: number, to: number], toDevice: (d: number) => boolean, intoChat: (chat: number) => boolean): Spread {
  const sent = new Map<string, number>()
  for (const entry of entries) {
    if (entry.k !== 'ack' || entry.n === undefined || entry.chat === undefined || entry.sent < span[0] || entry.sent >= span[1] || !intoChat(entry.chat)) continue
    const key = `${entry.chat}:${entry.n}`
    // Of several tries the first one.
    sent.set(key, Math.min(entry.sent, sent.get(key) ?? Infinity))
  }
  const times = entries.flatMap((entry) =>
    entry.k !== 'batch' || !toDevice(entry.d)
      ? []
      : entry.e.flatMap(({ ty, ch, n, a }) => {
          const began = a && ty === 'MessageAdded' ? sent.get(`${ch}:${n}`) : undefined
          return began === undefined ? [] : [Math.max(0, entry.at - began)]
        }),
  )
  return spread(times)
}

function spread(values: number[]): Spread {
  values.sort((a, b) => a - b)
  const at = (part: number) => Math.round((values[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
