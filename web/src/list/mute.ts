import { useTranslation } from 'react-i18next'
import type { ChatPartsFragment } from '../generated/graphql.ts'
import { useTimes } from '../i18n/times.ts'
import { useNow } from '../live/now.ts'

type Muted = Pick<ChatPartsFragment, 'viewerMember'>

/** Muted until somebody turns it off. */
export const FOREVER = '9999-01-01T00:00:00.000Z'
const YEAR_MS = 366 * 86_400_000

/** For how long one may want to hear nothing. */
export const SPANS = { hours: 8 * 3_600_000, week: 7 * 86_400_000, always: null } as const
export type Span = keyof typeof SPANS

export const endOf = (span: Span): string => (SPANS[span] === null ? FOREVER : new Date(Date.now() + SPANS[span]).toISOString())

function endMs({ viewerMember }: Muted): number {
  return viewerMember?.mutedUntil == null ? 0 : Date.parse(viewerMember.mutedUntil)
}

export function isMuted(chat: Muted, now = Date.now()): boolean {
  return endMs(chat) > now
}

/** Which of these are muted, until the first of them is not any more: then anew. */
export function useMuted(chats: readonly Muted[]): (chat: Muted) => boolean {
  const [now] = useNow((now) => chats.reduce<number | null>((first, chat) => (isMuted(chat, now) ? Math.min(first ?? Infinity, endMs(chat)) : first), null))
  return (chat) => isMuted(chat, now)
}

/** Says that a chat is muted, and until when where that ends by itself. */
export function useMuteText() {
  const { t } = useTranslation()
  const times = useTimes()
  return (chat: Muted): string => {
    const until = chat.viewerMember?.mutedUntil
    return until == null || endMs(chat) - Date.now() > YEAR_MS ? t('muted') : t('mutedUntil', { when: times.until(until) })
  }
}
