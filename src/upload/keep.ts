import { startJob } from '../base/job.ts'
import type { Job } from '../base/job.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { AT_ONCE, UNUSED_HOURS, discardUnused, forgetDiscarded, takeDiscarded } from './discard-store.ts'
import { thumbnailKey } from './receive.ts'
import { forgetUse } from './store.ts'

/** How often files are looked for that nobody needs. */
const EVERY_MS = 60_000

/**
 * Removes files that were never finished or never sent, and the bytes of those whose last use is gone: now, and from time to time. Several servers
 * share the work. What fails, such as where the store cannot be reached, is tried again the next time. Who stops it waits for the file that is under way.
 */
export function startFileKeeping(ctx: Ctx, everyMs = EVERY_MS): Job {
  const work = async (isStopped: () => boolean) => {
    // Bytes that came to this machine wait here; they live a little longer than what announces them.
    await ctx.incoming.sweep(new Date(Date.now() - (UNUSED_HOURS + 1) * 3600_000))
    while (!isStopped() && (await discardUnused(ctx.db)) === AT_ONCE);
    while (!isStopped() && (await removeNext(ctx)));
    await forgetUse(ctx.db)
  }
  return startJob(work, { everyMs, log: ctx.log, failed: 'Files that nobody needs could not be removed; it is tried again.' })
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
