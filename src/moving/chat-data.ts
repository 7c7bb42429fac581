import { StartError } from '../base/start-error.ts'
import { clockOf } from './dates.ts'
import type { Clock } from './dates.ts'
import { Keys } from './history.ts'
import type { History, PastMessage, PastPerson } from './history.ts'

type Fields = Record<string, unknown>

/** The names by which a thing may go: what is there first counts. */
const NAMES = {
  id: ['id', 'chat_id', '_id'],
  title: ['name', 'title', 'chat_name'],
  kind: ['chat_type', 'type'],
  people: ['participants', 'members', 'users'],
  sender: ['sender_id', 'sender', 'user_id', 'from', 'author'],
  text: ['text', 'content', 'message', 'body'],
  time: ['timestamp', 'created_at', 'sent_at', 'time', 'date'],
  personId: ['id', 'user_id', '_id'],
  username: ['username'],
  displayName: ['display_name', 'full_name', 'name', 'username'],
} as const

/**
 * Reads the JSON file in which a simple chat server keeps all that it knows: `{ users?, chats, messages? }`, see docs/import-export.md. `zone` is that of times without one.
 * @throws {StartError} that names the file and the place in it.
 */
export function readChatData(text: string, fileName: string, { zone }: { zone: string }): History[] {
  const root = parse(text, fileName)
  const fields = isFields(root) ? root : {}
  const people = peopleOf(fields.users, `${fileName}, users`)
  const chats = entriesOf(fields.chats ?? (Array.isArray(root) ? root : undefined), `${fileName}, chats`)
  if (chats === null) throw new StartError(`${fileName}: no "chats" in it, which would be a list of chats or an object of them.`)
  const apart = messagesApart(fields.messages, fileName)
  return chats.map(({ key, value, where }) => {
    const id = textAt(value, NAMES.id) ?? key
    const messages = [...(entriesOf(value.messages, `${where}.messages`) ?? []), ...(apart.get(id) ?? [])]
    return chatOf({ id, value, where, messages, people, clock: clockOf(zone) })
  })
}

interface Place {
  /** Its name in an object, or its place in a list. */
  key: string
  value: Fields
  /** For people. */
  where: string
}

function chatOf({ id, value, where, messages, people, clock }: { id: string; value: Fields; where: string; messages: Place[]; people: ReadonlyMap<string, PastPerson>; clock: Clock }): History {
  const taking = new Map<string, PastPerson>()
  const join = (key: string): PastPerson => {
    const known = taking.get(key) ?? { ...(people.get(key) ?? { name: key, displayName: key, username: null, left: false }), messages: 0 }
    taking.set(key, known)
    return known
  }
  for (const [index, one] of listAt(value, NAMES.people, where).entries()) {
    const key = typeof one === 'string' || typeof one === 'number' ? String(one) : isFields(one) ? textAt(one, [...NAMES.personId, ...NAMES.username]) : null
    if (key === null) throw new StartError(`${where}, participant ${index + 1}: not an id, nor an object with one.`)
    const person = join(key)
    if (isFields(one) && !people.has(key)) person.displayName = textAt(one, NAMES.displayName) ?? key
  }
  const keys = new Keys()
  const list = messages.map(({ value: message, where: place }): PastMessage => {
    const sender = textAt(message, NAMES.sender)
    if (sender === null) throw new StartError(`${place}: nobody has sent it (${NAMES.sender.join(', ')}).`)
    const person = join(sender)
    person.messages += 1
    const deleted = isTrue(message.deleted) || isTrue(message.is_deleted)
    const words = textAt(message, NAMES.text)
    if (!deleted && (words === null || words.trim() === '')) throw new StartError(`${place}: it says nothing (${NAMES.text.join(', ')}).`)
    const at = timeOf(message, place, clock)
    const own = textAt(message, ['id', '_id', 'message_id'])
    const key = own === null ? keys.of(at.toISOString(), sender, words ?? '') : keys.of('id', own)
    return { person: person.name, at, text: deleted ? null : words, file: null, location: null, edited: isTrue(message.edited) || isTrue(message.is_edited) || message.edited_at != null, deleted, key, where: place }
  })
  // As they were said, whatever the order in the file; of one time as they stand there.
  list.sort((a, b) => a.at.getTime() - b.at.getTime())
  const kind = textAt(value, NAMES.kind)?.toLowerCase() ?? null
  const title = textAt(value, NAMES.title)
  const direct = taking.size === 2 && (kind === null ? title === null : /^(private|direct|dm|one.*|1.*)$/.test(kind))
  return { title: title ?? id, direct, key: `chat-data:${id}`, people: [...taking.values()], messages: list, leftOut: [] }
}

