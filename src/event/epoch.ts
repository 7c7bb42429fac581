import type { Ctx } from '../ctx.ts'

/** Names the body of data that the database holds: another after a restore, and after a standby has taken over. */
export async function currentEpoch(sql: Ctx['sql']): Promise<string> {
  const [row] = await sql<{ epoch: string }[]>`select data_epoch() as epoch`
  if (row === undefined) throw new Error('the meta row is missing')
  return row.epoch
}

/**
 * Looks after the transaction ids of a body of data that was brought from elsewhere: a dump, restored in another cluster, carries ids that this
 * one has not reached. Such rows count as old from here on, since every cursor of before is reset anyway; left alone they would come to
 * readers again and again. Done once for each epoch, by one of the servers.
 */
export async function settleEpoch(sql: Ctx['sql']): Promise<void> {
  await sql.begin(async (tx) => {
    const [meta] = await tx<{ unsettled: boolean }[]>`select settled is distinct from data_epoch() as unsettled from meta for update`
    if (meta?.unsettled !== true) return
    // Nobody appends meanwhile: whoever does keeps the greater id, which is the one from elsewhere.
    // It takes as long as it takes: there may be millions of them.
    await tx`set local statement_timeout = 0`
    await tx`lock table stream in exclusive mode`
    // What a statement sees was committed before its snapshot's xmax, unless it came from another cluster.
    await tx`update event set xid = '3' where xid >= pg_snapshot_xmax(pg_current_snapshot())`
    await tx`
      update stream s set max_xid = coalesce((select max(e.xid) from event e where e.stream_id = s.id), '3')
      where max_xid >= pg_snapshot_xmax(pg_current_snapshot())`
    await tx`update member set mark_xid = '3' where mark_xid >= pg_snapshot_xmax(pg_current_snapshot())`
    await tx`update users set profile_xid = '3' where profile_xid >= pg_snapshot_xmax(pg_current_snapshot())`
    // What was said before and never went out stays here: after a restore nobody knows what did.
    await tx`update outbox set position = pg_current_xact_id(), holder = null, leased_until = null where position >= pg_snapshot_xmax(pg_current_snapshot())`
    await tx`update meta set settled = data_epoch(), floor_xid = '3'`
  })
}
