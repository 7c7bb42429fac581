import type { Truth } from './types.ts'

type Interval = Truth['intervals'][number]

/** Who may see which event of a chat. */
export interface Membership {
  at(user: number, chat: number, seq: number): Interval | null
  /** The first event after this one that is the user's to see; null where there is none. */
  next(user: number, chat: number, after: number): number | null
  chatsOf(user: number): number[]
}

export function membershipOf(truth: Truth): Membership {
  const byMember = new Map<string, Interval[]>()
  const chats = new Map<number, Set<number>>()
  for (const interval of truth.intervals) {
    const key = `${interval.user}:${interval.chat}`
    byMember.set(key, [...(byMember.get(key) ?? []), interval].sort((a, b) => a.from - b.from))
    chats.set(interval.user, (chats.get(interval.user) ?? new Set()).add(interval.chat))
  }
  const heads = new Map<number, number>()
  for (const { chat, seq } of truth.events) heads.set(chat, Math.max(seq, heads.get(chat) ?? 0))
  const of = (user: number, chat: number) => byMember.get(`${user}:${chat}`) ?? []
  return {
    at: (user, chat, seq) => of(user, chat).find(({ from, to }) => seq >= from && (to === null || seq <= to)) ?? null,
    next(user, chat, after) {
      for (const { from, to } of of(user, chat)) {
        const first = Math.max(from, after + 1)
        if (first <= (to ?? heads.get(chat) ?? 0)) return first
      }
      return null
    },
    chatsOf: (user) => [...(chats.get(user) ?? [])],
  }
}
