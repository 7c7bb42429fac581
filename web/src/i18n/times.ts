import { useTranslation } from 'react-i18next'

const DAY_MS = 86_400_000

function daysAgo(at: Date): number {
  const start = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
  return Math.round((start(new Date()) - start(at)) / DAY_MS)
}

function makeTimes(language: string) {
  // The reader's own region, where it is of the same language.
  const locale = navigator.languages.find((name) => name.startsWith(language)) ?? language
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' })
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const long = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const short = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' })
  const soon = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short' })
  const full = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const number = new Intl.NumberFormat(locale)
  const capital = (text: string) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
  return {
    time: (at: string) => clock.format(new Date(at)),
    /** Beside a chat: the hour today, then the day. */
    brief(at: string): string {
      const ago = daysAgo(new Date(at))
      if (ago <= 0) return clock.format(new Date(at))
      if (ago === 1) return capital(relative.format(-1, 'day'))
      return ago < 7 ? weekday.format(new Date(at)) : ago < 300 ? date.format(new Date(at)) : short.format(new Date(at))
    },
    /** Something to come: the hour where it is today, the day too where it is later. */
    until(at: string): string {
      const end = new Date(at)
      return daysAgo(end) === 0 ? clock.format(end) : `${soon.format(end)}, ${clock.format(end)}`
    },
    day(at: string): string {
      const ago = daysAgo(new Date(at))
      return ago >= 0 && ago < 2 ? capital(relative.format(-ago, 'day')) : ago < 7 ? weekday.format(new Date(at)) : long.format(new Date(at))
    },
    /** How long ago, roughly. */
    ago(at: string): string {
      const seconds = (Date.now() - Date.parse(at)) / 1000
      if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
      if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), 'hour')
      return seconds < 7 * 86_400 ? relative.format(-Math.round(seconds / 86_400), 'day') : date.format(new Date(at))
    },
    full: (at: string) => full.format(new Date(at)),
    date: (at: string) => short.format(new Date(at)),
    number: (value: number) => number.format(value),
  }
}

/** Such formats take a while to make, and every message needs them. */
const made = new Map<string, ReturnType<typeof makeTimes>>()

export function timesOf(language: string) {
  const times = made.get(language) ?? makeTimes(language)
  made.set(language, times)
  return times
}

/** Times and numbers as the reader's language and region write them. */
export function useTimes() {
  const { i18n } = useTranslation()
  return timesOf(i18n.language)
}
