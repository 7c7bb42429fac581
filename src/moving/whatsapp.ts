import { StartError } from '../base/start-error.ts'
import type { Location } from '../message/domain.ts'
import { clockOf, judgeDates, localTime } from './dates.ts'
import type { DateOrder } from './dates.ts'
import { Keys, LeftOut } from './history.ts'
import type { History, PastFile, PastMessage, PastPerson } from './history.ts'
import { cutEntries } from './whatsapp-lines.ts'
import type { Entry } from './whatsapp-lines.ts'
import { ATTACHED, EDITED, FILE_TITLE, MARKS, NOTICE, OWN_WORDS, PLACE, SAYS_ATTACHED, departureIn, tellsDeletion, tellsOmission } from './whatsapp-words.ts'

/** What an export is made of: the text, and the files that lie beside it. */
export interface WhatsAppExport {
  /** For people. */
  fileName: string
  /** Names that may hold the chat's, the likelier first: that of the text, that of the zip. */
  titles: readonly string[]
  text: string
  files: ReadonlyMap<string, PastFile>
}

/**
 * Reads the text that WhatsApp's "Export chat" makes. `dates` says how its dates are written, null: they tell it themselves. `zone` is where the telephone was.
 * @throws {StartError} that names file, line and fault.
 */
export function readWhatsApp(from: WhatsAppExport, { dates, zone, now = new Date() }: { dates: DateOrder | null; zone: string; now?: Date }): History {
  const entries = cutEntries(from.text, from.fileName)
  const order = orderOf(entries, from.fileName, dates, now)
  const clock = clockOf(zone)
  const keys = new Keys()
  const leftOut = new LeftOut()
  const people = new Map<string, PastPerson>()
  const messages: PastMessage[] = []
  for (const entry of entries) {
    const time = localTime(entry.stamp, order)
    if (time === null) throw new StartError(`${entry.where}: "${entry.written}" is no date and time where they are written ${order}.`)
    const at = clock.moment(time)
    const said = speakerOf(entry)
    if (said === null) {
      leftOut.add('notices of WhatsApp\'s own', entry.where)
      noteDeparture(entry.body, people)
      continue
    }
    const { person } = said
    const content = contentOf(said.text, from.files)
    if (content === null) {
      leftOut.add('messages without content', entry.where)
      continue
    }
    if (content.missing) leftOut.add('files that the export names and does not hold (their names stay as text)', entry.where)
    const known = people.get(person) ?? { name: person, displayName: person.replace(/^~\s*/, ''), username: null, left: false, messages: 0 }
    known.messages += 1
    known.left = false
    people.set(person, known)
    messages.push({ person, at, ...content, key: keys.of(entry.written, person, content.deleted ? '' : (content.file?.name ?? ''), content.text ?? ''), where: entry.where })
  }
  const title = titleOf(from.titles)
  // The export of a chat of two is called by the other one. Where only one has written nothing tells.
  const direct = people.size === 1 || (people.size === 2 && title === null) ? null : people.size === 2 && people.has(title ?? '')
  return { title, direct, key: `whatsapp-export:${title ?? ''}`, people: [...people.values()], messages, leftOut: leftOut.list() }
}

/** Whoever left and says nothing afterwards was not there when the chat was exported. One who came back in silence is not told apart. */
function noteDeparture(notice: string, people: ReadonlyMap<string, PastPerson>): void {
  const name = departureIn(notice)
  const person = name === null ? undefined : people.get(name)
  if (person !== undefined) person.left = true
}

function orderOf(entries: readonly Entry[], fileName: string, dates: DateOrder | null, now: Date): DateOrder {
  if (dates !== null) return dates
  const judged = judgeDates(entries.map(({ stamp }) => stamp), now)
  if ('order' in judged) return judged.order
  if ('fault' in judged) {
    const { where, date } = judged.fault
    throw new StartError(`${where}: ${date.join(' ')} fits no order of day, month and year that the lines before it have. If another file was put behind this one, part them; else say --dates dmy, mdy or ymd.`)
  }
  throw new StartError(`${fileName}: its dates can be read ${judged.open.join(' or ')}, such as "${entries[0]?.written ?? ''}". Say which: --dates ${judged.open.join(' or --dates ')}.`)
}

