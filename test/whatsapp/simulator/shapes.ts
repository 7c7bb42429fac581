import { createHash } from 'node:crypto'
import type { Profile } from './customer.ts'
import { MetaError } from './errors.ts'
import type { Accepted, Told } from './types.ts'

// What stands in webhooks. Shapes of 2025 and 2026: whatsapp-api-js (src/types.ts) and the fixtures of pywa.

const DAY = 24 * 3600_000

export interface Failure {
  fails: number
  details?: string
}

/** One of `statuses`. */
export function statusShape(message: Accepted, status: Told, now: number, failure: Failure = { fails: 131000 }): object {
  const failed = status === 'failed'
  return {
    id: message.id,
    status,
    timestamp: seconds(now),
    ...(message.to !== null && { recipient_id: message.to }),
    // Of failed ones that went to a number Meta leaves it out.
    ...((message.to === null || !failed) && { recipient_user_id: message.userId }),
    ...(message.callbackData !== null && { biz_opaque_callback_data: message.callbackData }),
    ...(status === 'sent' && { conversation: { id: createHash('md5').update(`${message.phoneNumberId} ${message.userId}`).digest('hex'), expiration_timestamp: seconds(now + DAY), origin: { type: message.type === 'template' ? 'utility' : 'service' } } }),
    ...(!failed && { pricing: { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' } }),
    ...(failed && { errors: [new MetaError(failure.fails, { details: failure.details }).toWebhook()] }),
  }
}

/** One of `messages`, but for what it says. */
export function messageShape({ phone, userId, hidesPhone }: Profile, said: { id: string; at: number; replied: { id: string; from: string } | null; forwarded: boolean | undefined }): Record<string, unknown> & { id: string } {
  const context = { ...said.replied, ...(said.forwarded !== undefined && { forwarded: said.forwarded }) }
  return { ...(!hidesPhone && { from: phone }), from_user_id: userId, id: said.id, timestamp: seconds(said.at), ...(Object.keys(context).length > 0 && { context }) }
}

/** One of `contacts`. */
export function cardOf({ name, username, phone, userId, hidesPhone }: Profile): object {
  return { profile: { name, ...(username !== null && { username }) }, ...(!hidesPhone && { wa_id: phone }), user_id: userId }
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}
