import { useEffect } from 'react'
import type { ChatPartsFragment } from '../generated/graphql.ts'
import { useNow } from '../live/now.ts'

/** Nearer to its end than that it is told in minutes. */
const MINUTES_MS = 2 * 3_600_000

export type ReplyWindow = { state: 'open'; leftMs: number; isShort: boolean } | { state: 'closed' }

function windowOf(closesAt: string | null, now: number): ReplyWindow {
  const leftMs = closesAt === null ? 0 : Date.parse(closesAt) - now
  return leftMs > 0 ? { state: 'open', leftMs, isShort: leftMs < MINUTES_MS } : { state: 'closed' }
}

/** How long anything may still be said to a customer; it counts down by itself. Null: not a chat with a customer. */
export function useReplyWindow({ whatsapp }: Pick<ChatPartsFragment, 'whatsapp'>): ReplyWindow | null {
  const closesAt = whatsapp?.replyWindowClosesAt ?? null
  // At the next full minute that is left, or at the end.
  const [now, look] = useNow((now) => {
    const window = windowOf(closesAt, now)
    return window.state === 'open' ? now + (window.leftMs % 60_000 || 60_000) : null
  })
  useEffect(look, [closesAt, look])
  return whatsapp === null ? null : windowOf(closesAt, now)
}

/** Such as `5 hr` or `12 min`, as the language writes it. */
export function leftText({ leftMs, isShort }: { leftMs: number; isShort: boolean }, language: string): string {
  const [value, unit] = isShort ? [Math.ceil(leftMs / 60_000), 'minute'] : [Math.floor(leftMs / 3_600_000), 'hour']
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}