/** Who says what; null where it is WhatsApp that speaks. */
function speakerOf({ body }: Entry): { person: string; text: string } | null {
  const colon = /:(?:\s|$)/u.exec(body)
  if (colon === null || body.slice(0, colon.index).includes('\n')) return null
  const person = body.slice(0, colon.index).replace(MARKS, '').replace(/\s+/gu, ' ').trim()
  const text = body.slice(colon.index + 2)
  // A notice that quotes a title with a colon in it, such as: Alice changed the subject to "Trip: the Alps".
  if (person === '' || person.length > 100 || /["“”„«»]/u.test(person) || NOTICE.test(text.replace(MARKS, ''))) return null
  if (OWN_WORDS.test(text) && !isStandIn(text)) return null
  return { person, text }
}

/** What WhatsApp puts in place of what somebody sent, rather than saying it itself. */
function isStandIn(text: string): boolean {
  const [first = ''] = text.split('\n')
  return tellsDeletion(text) || tellsOmission(text) || ATTACHED.behind.test(first) || ATTACHED.brackets.test(first) || PLACE.test(first) || EDITED.test(text) || /^\u200e(POLL|UMFRAGE|ENCUESTA|SONDAGE|ENQUETE|SONDAGGIO|PEILING)\b/u.test(text)
}

type Content = Pick<PastMessage, 'text' | 'file' | 'location' | 'edited' | 'deleted'> & { missing: boolean }

const NOTHING = { text: null, file: null, location: null, edited: false, deleted: false, missing: false }

/** Null: it says nothing. */
function contentOf(said: string, files: ReadonlyMap<string, PastFile>): Content | null {
  if (tellsDeletion(said)) return { ...NOTHING, deleted: true }
  const edited = EDITED.test(said)
  const text = edited ? said.replace(EDITED, '') : said
  const [first = '', ...rest] = text.split('\n')
  const location = placeOf(text)
  if (location !== null) return { ...NOTHING, location, edited }
  const attached = attachedIn(first, files)
  if (attached === null) {
    const words = textOf(text)
    return words === null ? null : { ...NOTHING, text: words, edited }
  }
  const caption = textOf([attached.before, ...rest].join('\n'))
  if (attached.file !== null) return { ...NOTHING, file: attached.file, text: caption, edited }
  return { ...NOTHING, text: textOf([attached.name, attached.before, ...rest].filter((line) => line !== '').join('\n')), edited, missing: true }
}

/** The file that a line names; null where it names none. */
function attachedIn(line: string, files: ReadonlyMap<string, PastFile>): { name: string; file: PastFile | null; before: string } | null {
  for (const pattern of [ATTACHED.behind, ATTACHED.brackets]) {
    const groups = pattern.exec(line)?.groups
    if (groups === undefined) continue
    const { name = '', said = '', before = '' } = groups
    const plain = name.replace(MARKS, '').trim()
    const file = files.get(plain) ?? null
    // In words of a language that is not known here, only a file that is there proves that this is one.
    if (file === null && !SAYS_ATTACHED.test(said) && !OWN_WORDS.test(line)) continue
    // A document's own name and number of pages stand before it, and are no words of the sender's.
    return { name: plain, file, before: / • /.test(before) && OWN_WORDS.test(line.slice(before.length).trimStart()) ? '' : before.replace(MARKS, '').trim() }
  }
  return null
}

function placeOf(text: string): Location | null {
  const [, latitude, longitude] = PLACE.exec(text.trim()) ?? []
  const place = { latitude: Number(latitude), longitude: Number(longitude), name: null, address: null }
  return Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180 ? place : null
}

function textOf(text: string): string | null {
  const plain = text.replace(MARKS, '').trim()
  return plain === '' ? null : plain
}

function titleOf(names: readonly string[]): string | null {
  for (const name of names) {
    const [, title] = FILE_TITLE.exec(name.replace(MARKS, '')) ?? []
    if (title !== undefined) return title.trim()
  }
  return null
}
