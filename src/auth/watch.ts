import { Deadline } from '../base/deadline.ts'
import type { Ctx, Viewer } from '../ctx.ts'
import type { Hub } from '../event/hub.ts'
import { currentRoles } from './authenticate.ts'

/** The sign of a change comes once, so a check that fails is repeated until it is answered. */
const RETRY_MS = 1000

type Ports = Pick<Ctx, 'sql' | 'log'> & { hub: Hub }

/** Why a connection cannot go on: the viewer's right to it has ended, or who they are now reads other chats, so that a new connection begins anew. */
export type Ending = 'SESSION' | 'INBOX'

/**
 * Calls `onEnd` once when a connection as this viewer cannot go on: the token expires, the session is ended, the account goes; the role by which
 * somebody reads customers' chats comes or goes. Until then it keeps the viewer's roles as they are: a live connection must not outlast them.
 * @returns what stops watching.
 */
export function watchSession(ports: Ports, viewer: Viewer, onEnd: (why: Ending) => void): { stop(): void } {
  return new SessionWatch(ports, viewer, onEnd)
}

/** One for each connection, so it is held small. */
class SessionWatch extends Deadline {
  readonly #ports: Ports
  readonly #viewer: Viewer
  readonly #onEnd: (why: Ending) => void
  /** Whatever happens in the user's own stream may be the end of this session. */
  readonly #watcher = () => { this.#check() }
  #over = false
  #retry: NodeJS.Timeout | null = null

  constructor(ports: Ports, viewer: Viewer, onEnd: (why: Ending) => void) {
    super()
    this.#ports = ports
    this.#viewer = viewer
    this.#onEnd = onEnd
    ports.hub.watch(viewer.userId, this.#watcher)
    if (viewer.expiresAt !== null) this.dueIn(viewer.expiresAt.getTime() - Date.now())
  }

  stop(): void {
    this.#over = true
    this.cancel()
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#ports.hub.unwatch(this.#viewer.userId, this.#watcher)
  }

  protected due(): void {
    this.#end('SESSION')
  }

  #end(why: Ending): void {
    if (this.#over) return
    this.stop()
    this.#onEnd(why)
  }

  #check(): void {
    currentRoles(this.#ports, this.#viewer).then(
      (roles) => {
        if (roles === null) this.#end('SESSION')
        else if (roles.includes('AGENT') !== this.#viewer.roles.includes('AGENT')) this.#end('INBOX')
        else this.#viewer.roles = roles
      },
      (error: unknown) => {
        if (this.#over) return
        this.#ports.log.warn({ err: error }, 'A session could not be checked; it is tried again.')
        if (this.#retry !== null) clearTimeout(this.#retry)
        this.#retry = setTimeout(() => { this.#check() }, RETRY_MS)
      },
    )
  }
}
