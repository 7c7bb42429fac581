import { useCallback, useEffect, useSyncExternalStore } from 'react'
import { useApp } from '../app/context.ts'
import { createSignal } from '../app/signal.ts'
import type { LinksQuery } from '../generated/graphql.ts'
import { here } from './upload.ts'

/** Where a file is fetched. */
export interface Link {
  url: string
  thumbnailUrl: string | null
}
interface Known extends Link {
  at: number
}

/** Links are good for two and a half minutes at least. */
const GOOD_MS = 120_000
const MOST = 100

/** Links of the files that somebody looks at: asked for when they come into view, together, and anew when they are old. */
export function createLinks(ask: (ids: string[]) => Promise<LinksQuery>) {
  const signal = createSignal()
  const known = new Map<string, Known>()
  const wanted = new Set<string>()
  const asked = new Set<string>()
  let planned = false

  async function fetchAll(): Promise<void> {
    planned = false
    const ids = [...wanted].slice(0, MOST)
    for (const id of ids) {
      wanted.delete(id)
      asked.add(id)
    }
    try {
      const { nodes } = await ask(ids)
      for (const node of nodes) {
        if (node?.__typename !== 'Attachment' || node.url === null) continue
        known.set(node.id, { url: here(node.url), thumbnailUrl: node.thumbnailUrl === null ? null : here(node.thumbnailUrl), at: Date.now() })
      }
      signal.tell()
    } catch {
      // Asked again by whoever comes into view next.
    }
    for (const id of ids) asked.delete(id)
    plan()
  }
  function plan(): void {
    if (planned || wanted.size === 0) return
    planned = true
    setTimeout(() => void fetchAll(), 20)
  }

  return {
    subscribe: signal.subscribe,
    of: (id: string): Link | undefined => known.get(id),
    want(id: string): void {
      if (Date.now() - (known.get(id)?.at ?? 0) < GOOD_MS || asked.has(id)) return
      wanted.add(id)
      plan()
    },
    /** The present one did not work. */
    renew(id: string): void {
      // Not one that was just fetched: what it leads to is gone then.
      if (Date.now() - (known.get(id)?.at ?? 0) < 10_000 || asked.has(id)) return
      known.delete(id)
      wanted.add(id)
      plan()
    },
  }
}

/** The link of a file that is in view; undefined until it is there. */
export function useLink(id: string): { link: Link | undefined; renew: () => void } {
  const { links } = useApp()
  useEffect(() => { links.want(id) }, [links, id])
  const link = useSyncExternalStore(links.subscribe, () => links.of(id))
  return { link, renew: useCallback(() => { links.renew(id) }, [links, id]) }
}
