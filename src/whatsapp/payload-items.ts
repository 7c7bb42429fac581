import { createHash } from 'node:crypto'
import type { Content } from './payload-content.ts'
import type { ApiError } from './payload-error.ts'
import { instantOrNull, isRecord, read } from './payload-fields.ts'

/** Where an item was told, and whom it concerns. */
export interface Source {
  /** The WhatsApp Business Account. */
  wabaId: string | null
  /** Which of our numbers; null for what concerns the account as a whole. */
  phoneNumberId: string | null
  displayPhoneNumber: string | null
  /** Where it stands in the body, such as `entry.0.changes.1.messages.2`. */
  path: string
  /** The same for the same fact, however often and in whatever batch it comes. */
  key: string
  /** WhatsApp's own time; null where it tells none. */
  at: Date | null
  /** As it came. It may hold what a database cannot, such as NUL: what is stored of it is bytes. */
  raw: unknown
}

/**
 * A customer. Since 2026 `phone` may be missing: who takes a username hides it. `userId` (BSUID) is theirs towards one business account,
 * so it means nothing without `wabaId`.
 */
export interface Person {
  phone: string | null
  userId: string | null
  parentUserId: string | null
  name: string | null
  username: string | null
}

export interface MessageItem extends Source {
  /** ECHO: the business said it, on its own phone. */
  kind: 'MESSAGE' | 'ECHO'
  /** The wamid. */
  id: string
  /** The customer: who writes, or with ECHO to whom it went. */
  person: Person
  groupId: string | null
  content: Content
  /** The message that this one answers. */
  replyTo: { id: string; from: string | null } | null
  forwarded: boolean
  frequentlyForwarded: boolean
  /** The advertisement or post that brought the customer here. */
  referral: { url: string | null; headline: string | null; body: string | null } | null
}

export interface StatusItem extends Source {
  kind: 'STATUS'
  /** The wamid of our message. */
  id: string
  /** PLAYED: a voice message was heard, which implies that it was read. */
  status: 'SENT' | 'DELIVERED' | 'READ' | 'PLAYED' | 'FAILED'
  recipient: Person
  /** Of a group: whom of it this is about. */
  participant: string | null
  /** What we sent along with the message, which is how a status finds it when the answer to the send was lost. */
  callbackData: string | null
  errors: ApiError[]
  conversation: { id: string; expiresAt: Date | null; origin: string | null } | null
  pricing: { billable: boolean; model: string | null; type: string | null; category: string | null } | null
}

/** Something went wrong that belongs to no message. */
export interface ErrorItem extends Source {
  kind: 'ERROR'
  error: ApiError
}

export interface TemplateStatusItem extends Source {
  kind: 'TEMPLATE_STATUS'
  /** Written as a number by Meta, so long ones may come rounded: find the template by name and language. */
  templateId: string | null
  name: string
  language: string
  /** Such as APPROVED, REJECTED, PAUSED, DISABLED; others may come. */
  event: string
  reason: string | null
}

/** Something that Parley does not know, or that is broken. */
export interface UnknownItem extends Source {
  kind: 'UNKNOWN'
  field: string | null
  reason: string
}

export type Item = MessageItem | StatusItem | ErrorItem | TemplateStatusItem | UnknownItem

/** Where in the body the reader is. */
export interface Place {
  wabaId: string | null
  field: string | null
  path: string
  phoneNumberId?: string | null
  displayPhoneNumber?: string | null
}

/** Keeps what could not be read, with why. */
export function unknown(place: Place, raw: unknown, reason: string): UnknownItem {
  const time = isRecord(raw) ? read(instantOrNull, raw.timestamp) : null
  return { ...source(place, raw, keyOf('unknown', place.wabaId ?? '', place.field ?? '', digest(raw)), time), kind: 'UNKNOWN', field: place.field, reason }
}

export function source(place: Place, raw: unknown, key: string, at: Date | null): Source {
  return { wabaId: place.wabaId, phoneNumberId: place.phoneNumberId ?? null, displayPhoneNumber: place.displayPhoneNumber ?? null, path: place.path, key, at, raw }
}

/** Names a fact. Ids may hold any sign, so the parts are written such that no two lists of them read alike; long ones are shortened to what still tells them apart. */
export function keyOf(...parts: string[]): string {
  const key = parts.map((part) => encodeURIComponent(part.toWellFormed())).join(':')
  return key.length <= 300 ? key : `${encodeURIComponent(parts[0] ?? '')}:${sha256(key)}`
}

/** Names what has no id of its own by what it says. */
export function digest(raw: unknown): string {
  try {
    return sha256(JSON.stringify(raw) ?? 'undefined')
  } catch {
    // Nested deeper than the stack is. Nobody sends that twice in good faith, so all of it may count as one.
    return 'deep'
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
