import type { Ctx, Viewer } from '../ctx.ts'
import type { Hub } from '../event/hub.ts'
import { isSessionLive } from './domain.ts'

/** The sign of a change comes once, so a check that fails is repeated until it is answered. */
const RETRY_MS = 1000

/**
 * Calls `onEnd` once when the viewer's right to be connected ends: the token expires, the session is ended, the account goes.
 * @returns a function that stops watching.
 */
export function watchSession(ports: Pick<Ctx, 'db' | 'log'> & { hub: Hub }, viewer: Viewer, onEnd: () => void): () => void {
  let over = false
  let retry: NodeJS.Timeout | undefined
  const stop = () => {
    over = true
    clearTimeout(timer)
    clearTimeout(retry)
    unwatch()
  }
  const end = () => {
    if (over) return
    stop()
    onEnd()
  }
  const timer = setTimeout(end, Math.max(0, viewer.expiresAt.getTime() - Date.now()))
  // Whatever happens in the user's own stream may be the end of this session.
  const check = () => {
    isSessionLive(ports, viewer).then(
      (live) => {
        if (!live) end()
      },
      (error: unknown) => {
        if (over) return
        ports.log.warn({ err: error }, 'A session could not be checked; it is tried again.')
        clearTimeout(retry)
        retry = setTimeout(check, RETRY_MS)
      },
    )
  }
  const unwatch = ports.hub.watch(viewer.userId, check)
  return stop
}
