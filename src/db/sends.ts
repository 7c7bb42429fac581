/** One message to be sent, as the SQL function `send_messages` takes it. */
export interface SendItem {
  chat_id: number
  /** Null: one of us said it to a person outside, from elsewhere. */
  sender_id: number | null
  /** Null, as the hash is: it came from outside. */
  client_id: string | null
  /** In hexadecimal digits. */
  client_hash: string | null
  kind: number
  body: string | null
  reply_to: number | null
  forwarded: boolean
  location: object | null
  cards?: object | null
  /** Those of them who are no members are passed over. */
  mentions: readonly number[] | null
}

/** What `send_messages` says of one item; what each outcome means stands there: drizzle/0011_whatsapp.sql. */
export type SendAnswer =
  | { outcome: 'CREATED'; number: number; seq: number; at: Date; mentions: number[]; status: number | null }
  | { outcome: 'DUPLICATE'; chatId: number; number: number; seq: number }
  | { outcome: 'CONFLICT' | 'NO_CHAT' | 'CLOSED' | 'WINDOW' | 'NO_REPLY' }

/** Stores messages for all requests of this server: those that come at the same time share a call of the database. */
export interface Sends {
  /**
   * Stores one message, in a transaction of its own, and tells all servers of it. After a lost connection it is unknown whether it is stored; the
   * same `client_id` again tells.
   * @throws {Unavailable} where too many wait already, or the server ends.
   */
  send(item: SendItem): Promise<SendAnswer>
  /** Refuses what waits and what still comes, and waits a little for what is under way. */
  close(): Promise<void>
}
