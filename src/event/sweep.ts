import type { Hint } from '../bus/index.ts'
import type { Ctx } from '../ctx.ts'
import { parseSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'

/** How often the log is swept while somebody listens, and while nobody does. */
const BUSY_MS = 1000
const IDLE_MS = 10_000

/** A running sweep. */
export interface Sweep {
  stop(): Promise<void>
}

interface SweepOptions {
  sql: Ctx['sql']
  /** Whether somebody listens. */
  busy: () => boolean
  /** Hears which streams have rows that became visible since the last sweep, and below which transaction everything is finished now. */
  onMoved: (hints: readonly Hint[], horizon: bigint) => void
  onError: (error: unknown) => void
}

/** Asks regularly for what became visible in the log since the last time, so that a lost hint delays and never loses. */
export async function startSweep(options: SweepOptions): Promise<Sweep> {
  let previous = await currentSnapshot(options.sql)
  let timer: NodeJS.Timeout
  let running = Promise.resolve()
  let stopped = false
  let sinceSweep = 0

  const sweep = async () => {
    try {
      const { hints, snapshot } = await readMoved(options.sql, previous)
      previous = snapshot
      if (!stopped) options.onMoved(hints, snapshot.xmin)
    } catch (error) {
      if (!stopped) options.onError(error)
    }
  }
  const tick = () => {
    sinceSweep += BUSY_MS
    const due = options.busy() || sinceSweep >= IDLE_MS
    if (due) sinceSweep = 0
    running = due ? sweep() : Promise.resolve()
    void running.then(schedule)
  }
  const schedule = () => {
    if (!stopped) timer = setTimeout(tick, BUSY_MS)
  }
  schedule()
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

async function currentSnapshot(sql: Ctx['sql']): Promise<Snapshot> {
  const [row] = await sql<{ snapshot: string }[]>`select pg_current_snapshot()::text as snapshot`
  if (row === undefined) throw new Error('no snapshot')
  return parseSnapshot(row.snapshot)
}

/** One statement, so that the snapshot and the rows are of the same moment. */
async function readMoved(sql: Ctx['sql'], previous: Snapshot): Promise<{ hints: Hint[]; snapshot: Snapshot }> {
  const [row] = await sql<{ snapshot: string; moved: Hint[] | null }[]>`
    select pg_current_snapshot()::text as snapshot, (
      select json_agg(json_build_array(moved.stream_id, moved.head)) from (
        select stream_id, max(seq) as head from event
        where xid >= ${previous.xmax.toString()}::xid8 or xid = any (${previous.running.map(String)}::xid8[])
        group by stream_id
      ) as moved
    ) as moved`
  if (row === undefined) throw new Error('no snapshot')
  return { hints: row.moved ?? [], snapshot: parseSnapshot(row.snapshot) }
}
