import type { Client } from 'graphql-ws'
import { stringifyDocument } from 'urql'
import { createSignal } from '../app/signal.ts'
import { Presences } from '../graphql/documents.ts'
import type { PresencesSubscription } from '../generated/graphql.ts'

export type Presence = PresencesSubscription['presence']['presence']

/** The most that one subscription takes. */
const MOST = 100

/** Who is there, of those whom somebody looks at: one subscription for all of them, made anew when others come into view. */
export function createPresence(socket: Client) {
  const signal = createSignal()
  const known = new Map<string, Presence>()
  const wanted = new Map<string, number>()
  let heard: ReadonlySet<string> = new Set()
  let stop: (() => void) | null = null
  let planned = false

  function listen(): void {
    planned = false
    const ids = [...wanted.keys()].slice(-MOST)
    // Whoever is out of view may stay: only somebody new is a reason to ask again.
    if (ids.every((id) => heard.has(id))) return
    const before = stop
    heard = new Set(ids)
    stop = socket.subscribe<PresencesSubscription>(
      { query: stringifyDocument(Presences), variables: { userIds: ids } },
      {
        next({ data }) {
          if (data == null) return
          known.set(data.presence.user.id, data.presence.presence)
          signal.tell()
        },
        error: () => {
          heard = new Set()
        },
        complete: () => undefined,
      },
    )
    before?.()
  }

  return {
    subscribe: signal.subscribe,
    of: (userId: string | undefined): Presence | undefined => (userId === undefined ? undefined : known.get(userId)),
    /** Somebody is looked at; answers what ends that. */
    want(userId: string): () => void {
      wanted.set(userId, (wanted.get(userId) ?? 0) + 1)
      if (!planned) {
        planned = true
        setTimeout(listen, 100)
      }
      return () => {
        const count = (wanted.get(userId) ?? 1) - 1
        if (count === 0) wanted.delete(userId)
        else wanted.set(userId, count)
      }
    },
    stop: () => stop?.(),
  }
}
