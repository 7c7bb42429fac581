import type { Ctx } from '../ctx.ts'
import { appendAll } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { giveEach } from '../upload/take.ts'
import type { Attachment } from '../upload/domain.ts'
import { kindOf } from './attachments.ts'
import { MESSAGE_KINDS } from './domain.ts'
import type { Location } from './domain.ts'
import { findClientIds, insertHistory } from './history-store.ts'
import { storable } from './outside.ts'

/** A message that was said elsewhere, at its own time. */
export interface PastMessage {
  senderId: number
  /** A UUID that its sender has used for nothing else. */
  clientId: string
  at: Date
  /** Null where it is deleted, or has a file or place without words. */
  text: string | null
  location: Location | null
  file: Attachment | null
  edited: boolean
  deleted: boolean
}

/** So many go in one statement. */
const AT_ONCE = 500

/**
 * Stores messages behind the last one of a locked chat, with their own times, in this order. With `silent` no event tells of them: for a chat that its members come
 * to know with them. Senders must be members. Within a transaction; `onStored` hears how many there are after each part.
 */
export async function storeHistory(tx: Ctx, stream: StreamHead, list: readonly PastMessage[], { silent, onStored }: { silent: boolean; onStored?: (count: number) => void }): Promise<void> {
  for (let from = 0; from < list.length; from += AT_ONCE) {
    const part = list.slice(from, from + AT_ONCE)
    const numbered = part.map((message, index) => ({ message, number: stream.messageNo + index + 1 }))
    const known = stream.headSeq
    const seqs = silent ? [] : await appendAll(tx, stream, numbered.map(({ message, number }) => ({ kind: EventKind.MESSAGE_ADDED, actorId: message.senderId, refId: number, rev: 1 })))
    const rows = numbered.map(({ message, number }, index) => ({ number, seq: seqs[index] ?? known, ...rowOf(message) }))
    await insertHistory(tx.db, stream.id, rows)
    stream.messageNo += part.length
    await giveEach(tx, numbered.flatMap(({ message, number }) => (message.file === null || message.deleted ? [] : [{ id: message.file.id, key: [stream.id, number] as const }])))
    onStored?.(from + part.length)
  }
}

function rowOf({ senderId, clientId, at, text, location, file, edited, deleted }: PastMessage) {
  const time = at.toISOString()
  const kind = location !== null ? MESSAGE_KINDS.indexOf('LOCATION') : file !== null ? kindOf([file]) : MESSAGE_KINDS.indexOf('TEXT')
  return {
    sender_id: senderId,
    client_id: clientId,
    kind,
    body: deleted || text === null ? null : storable(text),
    location: deleted ? null : location,
    created_at: time,
    edited_at: edited && !deleted ? time : null,
    deleted_at: deleted ? time : null,
  }
}

/** The clientIds of all that was ever sent into a chat, with number, sender and time; what has none is under null. */
export function clientIdsOf(ctx: Ctx, chatId: number): ReturnType<typeof findClientIds> {
  return findClientIds(ctx.db, chatId)
}
