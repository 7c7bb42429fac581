import { useSyncExternalStore } from 'react'
import { useApp } from '../app/context.ts'
import { createSignal } from '../app/signal.ts'
import type { LinksQuery } from '../generated/graphql.ts'
import { here } from './upload.ts'

interface Face {
  url: string | null
  askedAt: number
}

const PAUSE_MS = 60_000
const pathOf = (url: string | null) => url?.split('?', 1)[0]

/**
 * Pictures of people and groups. A link lasts for minutes or hours, and each answer brings another one to the same picture: the first one is
 * kept as long as it works, so that nothing is fetched twice.
 */
export function createFaces(ask: (ids: string[]) => Promise<LinksQuery>) {
  const signal = createSignal()
  const known = new Map<string, Face>()
  return {
    subscribe: signal.subscribe,
    /** `url`: as an answer of the server has it. */
    of(id: string, url: string | null): string | null {
      const wanted = url === null ? null : here(url)
      const face = known.get(id)
      if (face !== undefined && pathOf(face.url) === pathOf(wanted)) return face.url
      if (face?.url === null && wanted !== null && Date.now() - face.askedAt < PAUSE_MS) return null
      known.set(id, { url: wanted, askedAt: 0 })
      return wanted
    },
    /** The link did not work: another one is asked for, and until then there is none. */
    broken(id: string): void {
      const face = known.get(id)
      if (face === undefined || Date.now() - face.askedAt < PAUSE_MS) return
      const asked: Face = { url: null, askedAt: Date.now() }
      known.set(id, asked)
      signal.tell()
      ask([id]).then(
        ({ nodes }) => {
          const node = nodes[0]
          const url = node != null && 'avatarUrl' in node ? node.avatarUrl : null
          known.set(id, { ...asked, url: url === null ? null : here(url) })
          signal.tell()
        },
        () => undefined,
      )
    },
  }
}

/** The picture of a person or a group; null: there is none that can be shown. */
export function useFace(id: string, url: string | null): string | null {
  const { faces } = useApp()
  return useSyncExternalStore(faces.subscribe, () => faces.of(id, url))
}
