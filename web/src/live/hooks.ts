import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { useApp } from '../app/context.ts'
import type { Presence } from './presence.ts'

/** Whether somebody is there, as it changes; undefined: not known (yet). */
export function usePresence(userId: string | undefined): Presence | undefined {
  const { presence } = useApp()
  useEffect(() => (userId === undefined ? undefined : presence.want(userId)), [presence, userId])
  return useSyncExternalStore(presence.subscribe, () => presence.of(userId))
}

/** How many of these are there now. */
export function useThere(userIds: readonly string[]): number {
  const { presence } = useApp()
  useEffect(() => {
    const ends = userIds.map((id) => presence.want(id))
    return () => {
      for (const end of ends) end()
    }
  }, [presence, userIds])
  return useSyncExternalStore(presence.subscribe, () => userIds.filter((id) => (presence.of(id)?.state ?? 'OFFLINE') !== 'OFFLINE').length)
}

export function useTypists(chatId: string) {
  const { typing } = useApp()
  return useSyncExternalStore(typing.subscribe, () => typing.of(chatId))
}

export function useConnection() {
  const { connection } = useApp()
  return useSyncExternalStore(
    useCallback((listener: () => void) => connection.subscribe(listener), [connection]),
    () => connection.state,
  )
}
