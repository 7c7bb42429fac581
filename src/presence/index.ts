/** Knows who is connected, over all of a user's devices. */
export interface Presence {
  /**
   * Counts a connection of this user from now on. Call the answer when it ends; the user goes offline some seconds later, unless
   * another connection came meanwhile.
   */
  connect(userId: number): () => void
  /** Which of these users are online now. */
  online(userIds: readonly number[]): Promise<ReadonlySet<number>>
  close(): Promise<void>
}
