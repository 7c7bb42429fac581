/** The types that have a global ID. */
export type IdType = 'User' | 'Contact' | 'Session' | 'Chat' | 'ChatMember' | 'Message' | 'WhatsAppTemplate' | 'WhatsAppDelivery' | 'Attachment'

/** The numbers behind a global ID: one, or two where the thing lives in a chat (chat and user, chat and number). */
export type Key = readonly [number] | readonly [number, number]

const KEY_LENGTH: Record<IdType, 1 | 2> = { User: 1, Contact: 1, Session: 1, Chat: 1, ChatMember: 2, Message: 2, Attachment: 1, WhatsAppTemplate: 1, WhatsAppDelivery: 1 }

/** The opaque global ID of a thing. Clients may store it; they may not read anything out of it. */
export function encodeId(type: IdType, ...key: number[]): string {
  return Buffer.from(`${type}:${key.join(':')}`).toString('base64url')
}

/** Reads a global ID of any type; null where it is malformed. Each thing has one spelling only, so IDs can be compared as strings. */
export function decodeAnyId(id: string): { type: IdType; key: Key } | null {
  if (id.length > 100) return null
  const [type, ...parts] = Buffer.from(id, 'base64url').toString('latin1').split(':')
  if (type === undefined || !Object.hasOwn(KEY_LENGTH, type)) return null
  const idType = type as IdType
  const key = parts.map(Number)
  if (key.length !== KEY_LENGTH[idType] || !key.every((part) => Number.isSafeInteger(part) && part >= 0)) return null
  return encodeId(idType, ...key) === id ? { type: idType, key: key as unknown as Key } : null
}

/** Reads a global ID that should be of this type; null where it is malformed or of another type. */
export function decodeId(type: Exclude<IdType, 'ChatMember' | 'Message'>, id: string): number | null
export function decodeId(type: 'ChatMember' | 'Message', id: string): readonly [number, number] | null
export function decodeId(type: IdType, id: string): number | readonly [number, number] | null {
  const decoded = decodeAnyId(id)
  if (decoded?.type !== type) return null
  return decoded.key.length === 1 ? decoded.key[0] : decoded.key
}
