/** A stream that moved, and the number of its newest event. */
export type Hint = readonly [streamId: number, seq: number]

/** What servers tell each other. All of it may be lost: the event log heals hints, the rest is only of the moment. */
export interface BusMessages {
  /** Streams that have new events. */
  hints: readonly Hint[]
  /** Somebody began or stopped typing in a chat. */
  typing: { chatId: number; userId: number; typing: boolean }
  /** What others see of this user's presence may have changed. */
  presence: { userId: number }
  /** Accounts were deleted, and their chats are to be left. */
  leavings: null
  /** A webhook of WhatsApp's was stored, or is to be worked off again, or files wait that it tells of. */
  whatsapp: null
}

export type BusTopic = keyof BusMessages

/** Carries messages between the servers of one installation, this one included. */
export interface Bus {
  /** Sends to every subscriber. Never waits for a network and never throws: nobody's request depends on it. */
  publish<T extends BusTopic>(topic: T, message: BusMessages[T]): void
  /** Listens; resolves when nothing published from now on can be missed, with a function that ends it. */
  subscribe<T extends BusTopic>(topic: T, listener: (message: BusMessages[T]) => void): Promise<() => void>
  /** False while messages of other servers do not arrive. The server still does its work: the sweep of the event log goes faster and heals. */
  healthy(): boolean
  close(): Promise<void>
}
