import type { Ctx } from '../ctx.ts'
import { findBacklog } from './backlog-store.ts'
import type { Backlog } from './backlog-store.ts'

export type { Backlog }

/** A scrape waits for so long, as it does for whether the database is there. */
const PATIENCE_MS = 2000

/** What waits on the way to WhatsApp and from there; null where the database does not say so in time. */
export function readBacklog({ db }: Pick<Ctx, 'db'>): Promise<Backlog | null> {
  return Promise.race([findBacklog(db).catch(() => null), new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null).unref())])
}
