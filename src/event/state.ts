import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/**
 * What is state rather than history: how far members have read, and what people are called. Such a change is no row of the log. Its own row carries
 * the transaction that made it, so sweep and resume find it by that, and whoever is told reads the state as it is by then: told twice is told once.
 */
export type StateChange = MarksMoved | ProfileChanged

/** Somebody's marks in a chat. */
export interface MarksMoved {
  kind: typeof EventKind.MARKS_MOVED
  chatId: number
  /** Null speaks of the members of a large chat together. */
  userId: number | null
  at: Date
}

/** What others see of somebody's profile. */
export interface ProfileChanged {
  kind: typeof EventKind.CONTACT_CHANGED
  userId: number
  at: Date
}

/** In chats of more members than this each hears of their own marks only, and of the others' together. */
export const LARGE_CHAT = 100

/** Which state it is: of several changes of the same one only the last matters. */
export function stateKey(change: StateChange): string {
  return change.kind === EventKind.MARKS_MOVED ? `${change.chatId}:${change.userId ?? ''}` : `${change.userId}`
}

/** The form in which readers are told: an event without a number. */
export function stateEvent(change: StateChange): EventRow {
  const streamId = change.kind === EventKind.MARKS_MOVED ? change.chatId : change.userId
  return { streamId, seq: 0, xid: 0n, kind: change.kind, actorId: change.userId, refId: change.userId, rev: null, at: change.at }
}

/** Whether an event was never stored and has no number. */
export function isState(event: EventRow): boolean {
  return event.kind === EventKind.MARKS_MOVED || event.kind === EventKind.CONTACT_CHANGED
}
