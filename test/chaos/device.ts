import { EVENTS, SNAPSHOT } from './documents.ts'
import { now } from './journal.ts'
import type { Journal } from './journal.ts'
import { pause } from './processes.ts'
import type { Random } from './random.ts'
import { createShown, numberOf, seenOf } from './shown.ts'
import type { Shown } from './shown.ts'
import { openLine } from './wire.ts'
import type { Data, Line } from './wire.ts'

/** Two ways in which a client can be wrong, to see that it is noticed. */
export interface ClientFaults {
  noDedupe: boolean
  ignoreReset: boolean
}

export interface DeviceOptions {
  d: number
  userId: number
  token: string
  url: string
  journal: Journal
  random: Random
  faults: ClientFaults
}

/** One device: it stays connected, goes on from its cursor wherever it was cut, applies what comes, and notes all of it. */
export interface Device {
  d: number
  userId: number
  shown: Shown
  /** The connection, while there is one on which events flow. */
  line(): Line | null
  /** Breaks the connection off; it comes again by itself. */
  cut(): void
  setOffline(offline: boolean): void
  /** Stops reading for good, as a device that hangs, until `cut`. */
  hang(): void
  /** Number of the newest event that was applied of a chat. */
  applied(chat: number): number
  /** What a device without a past would show. */
  fetch(): Promise<Data>
  stop(): Promise<void>
}

/** A cursor, and with which batch of which connection it came. */
interface Kept {
  text: string
  c: number
  b: number
}

/** How often a device comes back with the cursor before its newest, as one that ended between applying events and keeping the cursor. */
const FORGETS = 0.3

export function startDevice(options: DeviceOptions): Device {
  const { d, journal, random, faults } = options
  const shown = createShown()
  /** Number of the newest event applied, by chat. */
  const applied = new Map<number, number>()
  let cursor: Kept | null = null
  let previous: Kept | null = null
  let line: Line | null = null
  let hung: Line | null = null
  let connection = 0
  let lostAt: number | null = null
  let stopped = false
  let offline = false

  /** Fetches what is shown; of these chats, or all. */
  const refetch = async (on: Line, of: 'start' | 'all' | number[]): Promise<string> => {
    const { eventCursor, chats } = await on.ask(SNAPSHOT, {}, 20_000)
    if (chats.pageInfo.hasNextPage) throw new Error('more chats than one page')
    const wanted = (id: number) => typeof of === 'string' || of.includes(id)
    if (typeof of === 'string') {
      applied.clear()
      shown.clear()
    }
    for (const id of typeof of === 'string' ? [] : of) {
      applied.delete(id)
      shown.drop(id)
    }
    const list = chats.nodes.filter((chat: Data) => wanted(numberOf(chat.id) ?? 0))
    for (const chat of list) applied.set(numberOf(chat.id) ?? 0, chat.seq)
    shown.fill(list)
    journal.write({ d, k: 'snapshot', c: connection, of, chats: list.map((chat: Data) => [numberOf(chat.id) ?? 0, chat.seq]) })
    return eventCursor
  }

  const take = (event: Data) => {
    const seen = seenOf(event)
    if (seen.ch !== null && seen.s !== null) {
      if (seen.s <= (applied.get(seen.ch) ?? 0) && !faults.noDedupe) return seen
      applied.set(seen.ch, seen.s)
    }
    seen.a = true
    shown.apply(event, seen)
    return seen
  }

  const takeBatch = async (on: Line, c: number, b: number, at: number, { events }: Data) => {
    const reset = events.reset === null ? null : { reason: events.reset.reason as string, chats: events.reset.chatIds?.map(numberOf) ?? null }
    if (reset !== null && !faults.ignoreReset) await refetch(on, reset.chats ?? 'all')
    journal.write({ d, k: 'batch', c, b, at, e: events.events.map(take), up: events.caughtUp, ...(reset === null ? {} : { reset }) })
    previous = cursor
    cursor = { text: events.cursor, c, b }
    if (events.caughtUp && lostAt !== null) {
      journal.write({ d, k: 'resumed', c, ms: now() - lostAt })
      lostAt = null
    }
  }

  const connect = async (): Promise<void> => {
    const c = (connection += 1)
    const from = previous !== null && random.chance(FORGETS) ? previous : cursor
    const byVariable = random.chance(0.5)
    let close: (code: number) => void = () => undefined
    const closed = new Promise<number>((resolve) => (close = resolve))
    const on = await openLine({ url: options.url, token: options.token, resumeAfter: byVariable ? null : (from?.text ?? null), onClose: close })
    try {
      const after = from === null ? await refetch(on, 'start') : byVariable ? from.text : null
      journal.write({ d, k: 'open', c, from: from === null ? null : [from.c, from.b] })
      let queue = Promise.resolve()
      let batches = 0
      let gone = false
      on.subscribe(EVENTS, { after }, (data) => {
        const at = now()
        const b = (batches += 1)
        // Whatever is still in the queue of a lost connection was never received: the cursor says so.
        queue = queue.then(() => (gone ? undefined : takeBatch(on, c, b, at, data))).catch(() => { on.close() })
      })
      line = on
      const code = await closed
      gone = true
      line = null
      lostAt ??= now()
      await queue
      journal.write({ d, k: 'close', c, code })
    } finally {
      on.close()
    }
  }

  const live = async () => {
    while (!stopped) {
      if (offline) {
        await pause(100)
        continue
      }
      const ms = performance.now()
      await connect().catch(() => undefined)
      // Sooner after a long connection, later after one that failed.
      if (!stopped) await pause((performance.now() - ms < 1000 ? 200 : 50) + random.below(300))
    }
  }
  const done = live()
  return {
    d,
    userId: options.userId,
    shown,
    line: () => line,
    cut: () => {
      line?.close()
      hung?.close()
      hung = null
    },
    hang: () => {
      hung = line
      line = null
      hung?.hang()
    },
    setOffline: (value) => {
      offline = value
      // Comes back with its newest cursor, so that what it missed can be counted.
      previous = null
      if (value) line?.close()
    },
    applied: (chat) => applied.get(chat) ?? 0,
    fetch: async () => {
      if (line === null) throw new Error('lost')
      return line.ask(SNAPSHOT, {}, 20_000)
    },
    async stop() {
      stopped = true
      line?.close()
      hung?.close()
      await done
    },
  }
}
