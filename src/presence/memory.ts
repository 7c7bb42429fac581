import type { Bus } from '../bus/index.ts'
import type { Presence } from './index.ts'

/**
 * Presence of a single server. A user whose last connection ended stays online for `graceMs`, so that a reload is no flicker;
 * then `onOffline` hears when the user was last seen.
 */
export function createMemoryPresence(options: { bus: Bus; graceMs: number; onOffline: (userIds: readonly number[], lastSeenAt: Date) => Promise<void> }): Presence {
  const connections = new Map<number, number>()
  const leaving = new Map<number, NodeJS.Timeout>()

  const announce = (userId: number) => {
    options.bus.publish('presence', { userId })
  }

  const leave = (userId: number) => {
    const left = (connections.get(userId) ?? 1) - 1
    if (left > 0) {
      connections.set(userId, left)
      return
    }
    connections.delete(userId)
    const lastSeenAt = new Date()
    const timer = setTimeout(() => {
      leaving.delete(userId)
      void options.onOffline([userId], lastSeenAt).finally(() => {
        announce(userId)
      })
    }, options.graceMs)
    leaving.set(userId, timer)
  }

  return {
    connect(userId) {
      const grace = leaving.get(userId)
      const wasOnline = grace !== undefined || connections.has(userId)
      clearTimeout(grace)
      leaving.delete(userId)
      connections.set(userId, (connections.get(userId) ?? 0) + 1)
      if (!wasOnline) announce(userId)
      let ended = false
      return () => {
        if (ended) return
        ended = true
        leave(userId)
      }
    },
    online: (userIds) => Promise.resolve(new Set(userIds.filter((id) => connections.has(id) || leaving.has(id)))),
    async close() {
      // The grace is over for everyone: the time they were last seen must not be lost with the process.
      const users = [...new Set([...connections.keys(), ...leaving.keys()])]
      for (const timer of leaving.values()) clearTimeout(timer)
      leaving.clear()
      connections.clear()
      if (users.length > 0) await options.onOffline(users, new Date())
    },
  }
}
