import { StartError } from '../base/start-error.ts'
import type { Stamp } from './dates.ts'
import { MARKS } from './whatsapp-words.ts'

/** What one export holds between two stamps, as it stands there. */
export interface Entry {
  stamp: Stamp
  /** The stamp as it is written, without marks. */
  written: string
  /** All behind the stamp, with the lines that follow. Marks are still in it. */
  body: string
  where: string
}

const DATE = String.raw`(?<a>\d{1,4})(?<separator>[./-])\s?(?<b>\d{1,2})\k<separator>\s?(?<c>\d{1,4})\.?`
const TIME = String.raw`(?<hour>\d{1,2})[:.](?<minute>\d{2})(?:[:.](?<second>\d{2}))?(?:\s?(?<half>[AaPp])\.?\s?[Mm]\.?)?`
// Between them stands a comma, or a word such as the French `à`. A space may be one that does not break: `\s` takes them all.
const STAMP = String.raw`(?<stamp>${DATE}(?:,|\s\p{L}{1,3}(?:\s\p{L}{2,3})?)?\s${TIME})`
const HEADS = [
  { style: 'brackets', pattern: new RegExp(String.raw`^\[${STAMP}\]\s?(?<body>.*)$`, 'u') },
  { style: 'dash', pattern: new RegExp(String.raw`^${STAMP}\s[-–]\s(?<body>.*)$`, 'u') },
]

/**
 * Cuts an export into what stands between its stamps. All stamps of one export are written alike: a line that looks like a stamp of another kind is part of
 * a message, in which somebody has quoted a chat.
 * @throws {StartError} where it does not begin with a stamp.
 */
export function cutEntries(text: string, fileName: string): Entry[] {
  const entries: Entry[] = []
  let kind: string | null = null
  for (const [index, line] of text.replace(/\r\n?/g, '\n').split('\n').entries()) {
    const where = `${fileName}, line ${index + 1}`
    const head = headOf(line, where)
    const last = entries.at(-1)
    if (head !== null && (kind === null || head.kind === kind)) {
      kind = head.kind
      entries.push(head.entry)
    } else if (last !== undefined) last.body += `\n${line}`
    else if (line.replace(MARKS, '').trim() !== '') throw new StartError(`${where}: no date and time at its beginning as WhatsApp writes them, such as [31.12.21, 21:41:05] or 12/31/21, 9:41 PM - : "${line.slice(0, 60)}"`)
  }
  if (entries.length === 0) throw new StartError(`${fileName} holds no messages.`)
  return entries
}

function headOf(line: string, where: string): { kind: string; entry: Entry } | null {
  const plain = line.replace(/^[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/, '')
  for (const { style, pattern } of HEADS) {
    const groups = pattern.exec(plain)?.groups
    if (groups === undefined) continue
    const { a = '', b = '', c = '', separator = '', hour = '', minute = '', second, half, body = '', stamp = '' } = groups
    const kind = [style, separator, second === undefined, half === undefined, a.length === 4, c.length].join()
    return {
      kind,
      entry: {
        stamp: { date: [a, b, c], separator, hour: hourOf(Number(hour), half), minute: Number(minute), second: Number(second ?? 0), where },
        written: stamp.replace(/\s/g, ' '),
        body,
        where,
      },
    }
  }
  return null
}

/** Of 24 hours. An hour that no clock of 12 shows is left as it is, and 99 for one that cannot be. */
function hourOf(hour: number, half: string | undefined): number {
  if (half === undefined || hour > 12) return hour
  return (hour % 12) + (/p/i.test(half) ? 12 : 0)
}
