import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { AT_ONCE, UNUSED_HOURS, discardUnused, forgetDiscarded, takeDiscarded } from './discard-store.ts'
import { thumbnailKey } from './receive.ts'
import { forgetUse } from './store.ts'

/** How often files are looked for that nobody needs. */
const EVERY_MS = 60_000

export interface FileKeeping {
  /** Finishes the file that is under way. */
  stop(): Promise<void>
}

/**
 * Removes files that were never finished or never sent, and the bytes of those whose last use is gone: now, and from time to time. Several servers
 * share the work. What fails, such as where the store cannot be reached, is tried again the next time.
 */
export function startFileKeeping(ctx: Ctx, everyMs = EVERY_MS): FileKeeping {
  let stopped = false
  const work = async () => {
    try {
      // Bytes that came to this machine wait here; they live a little longer than what announces them.
      await ctx.incoming.sweep(new Date(Date.now() - (UNUSED_HOURS + 1) * 3600_000))
      while (!stopped && (await discardUnused(ctx.db)) === AT_ONCE);
      while (!stopped && (await removeNext(ctx)));
      await forgetUse(ctx.db)
    } catch (error) {
      if (!stopped) ctx.log.warn({ err: error }, 'Files that nobody needs could not be removed; it is tried again.')
    }
  }
  let running = work()
  const timer = setInterval(() => { running = running.then(work) }, everyMs)
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}

/** Removes the bytes of one file that was given up, unless something else has them; false where there is none. */
function removeNext(ctx: Ctx): Promise<boolean> {
  return withTransaction(ctx, async (tx) => {
    const next = await takeDiscarded(tx.db)
    if (next === null) return false
    if (!next.isUsed) await tx.blobs.delete([next.key, thumbnailKey(next.key)])
    await forgetDiscarded(tx.db, next.key)
    return true
  })
}
