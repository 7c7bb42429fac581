import type { Ctx } from '../ctx.ts'
import type { OutsideEvent } from '../event/outbox.ts'
import { EventKind } from '../event/types.ts'
import { countParts } from './media.ts'
import { insertSend } from './store.ts'

/** Queues what these events ask for. What somebody said on the business's phone has no actor, and is there already. */
export async function queue(tx: Ctx, events: readonly OutsideEvent[]): Promise<void> {
  const ours = events.filter(({ actorId }) => actorId !== null)
  const counts = await Promise.all(ours.map(async ({ kind, chatId, number }) => (kind === EventKind.MESSAGE_ADDED ? countParts(tx, [chatId, number]) : 1)))
  for (const [index, { chatId, seq, kind, number }] of ours.entries()) {
    for (let part = 1; part <= (counts[index] ?? 1); part++) await insertSend(tx.db, { chatId, seq, number, part, kind: kind === EventKind.MESSAGE_ADDED ? 'MESSAGE' : 'REACTION' })
  }
}
