import type { Entry } from '../journal.ts'

export const INVARIANTS = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10'] as const
export type Invariant = (typeof INVARIANTS)[number]

/** What the database holds once all is quiet. */
export interface Truth {
  /** Events of chats. */
  events: { chat: number; seq: number; kind: number; actor: number | null; ref: number | null }[]
  messages: { chat: number; number: number; seq: number; sender: number | null; clientId: string | null; deleted: boolean }[]
  /** Memberships, past ones too: the events of one, and the first message that it shows. */
  intervals: { user: number; chat: number; from: number; to: number | null; history: number }[]
  /** Of present members: a recount of what they have not read, and their read mark. */
  marks: { user: number; chat: number; unread: number; readUpTo: number }[]
}

/** The moment from which a standby served that had not received everything: of each chat it has the events up to a number. */
export interface Takeover {
  at: number
  kept: ReadonlyMap<number, number>
}

/** Everything that is known of a run. */
export interface History {
  /** The user of each device. */
  devices: readonly number[]
  /** In the order of time. */
  entries: readonly Entry[]
  truth: Truth
  /** When Redis was away, in the time of the journals. */
  redisAway: readonly (readonly [from: number, to: number])[]
  /** In the order of time. What such a standby lacks is lost, acknowledged or not, and all else is as promised. */
  takeovers: readonly Takeover[]
}

/** A promise that was broken: what is known of it is found by device, chat and event. */
export interface Violation {
  invariant: Invariant
  text: string
  t: number
  d?: number
  chat?: number
  seq?: number
}
