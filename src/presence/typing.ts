import type { Bus, BusMessages } from '../bus/index.ts'

/** One who types says so at most this often; without a repeat it is over after the second. */
const THROTTLE_MS = 2000
const LIFE_MS = 6000

export type TypingChange = BusMessages['typing']

/** Knows who types where, on all servers; nothing of it is stored. */
export interface Typing {
  /** This user begins, goes on or stops. */
  set(chatId: number, userId: number, typing: boolean): void
  /** Hears of every change; answers a function that ends it. */
  listen(listener: (change: TypingChange) => void): () => void
  close(): void
}

/** Typing over a bus: every server keeps the same small table of those who type now. */
export async function createTyping(bus: Bus): Promise<Typing> {
  const active = new Map<string, { timer: NodeJS.Timeout; toldAt: number }>()
  const listeners = new Set<(change: TypingChange) => void>()
  const keyOf = (chatId: number, userId: number) => `${chatId}:${userId}`

  const apply = (change: TypingChange) => {
    const key = keyOf(change.chatId, change.userId)
    const known = active.get(key)
    clearTimeout(known?.timer)
    if (change.typing) {
      // Each server ends it by itself: the one that began it may be gone by then.
      const timer = setTimeout(() => {
        apply({ ...change, typing: false })
      }, LIFE_MS)
      active.set(key, { timer, toldAt: performance.now() })
    } else {
      active.delete(key)
    }
    if ((known !== undefined) !== change.typing) for (const listener of listeners) listener(change)
  }
  const unsubscribe = await bus.subscribe('typing', apply)

  return {
    set(chatId, userId, typing) {
      const known = active.get(keyOf(chatId, userId))
      if (typing ? known !== undefined && performance.now() - known.toldAt < THROTTLE_MS : known === undefined) return
      bus.publish('typing', { chatId, userId, typing })
    },
    listen(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    close() {
      unsubscribe()
      for (const { timer } of active.values()) clearTimeout(timer)
      active.clear()
    },
  }
}
