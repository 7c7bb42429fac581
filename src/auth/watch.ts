import type { Ctx, Viewer } from '../ctx.ts'
import type { Hub } from '../event/hub.ts'
import { currentRoles } from './authenticate.ts'

/** The sign of a change comes once, so a check that fails is repeated until it is answered. */
const RETRY_MS = 1000
/** No timer takes more, which is some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Calls `onEnd` once when the viewer's right to be connected ends: the token expires, the session is ended, the account goes. Until then it
 * keeps the viewer's roles as they are: a live connection must not outlast them.
 * @returns a function that stops watching.
 */
export function watchSession(ports: Pick<Ctx, 'sql' | 'log'> & { hub: Hub }, viewer: Viewer, onEnd: () => void): () => void {
  let over = false
  let expiry: NodeJS.Timeout | undefined
  let retry: NodeJS.Timeout | undefined
  const stop = () => {
    over = true
    clearTimeout(expiry)
    clearTimeout(retry)
    unwatch()
  }
  const end = () => {
    if (over) return
    stop()
    onEnd()
  }
  const awaitExpiry = () => {
    if (viewer.expiresAt === null) return
    const left = viewer.expiresAt.getTime() - Date.now()
    expiry = left > MAX_TIMER_MS ? setTimeout(awaitExpiry, MAX_TIMER_MS) : setTimeout(end, Math.max(0, left))
  }
  // Whatever happens in the user's own stream may be the end of this session.
  const check = () => {
    currentRoles(ports, viewer).then(
      (roles) => {
        if (roles === null) end()
        else viewer.roles = roles
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
  awaitExpiry()
  return stop
}