/** Messages that stand beside the chats: an object of lists by chat, or one list of messages that name their chat. */
function messagesApart(value: unknown, fileName: string): Map<string, Place[]> {
  const byChat = new Map<string, Place[]>()
  if (isFields(value) && Object.values(value).every(Array.isArray)) {
    for (const [id, list] of Object.entries(value)) byChat.set(id, entriesOf(list, `${fileName}, messages.${id}`) ?? [])
    return byChat
  }
  for (const place of entriesOf(value, `${fileName}, messages`) ?? []) {
    const id = textAt(place.value, ['chat_id', 'chat', 'room_id'])
    if (id === null) throw new StartError(`${place.where}: it names no chat (chat_id).`)
    byChat.set(id, [...(byChat.get(id) ?? []), place])
  }
  return byChat
}

function peopleOf(value: unknown, where: string): Map<string, PastPerson> {
  const people = new Map<string, PastPerson>()
  for (const { key, value: user } of entriesOf(value, where) ?? []) {
    const username = textAt(user, NAMES.username)
    const id = textAt(user, NAMES.personId) ?? (Array.isArray(value) ? username : null) ?? key
    people.set(id, { name: username ?? id, displayName: textAt(user, NAMES.displayName) ?? id, username, left: false, messages: 0 })
  }
  return people
}

/** What a list or an object holds; in an object of users a mere text is a name. Null where there is neither. */
function entriesOf(value: unknown, where: string): Place[] | null {
  if (Array.isArray(value)) {
    return value.map((one: unknown, index) => {
      const place = `${where}[${index}]`
      if (!isFields(one)) throw new StartError(`${place}: not an object.`)
      return { key: String(index), value: one, where: place }
    })
  }
  if (!isFields(value)) return null
  return Object.entries(value).map(([key, one]) => {
    const fields = isFields(one) ? one : typeof one === 'string' ? { name: one } : null
    if (fields === null) throw new StartError(`${where}.${key}: not an object.`)
    return { key, value: fields, where: `${where}.${key}` }
  })
}

function timeOf(message: Fields, where: string, clock: Clock): Date {
  const name = NAMES.time.find((one) => message[one] != null)
  if (name === undefined) throw new StartError(`${where}: no time (${NAMES.time.join(', ')}).`)
  const value = message[name]
  const at = typeof value === 'number' ? new Date(value < 1e11 ? value * 1000 : value) : momentOf(String(value), clock)
  if (Number.isNaN(at.getTime())) throw new StartError(`${where}.${name}: ${JSON.stringify(value)} is no time, such as "2024-05-01T12:30:00Z" or seconds since 1970.`)
  return at
}

/** A time in the form of ISO 8601; without a zone it is that of the clock. */
function momentOf(text: string, clock: Clock): Date {
  const [, year, month, day, hour, minute, second = '0', zone] = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?(Z|[+-]\d\d:?\d\d)?$/.exec(text.trim()) ?? []
  if (year === undefined) return new Date(Number.NaN)
  if (zone !== undefined) return new Date(text.trim().replace(' ', 'T').replace(',', '.'))
  const time = { year: Number(year), month: Number(month), day: Number(day), hour: Number(hour), minute: Number(minute), second: Number(second) }
  const milliseconds = Number((/[.,](\d{1,3})/.exec(text)?.[1] ?? '0').padEnd(3, '0'))
  return new Date(clock.moment(time).getTime() + milliseconds)
}

function parse(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? text.length)
    throw new StartError(`${fileName}, line ${text.slice(0, position).split('\n').length}: no JSON: ${message}`)
  }
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTrue = (value: unknown) => value === true || value === 1

function textAt(fields: Fields, names: readonly string[]): string | null {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number') return String(value)
  }
  return null
}

function listAt(fields: Fields, names: readonly string[], where: string): unknown[] {
  const name = names.find((one) => fields[one] != null)
  if (name === undefined) return []
  const value = fields[name]
  if (!Array.isArray(value)) throw new StartError(`${where}.${name}: not a list.`)
  return value
}
