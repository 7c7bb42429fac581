/** How far an attempt to send a message came. SENDING: Meta has not answered, or nobody knows what it answered. */
export type SendStatus = 'SENDING' | 'SENT' | 'FAILED' | 'DELIVERED' | 'READ'

/**
 * Statuses come late, twice and in any order, and each only ever moves an attempt up this list. FAILED stands in the middle: it ends what was
 * sent, but a message that arrived did arrive, whatever is told of it later; and read implies delivered, which Meta skips while a chat is open.
 */
const ORDER: readonly SendStatus[] = ['SENDING', 'SENT', 'FAILED', 'DELIVERED', 'READ']

/** Where a status stands in the order; higher is further. */
export function rankOf(status: SendStatus): number {
  return ORDER.indexOf(status)
}

/** The status of one attempt after a status of the same attempt was told. What comes to it in any order, however often, ends the same. */
export function advance(present: SendStatus, told: SendStatus): SendStatus {
  return rankOf(told) > rankOf(present) ? told : present
}

/** What a status of a webhook says of an attempt: a voice message that was played was read. */
export function statusTold(status: 'SENT' | 'DELIVERED' | 'READ' | 'PLAYED' | 'FAILED'): SendStatus {
  return status === 'PLAYED' ? 'READ' : status
}

/** The parts of a message from the least to the most: what of it failed shows, once nothing of it is on its way to Meta. */
const PARTS: readonly SendStatus[] = ['SENDING', 'FAILED', 'SENT', 'DELIVERED', 'READ']

/** The status of a message of several parts: that of the part which is least far. */
export function statusOfParts(parts: readonly SendStatus[]): SendStatus {
  return PARTS.find((status) => parts.includes(status)) ?? 'SENDING'
}

/** One of the times that a message was sent; a retry by hand is a new one, with the next number. */
export interface Attempt {
  number: number
  status: SendStatus
}

/**
 * The status of a message that was sent once or more often: how far the furthest attempt came, if any arrived, otherwise how far the latest
 * is. So a message that failed, was tried again and then turns out to have arrived the first time says so.
 */
export function statusOfAttempts(attempts: readonly Attempt[]): SendStatus {
  const arrived = attempts.filter(({ status }) => rankOf(status) >= rankOf('DELIVERED'))
  const last = Math.max(...attempts.map(({ number }) => number))
  const deciding = arrived.length > 0 ? arrived : attempts.filter(({ number }) => number === last)
  return deciding.map(({ status }) => status).reduce(advance, 'SENDING')
}
