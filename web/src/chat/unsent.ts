import { useSyncExternalStore } from 'react'
import { createSignal } from '../app/signal.ts'
import { useApp } from '../app/context.ts'

const signal = createSignal()
const keyOf = (userId: string, chatId: string) => `parley-unsent:${userId}:${chatId}`

/** What was begun in a chat and not sent: it waits, also over a reload. */
export const unsent = {
  read: (userId: string, chatId: string): string => localStorage.getItem(keyOf(userId, chatId)) ?? '',
  write(userId: string, chatId: string, text: string): void {
    if (text === '') localStorage.removeItem(keyOf(userId, chatId))
    else localStorage.setItem(keyOf(userId, chatId), text)
  },
  /** The list shows it once one has left the chat, not at each key. */
  tell: signal.tell,
}

export function useUnsent(chatId: string): string {
  const { userId } = useApp()
  return useSyncExternalStore(signal.subscribe, () => unsent.read(userId, chatId))
}
