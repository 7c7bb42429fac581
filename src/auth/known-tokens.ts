import { createHash } from 'node:crypto'
import type { KnownTokens, Viewer } from '../ctx.ts'
import type { Hub } from '../event/hub.ts'

/** So long a token is not checked again. */
const REMEMBER_MS = 60_000
const MAX_REMEMBERED = 10_000
/** What is remembered counts only while the log was looked into so lately: a session that ended is then noticed, whatever hints were lost. */
const FRESH_MS = 1200
const CLEAN_MS = 10_000
/** Somebody in whose stream something happens all the time is not remembered. */
const MAX_READS = 3

interface Entry {
  viewer: Viewer
  until: number
  unwatch: () => void
}

/**
 * Remembers tokens for a minute. One is forgotten as soon as anything happens in its user's stream: there the end of a session or an account
 * and a change of roles are told. That is found by a hint at once, else by the sweep of the log; what is remembered makes the hub sweep each
 * second, and while no sweep succeeded within the last one, nothing that is remembered counts.
 */
export class TokenMemory implements KnownTokens {
  readonly #hub: Pick<Hub, 'watch' | 'sweptAt'>
  /** By hash, the one unused for longest first. */
  readonly #entries = new Map<string, Entry>()
  readonly #timer: NodeJS.Timeout

  constructor(hub: Pick<Hub, 'watch' | 'sweptAt'>) {
    this.#hub = hub
    this.#timer = setInterval(() => {
      for (const [id, { until }] of this.#entries) if (until <= Date.now()) this.#forget(id)
    }, CLEAN_MS).unref()
  }

  find(token: string): Viewer | null {
    if (performance.now() - this.#hub.sweptAt > FRESH_MS) return null
    const id = idOf(token)
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.until <= Date.now()) return null
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    return { ...entry.viewer }
  }

  async learn(token: string, viewer: Viewer, currentRoles: () => Promise<Viewer['roles'] | null>): Promise<Viewer | null> {
    const id = idOf(token)
    let moved = false
    let reads = 0
    // Watched before it is read: what commits in between is noticed.
    const unwatch = this.#hub.watch(viewer.userId, () => {
      moved = true
      if (this.#entries.get(id)?.unwatch === unwatch) this.#forget(id)
    })
    let roles: Viewer['roles'] | null = null
    try {
      // What has changed while it was read may be the end of the session.
      do {
        moved = false
        roles = await currentRoles()
      } while (moved && roles !== null && ++reads < MAX_READS)
    } finally {
      if (roles === null || moved) unwatch()
    }
    if (roles === null) return null
    const known = { ...viewer, roles }
    if (!moved) this.#remember(id, { viewer: known, until: Math.min(Date.now() + REMEMBER_MS, viewer.expiresAt?.getTime() ?? Infinity), unwatch })
    return { ...known }
  }

  close(): void {
    clearInterval(this.#timer)
    for (const id of this.#entries.keys()) this.#forget(id)
  }

  #remember(id: string, entry: Entry): void {
    this.#forget(id)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < MAX_REMEMBERED) break
      this.#forget(oldest)
    }
    this.#entries.set(id, entry)
  }

  #forget(id: string): void {
    this.#entries.get(id)?.unwatch()
    this.#entries.delete(id)
  }
}

/** No token lies in memory for longer than its request. */
function idOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
