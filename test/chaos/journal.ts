import { createWriteStream, readFileSync } from 'node:fs'

/** An event as a device received it: short names, there are millions of them. */
export interface Seen {
  /** __typename, for MessageChanged with what changed behind a dot. */
  ty: string
  /** The chat's number; null for what concerns people. */
  ch: number | null
  /** The number of the event; null for state. */
  s: number | null
  /** The message's number. */
  n?: number
  /** Whether the message came with its text. */
  x?: boolean
  /** Whose mark moved, and where it stands. */
  m?: [user: number, readUpTo: number]
  /** Whether the device applied it, rather than dropping it as known. */
  a: boolean
}

/** What a device shows of one chat: number of its newest event, unread count, members, newest message. */
export type ChatView = [chat: number, seq: number, unread: number, members: number, last: string]

/** What a device shows: its chats, and the messages that it knows of them as `chat:number` and a text of all that is shown. */
export interface View {
  chats: ChatView[]
  messages: [key: string, shown: string][]
}

/** `t` is the machine's monotonic time in ms, the same in all processes; `d` the device. */
export type Entry = { t: number; d: number } & (
  | { k: 'open'; c: number; from: [connection: number, batch: number] | null }
  | { k: 'close'; c: number; code: number }
  /** The events were continued up to now, so long after the connection before was lost. */
  | { k: 'resumed'; c: number; ms: number }
  /** The device fetched everything, or these chats: what their newest events were. Chats that are not listed were not the viewer's. */
  | { k: 'snapshot'; c: number; of: 'start' | 'all' | number[]; chats: [chat: number, seq: number][] }
  /** Received at `at`, applied at `t`. */
  | { k: 'batch'; c: number; b: number; at: number; e: Seen[]; up: boolean; reset?: { reason: string; chats: number[] | null } }
  | { k: 'intent'; id: string; op: 'send' | 'edit' | 'delete' | 'add' | 'remove' | 'react' | 'read'; chat: number; n?: number; user?: number }
  /** `sent`: when the try that was answered began. */
  | { k: 'ack'; id: string; sent: number; tries: number; n?: number; s?: number; chat?: number; duplicate?: boolean }
  | { k: 'refused'; id: string; code: string }
  | { k: 'failed'; id: string; why: string }
  /** A page of history that was asked for at `from`: the messages that came with their text. */
  | { k: 'history'; chat: number; from: number; shown: number[] }
  | { k: 'final'; shown: View; fresh: View; cursor: boolean }
)

// `Omit` over a union would forget what belongs together.
export type Note = Entry extends infer E ? (E extends unknown ? Omit<E, 't'> : never) : never

export interface Journal {
  write(entry: Note): void
  close(): Promise<void>
}

/** Milliseconds of the machine's monotonic clock. */
export const now = () => Number(process.hrtime.bigint() / 1000n) / 1000

export function openJournal(path: string): Journal {
  const file = createWriteStream(path, { flags: 'a' })
  return {
    write: (entry) => void file.write(`${JSON.stringify({ t: now(), ...entry })}\n`),
    close: () =>
      new Promise((resolve) => {
        file.end(() => {
          resolve()
        })
      }),
  }
}

/** All entries of these journals, in the order of time. */
export function readJournals(paths: readonly string[]): Entry[] {
  const entries = paths.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry),
  )
  return entries.sort((a, b) => a.t - b.t)
}
