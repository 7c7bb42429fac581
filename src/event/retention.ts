import { startJob } from '../base/job.ts'
import type { Job } from '../base/job.ts'
import type { Ctx } from '../ctx.ts'

/** Events are kept for so long: a cursor that is older is reset. */
export const RETENTION_DAYS = 30
/** How often old events are looked for. */
const EVERY_MS = 3600_000
/** Rows that one transaction removes at most, so that it stays short. */
const ROWS = 5000
/** Any number that nobody else locks in this database: one server removes, the others leave it to that one. */
const LOCK = 7_274_640

/** Removes events that are older than {@link RETENTION_DAYS}, now and once an hour. */
export function startRetention({ sql, log }: Pick<Ctx, 'sql' | 'log'>): Job {
  const removeAll = async (isStopped: () => boolean) => {
    while (!isStopped() && (await removeOld(sql)) > 0);
  }
  return startJob(removeAll, { everyMs: EVERY_MS, log, failed: 'Old events could not be removed; it is tried again in an hour.' })
}

/**
 * Removes some of the oldest events if their time is over, and notes below which transaction a reader may miss one; answers how many. Walks in
 * the order of transactions, which is that of time but for a few: what is kept a little longer for that does no harm.
 */
async function removeOld(sql: Ctx['sql']): Promise<number> {
  const [done] = await sql<{ removed: number }[]>`
    with mine as materialized (select pg_try_advisory_xact_lock(${LOCK}) as locked),
    oldest as materialized (select stream_id, seq, at from event where (select locked from mine) order by xid limit ${ROWS}),
    removed as (
      delete from event e using oldest o
      where e.stream_id = o.stream_id and e.seq = o.seq and o.at < now() - make_interval(days => ${RETENTION_DAYS})
      returning e.xid
    ),
    noted as (update meta set floor_xid = greatest(floor_xid, (select max(xid) from removed)) where exists (select from removed))
    select count(*)::int as removed from removed`
  return done?.removed ?? 0
}
