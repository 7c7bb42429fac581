/**
 * The kinds of rows in the event log: the contract between those who write and those who read it. Numbers are stored, so they are
 * for ever; a new kind takes a new number, and readers pass over one they do not know.
 */
export const EventKind = {
  /** A chat was made, with its first members. Each of them reads it as ChatAdded. ref: the chat. */
  CHAT_CREATED: 1,
  /** Somebody joined; they read it as ChatAdded, the others as MemberAdded. ref: the user. */
  MEMBER_ADDED: 2,
  /** Somebody left or was removed; they read it as ChatRemoved, the others as MemberRemoved. ref: the user. */
  MEMBER_REMOVED: 3,
  /** A member has another role. ref: the user. */
  MEMBER_CHANGED: 4,
  /** Title, description, picture or invite changed. ref: the chat. */
  CHAT_CHANGED: 5,
  /** The owner ended it for all; each member reads it as ChatRemoved. ref: the chat. */
  CHAT_DELETED: 6,
  /** ref: the message's number, rev: 1. Written by the SQL function send_messages. */
  MESSAGE_ADDED: 10,
  /** ref: the message's number, rev: its new revision. */
  MESSAGE_EDITED: 11,
  /** ref: the message's number. */
  MESSAGE_DELETED: 12,
  /** Reactions were given or taken back. ref: the message's number. */
  MESSAGE_REACTED: 13,
  /** It was pinned or unpinned. ref: the message's number. */
  MESSAGE_PINNED: 14,
  /** An account left, and what it wrote is empty now. ref: the user, rev: the number up to which. */
  MESSAGES_ERASED: 15,
  /** The bytes of one of its files have come, or will not come. ref: the message's number. */
  MESSAGE_ATTACHED: 16,
  /** How far it came outside. ref: the message's number. */
  MESSAGE_STATUS: 17,
  /** In a user's stream: the user is in a chat from now on. ref: the chat, rev: the event number in the chat from which it is visible. */
  JOINED: 50,
  /** In a user's stream: the profile changed. ref: the user. */
  PROFILE_CHANGED: 51,
  /** In a user's stream: a session ended. ref: the session. */
  SESSION_ENDED: 52,
  /** In a user's stream: somebody was blocked or unblocked. ref: that user. */
  BLOCKS_CHANGED: 53,
  /** In a user's stream: how the user has set one chat. ref: the chat. */
  SETTINGS_CHANGED: 54,
  /** In a user's stream: the user deleted a direct chat from their list. ref: the chat. */
  CHAT_HIDDEN: 55,
  /** In a user's stream: a direct chat is in their list again. ref: the chat. */
  CHAT_SHOWN: 56,
  /** In a user's stream: from now on the user answers the chats with people outside, or no longer. Whoever reads begins anew. ref: the user. */
  INBOX_CHANGED: 57,
  /** Never stored: the state of somebody's marks, as a reader is told of it. ref: the user; null: of some members of a large chat. */
  MARKS_MOVED: 90,
  /** Never stored: the profile of somebody whom the reader knows from a chat. ref: the user. */
  CONTACT_CHANGED: 91,
} as const

export type EventKind = (typeof EventKind)[keyof typeof EventKind]

/** An event as it is stored: thin, in the stream of a chat or of a user. */
export interface EventRow {
  streamId: number
  seq: number
  /** The transaction that wrote it. */
  xid: bigint
  kind: EventKind
  actorId: number | null
  refId: number | null
  rev: number | null
  at: Date
}

/** What a writer says of an event; number, transaction and time are added as it is stored. */
export type NewEvent = Pick<EventRow, 'kind'> & Partial<Pick<EventRow, 'actorId' | 'refId' | 'rev'>>
