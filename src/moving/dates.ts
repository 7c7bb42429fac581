/** In which order a date names day, month and year. */
export type DateOrder = 'dmy' | 'mdy' | 'ymd'

export const DATE_ORDERS: readonly DateOrder[] = ['dmy', 'mdy', 'ymd']

/** A moment as a file writes it: the three numbers of its date, in the file's order, and the time of day. */
export interface Stamp {
  date: readonly [string, string, string]
  /** What stands between them. */
  separator: string
  hour: number
  minute: number
  second: number
  /** Where it stands, for people: file and line. */
  where: string
}

/** A moment on the clock of some place. */
export interface LocalTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

/** The local time that a stamp means in this order; null where there is no such day or hour. */
export function localTime({ date, hour, minute, second }: Stamp, order: DateOrder): LocalTime | null {
  const [day, month, year] = [date[order.indexOf('d')], date[order.indexOf('m')], date[order.indexOf('y')]] as [string, string, string]
  if ((year.length !== 2 && year.length !== 4) || day.length > 2 || month.length > 2) return null
  const time = { year: Number(year) + (year.length === 2 ? 2000 : 0), month: Number(month), day: Number(day), hour, minute, second }
  const there = new Date(Date.UTC(time.year, time.month - 1, time.day))
  // 31 February would be some day of March.
  if (there.getUTCMonth() !== time.month - 1 || there.getUTCDate() !== time.day || hour > 23 || minute > 59 || second > 59) return null
  return time
}

/** What a file's dates can mean: one order, several, or none, with the first stamp that no order left over takes. */
export type Judged = { order: DateOrder } | { open: DateOrder[] } | { fault: Stamp }

/**
 * Finds the order of all dates of a file, which are written alike. An order falls out where it names a day that does not exist, or one that is still to come;
 * of those that are left the one goes by which time turns back least often: a chat is written from its beginning to its end.
 */
export function judgeDates(stamps: readonly Stamp[], now: Date): Judged {
  const latest = now.getTime() + 2 * 86_400_000
  let open = [...DATE_ORDERS]
  for (const stamp of stamps) {
    const left = open.filter((order) => {
      const time = localTime(stamp, order)
      return time !== null && asUtc(time) <= latest
    })
    if (left.length === 0) return { fault: stamp }
    open = left
  }
  // Few places of the world write a short year in front, or a month before dots: who is from there says so.
  if (open.length > 1 && stamps.some(({ date }) => date[0].length < 4)) open = open.filter((order) => order !== 'ymd')
  if (open.length > 1 && stamps.every(({ separator }) => separator === '.')) open = open.filter((order) => order !== 'mdy')
  const turns = open.map((order) => turnsBack(stamps, order))
  const least = Math.min(...turns)
  const best = open.filter((_, index) => turns[index] === least)
  const [order] = best
  if (order !== undefined && (best.length === 1 || stamps.every(({ date }) => date[0] === date[1]))) return { order }
  return { open: best }
}

function turnsBack(stamps: readonly Stamp[], order: DateOrder): number {
  let before = -Infinity
  let turns = 0
  for (const stamp of stamps) {
    const time = localTime(stamp, order)
    if (time === null) continue
    const at = asUtc(time)
    // A message that waited for a line stands a little behind its time; by a wrong order it would be days.
    if (at < before - 86_400_000) turns += 1
    before = at
  }
  return turns
}

const asUtc = ({ year, month, day, hour, minute, second }: LocalTime) => Date.UTC(year, month - 1, day, hour, minute, second)

/** Turns the times of a place into moments; they come in the order of a chat, so that of an hour that the clock goes through twice the later one can be told. */
export interface Clock {
  moment(time: LocalTime): Date
}

/** Whether there is such a time zone, as in the database of IANA: `Europe/Berlin`. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** The clock of a time zone. An hour that spring leaves out is read as the one behind it. */
export function clockOf(zone: string): Clock {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })
  const offsets = new Map<number, number>()
  /** How far the clock is ahead of UTC at a moment. Clocks change at quarters of an hour at most often. */
  const offsetAt = (at: number): number => {
    const quarter = Math.floor(at / 900_000)
    const known = offsets.get(quarter)
    if (known !== undefined) return known
    const parts = Object.fromEntries(format.formatToParts(quarter * 900_000).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    const offset = asUtc({ year, month, day, hour, minute, second }) - quarter * 900_000
    offsets.set(quarter, offset)
    return offset
  }
  let before = -Infinity
  return {
    moment(time) {
      const wall = asUtc(time)
      // The offsets on both sides of any change near by.
      const [early, late] = [offsetAt(wall - 86_400_000), offsetAt(wall + 86_400_000)]
      const fitting = [...new Set([wall - early, wall - late])].filter((at) => at + offsetAt(at) === wall).sort((a, b) => a - b)
      const at = fitting.find((one) => one >= before) ?? fitting[0] ?? wall - early
      before = at
      return new Date(at)
    },
  }
}
