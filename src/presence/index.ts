import type { Bus } from '../bus/index.ts'

/** How somebody is connected just now. */
export interface Connected {
  /** Nothing was asked for some minutes, on any of their devices. */
  idle: boolean
  /** When they last asked for something. */
  activeAt: Date
}

/**
 * Knows who is connected, over all of a user's devices, and who of them is idle. Each change (somebody comes, goes, falls idle, is active
 * again) is published once, as `presence` on the bus.
 */
export interface Presence {
  /**
   * Counts a connection of this user from now on. Call the answer when it ends; the user goes offline some seconds later, unless
   * another connection came meanwhile.
   */
  connect(userId: number): () => void
  /** The user asked for something, by whatever way. Called for every operation, so it returns at once; without a connection it changes nothing. */
  touch(userId: number): void
  /** Those of these users who are connected. */
  states(userIds: readonly number[]): Promise<ReadonlyMap<number, Connected>>
  close(): Promise<void>
}

/** When somebody who went offline was last there. */
export interface Seen {
  userId: number
  at: Date
}

export interface PresenceOptions {
  bus: Bus
  /** So long a user stays online after the last connection ended, so that a reload is no flicker. */
  graceMs: number
  /** Without any operation for so long a user is idle. */
  idleMs: number
  /** Hears when those were last there who went offline. The change is published once it has settled; it must not fail. */
  onOffline: (seen: readonly Seen[]) => Promise<void>
}
