import { z } from 'zod'
import { errorList } from './payload-error.ts'
import { filledOrNull, flag, id, idOrNull, instantOrNull, phoneOrNull, read } from './payload-fields.ts'
import { keyOf, source, unknown } from './payload-items.ts'
import type { Item, Person, Place } from './payload-items.ts'
import { complete } from './payload-people.ts'

const STATUSES = { sent: 'SENT', delivered: 'DELIVERED', read: 'READ', played: 'PLAYED', failed: 'FAILED' } as const

const Status = z
  .object({
    id,
    status: z.enum(['sent', 'delivered', 'read', 'played', 'failed']).transform((status) => STATUSES[status]),
    timestamp: instantOrNull,
    recipient_id: idOrNull,
    recipient_user_id: idOrNull,
    recipient_parent_user_id: idOrNull,
    recipient_participant_id: idOrNull,
    recipient_participant_user_id: idOrNull,
    biz_opaque_callback_data: filledOrNull,
    errors: errorList,
    conversation: z.object({ id, expiration_timestamp: instantOrNull, origin: z.object({ type: filledOrNull }).nullable().catch(null) }).nullable().catch(null),
    pricing: z.object({ billable: flag, pricing_model: filledOrNull, type: filledOrNull, category: filledOrNull }).nullable().catch(null),
    type: filledOrNull,
  })
  // Calls have statuses too, of other words.
  .refine(({ type }) => type !== 'call')

/** Reads one of the statuses of a change; `people` is its list of contacts, which failed ones lack. */
export function readStatus(raw: unknown, place: Place, people: Person[]): Item {
  const status = read(Status, raw)
  if (status === null) return unknown(place, raw, 'A status has no id, or a value that Parley does not know.')
  const { conversation, pricing } = status
  const participant = status.recipient_participant_id ?? status.recipient_participant_user_id
  return {
    ...source(place, raw, keyOf('status', status.id, status.status, participant ?? ''), status.timestamp),
    kind: 'STATUS',
    id: status.id,
    status: status.status,
    recipient: complete({ phone: read(phoneOrNull, status.recipient_id), userId: status.recipient_user_id, parentUserId: status.recipient_parent_user_id }, people),
    participant,
    callbackData: status.biz_opaque_callback_data,
    errors: status.errors,
    conversation: conversation && { id: conversation.id, expiresAt: conversation.expiration_timestamp, origin: conversation.origin?.type ?? null },
    pricing: pricing && { billable: pricing.billable, model: pricing.pricing_model, type: pricing.type, category: pricing.category },
  }
}
