/** Somebody's activity is sent on at most this often. */
const FLUSH_MS = 2000

/** Activity on its way to Redis: the first sign of somebody at once, the next only after a while. */
export interface Touches {
  /** Notes that somebody is active; costs one look into a map. */
  note(userId: number, at: number): void
  /** Sends on what has waited long enough. */
  flush(): void
  close(): void
}

/** `intervalMs`: somebody falls idle in so long, so they must be sent on sooner. */
export function createTouches(intervalMs: number, send: (touches: (readonly [userId: number, at: number])[]) => void): Touches {
  const waitMs = Math.min(FLUSH_MS, intervalMs)
  const known = new Map<number, { at: number; sentAt: number; dirty: boolean }>()
  let first: (readonly [userId: number, at: number])[] = []
  let flushing: NodeJS.Immediate | undefined

  const flushFirst = () => {
    flushing = undefined
    if (first.length > 0) send(first)
    first = []
  }
  return {
    note(userId, at) {
      const touch = known.get(userId)
      if (touch !== undefined) {
        touch.at = at
        touch.dirty = true
        return
      }
      known.set(userId, { at, sentAt: performance.now(), dirty: false })
      first.push([userId, at])
      flushing ??= setImmediate(flushFirst)
    },
    flush() {
      flushFirst()
      const now = performance.now()
      const due: (readonly [userId: number, at: number])[] = []
      for (const [userId, touch] of known) {
        if (now - touch.sentAt < waitMs) continue
        if (touch.dirty) {
          due.push([userId, touch.at])
          touch.sentAt = now
          touch.dirty = false
        } else known.delete(userId)
      }
      if (due.length > 0) send(due)
    },
    close() {
      clearImmediate(flushing)
    },
  }
}
