import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { readError } from './payload-error.ts'
import { filledOrNull, id, idOrNull, instantOrNull, isRecord, listFrom, pathIdOrNull, read } from './payload-fields.ts'
import { digest, keyOf, source, unknown } from './payload-items.ts'
import type { Item, Place } from './payload-items.ts'
import { readMessage } from './payload-message.ts'
import { Contact } from './payload-people.ts'
import { readStatus } from './payload-status.ts'

// The bodies of WhatsApp's webhooks as items of ours. One POST carries up to 1,000 updates in three lists within each other
// (entry, changes, and messages, statuses or errors); each becomes one item, in the order in which they stand. What cannot be
// read is kept as it came, and spoils nothing beside it.

/** So many items are read in one turn of the event loop: those of a large body would hold up everything else for a tenth of a second. */
const ITEMS_A_TURN = 50

/**
 * Reads the body of one POST, as bytes or text. Whether the signature fits was asked before. It never throws: what is no JSON at all is one
 * UNKNOWN item.
 */
export function readWebhook(body: Uint8Array | string): Item[] {
  return [...itemsOf(parse(body))]
}

/** The same, with room for others meanwhile. */
export async function readInTurns(body: Uint8Array | string): Promise<Item[]> {
  const items: Item[] = []
  for (const item of itemsOf(parse(body))) {
    items.push(item)
    if (items.length % ITEMS_A_TURN === 0) await setImmediate()
  }
  return items
}

/** What no JSON is. */
class Unparsed {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function parse(body: Uint8Array | string): unknown {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  try {
    return JSON.parse(text)
  } catch {
    return new Unparsed(text)
  }
}

/** The same as {@link readWebhook}, of a body that was parsed. Pure and total: any value gives items. */
export function readPayload(body: unknown): Item[] {
  return [...itemsOf(body)]
}

function* itemsOf(body: unknown): Generator<Item> {
  const root: Place = { wabaId: null, field: null, path: '' }
  if (body instanceof Unparsed) yield unknown(root, body.text, 'The body is not JSON.')
  else if (!isRecord(body) || !Array.isArray(body.entry)) yield unknown(root, body, 'There is no list of entries.')
  else if (body.object !== 'whatsapp_business_account') yield unknown(root, body, 'It is not about a WhatsApp Business Account.')
  else for (const [at, entry] of body.entry.entries()) yield* readEntry(entry, `entry.${at}`)
}

function* readEntry(entry: unknown, path: string): Generator<Item> {
  if (!isRecord(entry)) return yield unknown({ wabaId: null, field: null, path }, entry, 'An entry is no object.')
  const wabaId = read(idOrNull, entry.id)
  const at = read(instantOrNull, entry.time)
  if (!Array.isArray(entry.changes)) return yield unknown({ wabaId, field: null, path }, entry, 'An entry has no list of changes.')
  for (const [index, change] of entry.changes.entries()) yield* readChange(change, { wabaId, field: null, path: `${path}.changes.${index}` }, at)
}

const Metadata = z.object({ phone_number_id: pathIdOrNull, display_phone_number: filledOrNull })

function* readChange(change: unknown, where: Place, at: Date | null): Generator<Item> {
  if (!isRecord(change) || !isRecord(change.value)) return yield unknown(where, change, 'A change has no value.')
  const { value } = change
  const metadata = read(Metadata, value.metadata)
  const place = { ...where, field: read(idOrNull, change.field), phoneNumberId: metadata?.phone_number_id ?? null, displayPhoneNumber: metadata?.display_phone_number ?? null }
  if (place.field === 'message_template_status_update') return yield readTemplateStatus(value, place, at)
  if (place.field !== 'messages' && place.field !== 'smb_message_echoes') return yield unknown(place, value, 'Parley does not know this field.')
  const people = listFrom(value.contacts).flatMap((contact) => read(Contact, contact) ?? [])
  const lists: [string, (item: unknown, at: Place) => Item][] = [
    ['messages', (item, at) => readMessage('MESSAGE', item, at, people)],
    ['message_echoes', (item, at) => readMessage('ECHO', item, at, people)],
    ['statuses', (item, at) => readStatus(item, at, people)],
    ['errors', readErrorItem],
  ]
  let count = 0
  for (const [list, one] of lists) {
    for (const [index, item] of listFrom(value[list]).entries()) {
      count += 1
      yield one(item, { ...place, path: `${place.path}.${list}.${index}` })
    }
  }
  if (count === 0) yield unknown(place, value, 'There is nothing in it that Parley knows.')
}

function readErrorItem(raw: unknown, place: Place): Item {
  const error = readError(raw)
  if (error === null) return unknown(place, raw, 'An error has no code.')
  return { ...source(place, raw, keyOf('error', place.phoneNumberId ?? '', digest(raw)), null), kind: 'ERROR', error }
}

const TemplateStatus = z.object({ event: id, message_template_id: idOrNull, message_template_name: id, message_template_language: id, reason: filledOrNull })

function readTemplateStatus(raw: Record<string, unknown>, place: Place, at: Date | null): Item {
  const told = read(TemplateStatus, raw)
  if (told === null) return unknown(place, raw, 'A template has no name, language or event.')
  const { message_template_id: templateId, message_template_name: name, message_template_language: language, event, reason } = told
  return { ...source(place, raw, keyOf('template', place.wabaId ?? '', name, language, event, String(at?.getTime() ?? '')), at), kind: 'TEMPLATE_STATUS', templateId, name, language, event, reason }
}
