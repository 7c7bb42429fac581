import type { SendAnswer, SendItem } from '../db/sends.ts'
import type { MessageRow } from './store.ts'
import type { ContactCard, Location } from './table.ts'

/** A message as its row was made. */
export function messageOfSend(item: SendItem, { number, seq, at, mentions, status }: Extract<SendAnswer, { outcome: 'CREATED' }>): MessageRow {
  return {
    chatId: item.chat_id,
    number,
    seq,
    bodySeq: seq,
    senderId: item.sender_id,
    clientId: item.client_id?.toLowerCase() ?? null,
    kind: item.kind,
    body: item.body,
    replyTo: item.reply_to,
    forwarded: item.forwarded,
    location: item.location as Location | null,
    mentions,
    reactions: null,
    cards: (item.cards ?? null) as ContactCard[] | null,
    status,
    failure: null,
    revision: 1,
    createdAt: at,
    editedAt: null,
    deletedAt: null,
    pinnedAt: null,
  }
}
