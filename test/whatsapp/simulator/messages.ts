import { z } from 'zod'
import { MetaError } from './errors.ts'
import { Interactive } from './interactive.ts'
import { TemplateSent } from './templates.ts'

// What a request to send may look like, by Meta's reference of messages (developers.facebook.com/docs/whatsapp/cloud-api/reference/messages;
// whatsapp-api-js, src/types.ts and src/messages). Stricter than Meta where Meta is said to ignore: what is not documented is refused.

const wamid = z.string().startsWith('wamid.').max(512)
const phone = z.string().regex(/^\+?[\d\s().-]{5,30}$/)
const url = z.url({ protocol: /^https?$/ })

/** By id or by link, never both. */
const media = <T extends z.ZodRawShape>(more: T) =>
  z
    .strictObject({ id: z.string().regex(/^\d+$/).optional(), link: url.optional(), ...more })
    .refine((file) => ((file as { id?: string }).id === undefined) !== ((file as { link?: string }).link === undefined), 'must have either id or link')

const caption = z.string().max(1024).optional()
const degrees = (limit: number) => z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/).transform(Number)]).refine((value) => Math.abs(value) <= limit)

const NameOfContact = z
  .strictObject({ formatted_name: z.string().min(1), first_name: z.string().optional(), last_name: z.string().optional(), middle_name: z.string().optional(), suffix: z.string().optional(), prefix: z.string().optional() })
  .refine((name) => Object.keys(name).length > 1, 'must have a part besides formatted_name')

const words = <K extends string>(...keys: K[]) => z.strictObject(Object.fromEntries(keys.map((key) => [key, z.string().optional()])) as Record<K, z.ZodOptional<z.ZodString>>)

const ContactSent = z.strictObject({
  name: NameOfContact,
  phones: z.array(words('phone', 'type', 'wa_id')).optional(),
  emails: z.array(words('email', 'type')).optional(),
  addresses: z.array(words('street', 'city', 'state', 'zip', 'country', 'country_code', 'type')).optional(),
  org: words('company', 'department', 'title').optional(),
  urls: z.array(words('url', 'type')).optional(),
  birthday: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).optional(),
})

/** What each type carries under its own name. */
const PARTS = {
  text: z.strictObject({ body: z.string().min(1).max(4096), preview_url: z.boolean().optional() }),
  image: media({ caption }),
  video: media({ caption }),
  audio: media({ voice: z.boolean().optional() }),
  document: media({ caption, filename: z.string().min(1).max(240).optional() }),
  sticker: media({}),
  location: z.strictObject({ latitude: degrees(90), longitude: degrees(180), name: z.string().max(1000).optional(), address: z.string().max(1000).optional() }),
  contacts: z.array(ContactSent).min(1).max(257),
  reaction: z.strictObject({ message_id: wamid, emoji: z.string().max(32) }),
  interactive: Interactive,
  template: TemplateSent,
}

export type MessageType = keyof typeof PARTS
const TYPES = Object.keys(PARTS) as MessageType[]

const Envelope = z.object({
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.enum(['individual']).default('individual'),
  to: phone.optional(),
  recipient: z.string().regex(/^[A-Z]{2}\.\w{5,130}$/).optional(),
  type: z.enum(TYPES as [MessageType, ...MessageType[]]).default('text'),
  context: z.strictObject({ message_id: wamid }).optional(),
  // 512 bytes: whatsapp-api-js, src/types.ts.
  biz_opaque_callback_data: z.string().min(1).refine((data) => Buffer.byteLength(data) <= 512, 'must have at most 512 bytes').optional(),
  recipient_identity_key_hash: z.string().optional(),
})

const MarkRead = z.strictObject({ messaging_product: z.literal('whatsapp'), status: z.literal('read'), message_id: wamid, typing_indicator: z.strictObject({ type: z.literal('text') }).optional() })

export interface SendRequest {
  kind: 'send'
  /** Digits; null where only the user id is known. `to` goes first where both are there. */
  to: string | null
  userId: string | null
  /** As it was given, which the answer repeats. */
  input: string
  type: MessageType
  /** What stands under the name of the type. */
  part: Record<string, unknown>
  replyTo: string | null
  callbackData: string | null
}

export interface ReadRequest {
  kind: 'read'
  messageId: string
  typing: boolean
}

/** @throws {MetaError} that says what is wrong, as Meta does. */
export function readSendRequest(body: unknown): SendRequest | ReadRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new MetaError(100, { details: 'The body must be a JSON object.' })
  if (!('messaging_product' in body)) throw new MetaError(100, { message: '(#100) The parameter messaging_product is required.' })
  if ('status' in body) {
    const read = check(MarkRead, body, [])
    return { kind: 'read', messageId: read.message_id, typing: read.typing_indicator !== undefined }
  }
  const envelope = check(Envelope, body, [])
  const odd = Object.keys(body).find((key) => !(key in Envelope.shape) && key !== envelope.type)
  if (odd !== undefined) throw new MetaError(100, { details: `Unexpected key "${odd}" on param "root".` })
  const input = envelope.to ?? envelope.recipient
  if (input === undefined) throw new MetaError(100, { message: '(#100) The parameter to is required.' })
  const part = (body as Record<string, unknown>)[envelope.type]
  if (part === undefined) throw new MetaError(131008, { details: `Parameter '${envelope.type}' is mandatory for type '${envelope.type}'` })
  check(PARTS[envelope.type], part, [envelope.type])
  if (envelope.type === 'reaction' && envelope.context !== undefined) throw new MetaError(100, { details: 'A reaction cannot have a context.' })
  return {
    kind: 'send',
    to: envelope.to?.replace(/\D/g, '') ?? null,
    userId: envelope.to === undefined ? (envelope.recipient ?? null) : null,
    input,
    type: envelope.type,
    part: part as Record<string, unknown>,
    replyTo: envelope.context?.message_id ?? null,
    callbackData: envelope.biz_opaque_callback_data ?? null,
  }
}

/** Reads by a schema, and tells its first fault with the code that Meta has for such. */
export function check<T extends z.ZodType>(schema: T, value: unknown, path: string[]): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue === undefined) throw new MetaError(100)
  const where = [...path, ...issue.path.map(String)]
  const name = where.length > 1 ? `${where[0]}${where.slice(1).map((key) => `['${key}']`).join('')}` : (where[0] ?? 'root')
  if (issue.code === 'unrecognized_keys') throw new MetaError(100, { details: `Unexpected key "${issue.keys[0]}" on param "${name}".` })
  if (issue.code === 'too_big') throw new MetaError(100, { message: `(#100) Param ${name} must be at most ${issue.maximum} ${issue.origin === 'string' ? 'characters long' : 'in number'}.` })
  if (issue.code === 'too_small') throw new MetaError(100, { message: `(#100) Param ${name} must be at least ${issue.minimum} ${issue.origin === 'string' ? 'characters long' : 'in number'}.` })
  if (valueAt(value, issue.path) === undefined) throw new MetaError(131008, { details: `Parameter '${name}' is missing.` })
  throw new MetaError(131009, { details: `Parameter '${name}': ${issue.message}` })
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), value)
}
