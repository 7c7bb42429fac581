import { z } from 'zod'
import { errorList } from './payload-error.ts'
import type { ApiError } from './payload-error.ts'
import { degrees, filledOrNull, flag, id, idOrNull, isRecord, listOf, pathId, phoneOrNull, read, textOrNull } from './payload-fields.ts'

/** A file at Meta. It is there for 7 days from the webhook on; `sha256` is in base64. */
export interface Media {
  id: string
  mimeType: string | null
  sha256: string | null
  filename: string | null
  /** Newer webhooks name the address at once. Whoever fetches it checks the host first: the token goes nowhere else. */
  url: string | null
  /** Spoken into the phone, rather than a file that was chosen. */
  voice: boolean
  animated: boolean
}

/** Somebody's card that a customer shares. */
export interface SharedContact {
  name: string | null
  organization: string | null
  phones: { phone: string; waId: string | null; type: string | null }[]
  emails: { email: string; type: string | null }[]
}

/** What a customer's message says or does. Fields that a message lacks are null. */
export type Content =
  | { kind: 'TEXT'; text: string }
  | { kind: 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE' | 'STICKER'; media: Media; caption: string | null }
  | { kind: 'LOCATION'; latitude: number; longitude: number; name: string | null; address: string | null; url: string | null }
  | { kind: 'CONTACTS'; contacts: SharedContact[] }
  /** `emoji` null: the reaction is taken back. */
  | { kind: 'REACTION'; messageId: string; emoji: string | null }
  /** A button or a row of a list that was offered; `id` is what we gave it. */
  | { kind: 'CHOICE'; by: 'BUTTON' | 'LIST' | 'TEMPLATE'; id: string | null; title: string; description: string | null }
  /** `content` takes the place of what the earlier message said. */
  | { kind: 'EDIT'; messageId: string; content: Content }
  | { kind: 'REVOKE'; messageId: string }
  /** The customer goes on under another number or id; null where that part is not told. */
  | { kind: 'NUMBER_CHANGED'; phone: string | null; userId: string | null; parentUserId: string | null; text: string | null }
  /** Their phone or their keys changed. */
  | { kind: 'IDENTITY_CHANGED'; text: string | null }
  /** `type` as WhatsApp names it, with a dot before what is inside, such as `interactive.nfm_reply`; `text` is what of it can be read. */
  | { kind: 'UNSUPPORTED'; type: string; text: string | null; errors: ApiError[] }

type Reader = (part: unknown) => Content | null

const TextPart = z.object({ body: textOrNull })

const MediaPart = z.object({ id: pathId, mime_type: filledOrNull, sha256: filledOrNull, filename: filledOrNull, url: filledOrNull, caption: filledOrNull, voice: flag, animated: flag })

const LocationPart = z.object({ latitude: degrees(90), longitude: degrees(180), name: filledOrNull, address: filledOrNull, url: filledOrNull })

const Card = z.object({
  name: z.object({ formatted_name: filledOrNull, first_name: filledOrNull, last_name: filledOrNull }).nullable().catch(null),
  org: z.object({ company: filledOrNull }).nullable().catch(null),
  phones: listOf(z.object({ phone: filledOrNull, wa_id: phoneOrNull, type: filledOrNull })),
  emails: listOf(z.object({ email: filledOrNull, type: filledOrNull })),
})

const ReactionPart = z.object({ message_id: id, emoji: filledOrNull })

const Button = z.object({ id: idOrNull, title: filledOrNull })
const Row = z.object({ id: idOrNull, title: filledOrNull, description: filledOrNull })
const InteractivePart = z.object({ type: filledOrNull, button_reply: Button.nullable().catch(null), list_reply: Row.nullable().catch(null), nfm_reply: TextPart.nullable().catch(null) })

const TemplateButton = z.object({ payload: filledOrNull, text: filledOrNull })

const Target = z.object({ original_message_id: id })

const SystemPart = z.object({ type: filledOrNull, body: filledOrNull, wa_id: phoneOrNull, new_wa_id: phoneOrNull, user_id: idOrNull, parent_user_id: idOrNull })

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['text', (part) => textOf(read(TextPart, part)?.body ?? null)],
  ['image', media('IMAGE')],
  ['video', media('VIDEO')],
  ['audio', media('AUDIO')],
  ['document', media('FILE')],
  ['sticker', media('STICKER')],
  ['location', location],
  ['contacts', contacts],
  ['reaction', reaction],
  ['interactive', interactive],
  ['button', templateButton],
  ['edit', edit],
  ['revoke', revoke],
  ['system', system],
])

