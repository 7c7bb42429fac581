import type { User } from '../user/domain.ts'
import type { Connected } from './index.ts'

/** How a user's being there looks to somebody. */
export interface PresenceView {
  state: 'ONLINE' | 'AWAY' | 'OFFLINE'
  /** What the user has set; null for everybody else. */
  availability: User['availability'] | null
  statusText: string | null
  lastSeenAt: Date | null
}

type Row = Pick<User, 'availability' | 'statusText' | 'lastSeenAt'>

/** What the user themselves sees: all of it, as it is. */
export function ownPresence(user: Row, connected: Connected | undefined): PresenceView {
  return { ...visiblePresence(user, connected), availability: user.availability }
}

/** What a contact sees. Invisible is as gone: the row keeps the time from before, and the text is hidden. */
export function presenceForOthers(user: Row, connected: Connected | undefined): PresenceView {
  if (user.availability === 'INVISIBLE') return { state: 'OFFLINE', availability: null, statusText: null, lastSeenAt: user.lastSeenAt }
  return visiblePresence(user, connected)
}

function visiblePresence(user: Row, connected: Connected | undefined): PresenceView {
  const { statusText } = user
  if (connected === undefined) return { state: 'OFFLINE', availability: null, statusText, lastSeenAt: user.lastSeenAt }
  return { state: connected.idle || user.availability === 'AWAY' ? 'AWAY' : 'ONLINE', availability: null, statusText, lastSeenAt: connected.activeAt }
}

/** Two views that compare equal tell nothing new: that somebody who is there has just been active is no news. */
export function newsOf(view: PresenceView): string {
  return JSON.stringify(view.state === 'OFFLINE' ? view : { ...view, lastSeenAt: null })
}
