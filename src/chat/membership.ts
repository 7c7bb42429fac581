import type { Ctx } from '../ctx.ts'
import { append, appendAll } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import type { NewEvent } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { addToMemberCount, endMembership, openMemberships } from './member-store.ts'

/**
 * Lets people in who are not in the chat, by their own locked streams: their membership begins with the event that tells of it, and they read
 * messages from the next one on. However many they are, it takes the same few statements.
 */
export async function letIn(tx: Ctx, stream: StreamHead, people: readonly StreamHead[]): Promise<void> {
  if (people.length === 0) return
  const actorId = viewerOf(tx).userId
  const seqs = await appendAll(
    tx,
    stream,
    people.map(({ id }) => ({ kind: EventKind.MEMBER_ADDED, actorId, refId: id })),
  )
  await openMemberships(tx.db, { chatId: stream.id, userIds: people.map(({ id }) => id), seqs, messageNo: stream.messageNo })
  await addToMemberCount(tx.db, stream.id, people.length)
  // Wakes whoever of them is connected: their feeds do not read this chat yet.
  await append(tx, new Map(people.map((head, index) => [head, { kind: EventKind.JOINED, actorId, refId: stream.id, rev: seqs[index] }])))
}

/** Ends a membership with the event that tells of it; `before` happened in the same step. */
export async function letOut(tx: Ctx, stream: StreamHead, userId: number, before: readonly NewEvent[] = []): Promise<void> {
  await appendAll(tx, stream, [...before, { kind: EventKind.MEMBER_REMOVED, actorId: viewerOf(tx).userId, refId: userId }])
  await endMembership(tx.db, stream.id, userId, stream.headSeq)
  await addToMemberCount(tx.db, stream.id, -1)
}