/** Reads what a message says, by its type. What cannot be read, of a type that is known or not, is UNSUPPORTED. */
export function readContent(message: Record<string, unknown>): Content {
  const type = read(id, message.type) ?? 'unknown'
  return READERS.get(type)?.(message[type]) ?? { kind: 'UNSUPPORTED', type: fullType(type, message), text: textIn(message), errors: read(errorList, message.errors) ?? [] }
}

function textOf(text: string | null): Content | null {
  return text === null || text.trim() === '' ? null : { kind: 'TEXT', text }
}

function media(kind: 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE' | 'STICKER'): Reader {
  return (part) => {
    const file = read(MediaPart, part)
    if (file === null) return null
    const { caption, mime_type: mimeType, ...rest } = file
    return { kind, media: { ...rest, mimeType }, caption }
  }
}

function location(part: unknown): Content | null {
  const place = read(LocationPart, part)
  return place === null ? null : { kind: 'LOCATION', ...place }
}

function contacts(part: unknown): Content | null {
  const cards = (read(listOf(Card), part) ?? []).map(({ name, org, phones, emails }): SharedContact => {
    const parts = [name?.first_name, name?.last_name].filter((word) => word !== null && word !== undefined)
    return {
      name: name?.formatted_name ?? (parts.join(' ') || null),
      organization: org?.company ?? null,
      phones: phones.flatMap(({ phone, wa_id: waId, type }) => (phone === null && waId === null ? [] : [{ phone: phone ?? `+${waId ?? ''}`, waId, type }])),
      emails: emails.flatMap(({ email, type }) => (email === null ? [] : [{ email, type }])),
    }
  })
  return cards.length === 0 ? null : { kind: 'CONTACTS', contacts: cards }
}

function reaction(part: unknown): Content | null {
  const given = read(ReactionPart, part)
  return given === null ? null : { kind: 'REACTION', messageId: given.message_id, emoji: given.emoji }
}

function interactive(part: unknown): Content | null {
  const answer = read(InteractivePart, part)
  const { button_reply: button, list_reply: row } = answer ?? {}
  if (answer?.type === 'button_reply' && button?.title) return { kind: 'CHOICE', by: 'BUTTON', id: button.id, title: button.title, description: null }
  if (answer?.type === 'list_reply' && row?.title) return { kind: 'CHOICE', by: 'LIST', id: row.id, title: row.title, description: row.description }
  return null
}

/** The quick reply of a template; some come with the payload alone. */
function templateButton(part: unknown): Content | null {
  const button = read(TemplateButton, part)
  const title = button?.text ?? button?.payload ?? null
  return button === null || title === null ? null : { kind: 'CHOICE', by: 'TEMPLATE', id: button.payload, title, description: null }
}

/** What an edit puts in place is content of its own, never an edit again: so this ends after one step, however deep the body is. */
function edit(part: unknown): Content | null {
  const target = read(Target, part)
  const message = isRecord(part) ? part.message : null
  if (target === null || !isRecord(message) || message.type === 'edit') return null
  return { kind: 'EDIT', messageId: target.original_message_id, content: readContent(message) }
}

function revoke(part: unknown): Content | null {
  const target = read(Target, part)
  return target === null ? null : { kind: 'REVOKE', messageId: target.original_message_id }
}

function system(part: unknown): Content | null {
  const told = read(SystemPart, part)
  if (told?.type === 'customer_identity_changed') return { kind: 'IDENTITY_CHANGED', text: told.body }
  if (told === null || !CHANGES_NUMBER.has(told.type ?? '')) return null
  return { kind: 'NUMBER_CHANGED', phone: told.wa_id ?? told.new_wa_id, userId: told.user_id, parentUserId: told.parent_user_id, text: told.body }
}

const CHANGES_NUMBER = new Set(['user_changed_number', 'customer_changed_number', 'user_changed_user_id'])

/** The type with what is inside, where that says more. */
function fullType(type: string, message: Record<string, unknown>): string {
  const part = type === 'interactive' || type === 'system' || type === 'unsupported' ? message[type] : null
  const inner = isRecord(part) ? read(id, part.type) : null
  return inner === null ? type : `${type}.${inner}`
}

/** The words in what could not be read as a whole: the title of a form, the note on an order. */
function textIn(message: Record<string, unknown>): string | null {
  const { interactive: answer, system: told, order } = message
  const body = read(InteractivePart, answer)?.nfm_reply?.body ?? read(SystemPart, told)?.body ?? (isRecord(order) ? read(filledOrNull, order.text) : null)
  return body === null || body.trim() === '' ? null : body
}
