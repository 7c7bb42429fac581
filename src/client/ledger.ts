import type { Clock } from './types.ts'

/** What every event has, whatever else its document selects. */
export interface FeedEvent {
  __typename: string
  /** Null for what concerns people. */
  chatId: string | null
  /** Null for what is state rather than history. */
  seq: number | null
}

/** For how long an event may overtake an answer. */
const RECENT_MS = 60_000

/** Which events were applied: each once, in the order of its chat. */
export function createLedger<E extends FeedEvent>(apply: (event: E) => void, clock: Clock) {
  const last = new Map<string, number>()
  let recent: { at: number; index: number; event: E }[] = []
  let count = 0

  return {
    last: (chatId: string) => last.get(chatId),
    /** Applies it unless it was there before. */
    take(event: E): void {
      if (event.chatId !== null && event.seq !== null) {
        if (event.seq <= (last.get(event.chatId) ?? 0)) return
        last.set(event.chatId, event.seq)
      }
      recent.push({ at: clock.now(), index: count++, event })
      apply(event)
    },
    /** Whether events between the last one and this one are missing. Whoever comes into a chat again has missed nothing of theirs. */
    isAhead({ __typename, chatId, seq }: E): boolean {
      const before = last.get(chatId ?? '')
      return __typename !== 'ChatAdded' && before !== undefined && seq !== null && seq > before + 1
    },
    forget(chatIds: readonly string[] | null): void {
      const goes = (chatId: string | null) => chatIds === null || (chatId !== null && chatIds.includes(chatId))
      for (const chatId of [...last.keys()].filter(goes)) last.delete(chatId)
      recent = recent.filter(({ event }) => !goes(event.chatId))
    },
    forgetOld(): void {
      const since = clock.now() - RECENT_MS
      recent = recent.filter(({ at }) => at > since)
    },
    /** To be called before something is asked for; what it answers, with the chats of the answer. Events that overtook it are applied once more. */
    asking(): (chats: readonly { id: string; seq: number }[]) => void {
      const asked = count
      return (chats) => {
        const seqs = new Map(chats.map(({ id, seq }) => [id, seq]))
        const behind = new Set<string | null>()
        for (const { index, event } of recent) {
          const { chatId } = event
          const seq = chatId === null ? Infinity : seqs.get(chatId)
          if (seq === undefined) continue
          if (event.seq === null ? index >= asked : event.seq > seq) behind.add(chatId)
          // From the first on that may be newer: the last word on a chat is then with the last event.
          if (behind.has(chatId)) apply(event)
        }
      }
    },
  }
}
