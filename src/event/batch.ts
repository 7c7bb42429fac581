import type { Reset } from './resume.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

/** What one step of a feed brings. */
export interface Batch {
  events: EventRow[]
  cursor: string
  /** False while older events are still to come. */
  caughtUp: boolean
  reset: Reset | null
}

/** After this event nothing of the chat is the viewer's any more. */
export function endsMembership(row: EventRow, viewerId: number): boolean {
  return row.kind === EventKind.CHAT_DELETED || (row.kind === EventKind.MEMBER_REMOVED && row.refId === viewerId)
}

/** JOINED only wakes: the viewer reads the chat's own event as ChatAdded. INBOX_CHANGED ends the connection, and makes the next begin anew. */
export function isShown(row: EventRow): boolean {
  return row.kind !== EventKind.JOINED && row.kind !== EventKind.INBOX_CHANGED
}
