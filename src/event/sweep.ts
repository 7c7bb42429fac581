import type { Hint } from '../bus/index.ts'
import type { Ctx } from '../ctx.ts'
import { parseSnapshot } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'
import { LARGE_CHAT } from './state.ts'

/** How often the log is swept while hints are lost, while somebody listens, and while nobody does. */
const DEGRADED_MS = 200
const BUSY_MS = 1000
const IDLE_MS = 10_000

/** A running sweep. */
export interface Sweep {
  /** When the last one began that was answered and handed on, as performance.now() tells it: what was committed by then was told. */
  readonly sweptAt: number
  stop(): Promise<void>
}

interface SweepOptions {
  sql: Ctx['sql']
  /** Whether somebody listens. */
  busy: () => boolean
  /** Whether the hints of other servers are lost just now. */
  degraded: () => boolean
  /** Hears how long a sweep took, in seconds. */
  onSwept: (seconds: number) => void
  /** Hears what became visible since the last sweep. */
  onMoved: (moved: Moved) => void
  onError: (error: unknown) => void
}

/** What became visible between two sweeps. */
export interface Moved {
  /** Streams with new events, each with the number of its newest. */
  hints: Hint[]
  marks: { chatId: number; userId: number; large: boolean; at: Date }[]
  /** Whose profile changed, and the chats in which they are or were. */
  profiles: { userId: number; chatIds: number[]; at: Date }[]
  /** Everything of transactions below this one is finished. */
  horizon: bigint
  /** Names the body of data that was read. */
  epoch: string
}

/** Asks regularly for what became visible in the log since the last time, so that a lost hint delays and never loses. */
export async function startSweep(options: SweepOptions): Promise<Sweep> {
  let sweptAt = performance.now()
  let previous = await currentSnapshot(options.sql)
  let timer: NodeJS.Timeout
  let running = Promise.resolve()
  let stopped = false
  let sinceSweep = 0
  let wasDegraded = false

  const sweep = async () => {
    const began = performance.now()
    try {
      const { snapshot, ...moved } = await readMoved(options.sql, previous)
      previous = snapshot
      if (stopped) return
      options.onMoved(moved)
      options.onSwept((performance.now() - began) / 1000)
      sweptAt = began
    } catch (error) {
      if (!stopped) options.onError(error)
    }
  }
  const tick = () => {
    sinceSweep += DEGRADED_MS
    const degraded = options.degraded()
    // Once more when it is over: the last hints were lost after the last sweep.
    const due = sinceSweep >= IDLE_MS || (options.busy() && (degraded || wasDegraded || sinceSweep >= BUSY_MS))
    wasDegraded = degraded
    if (due) sinceSweep = 0
    running = due ? sweep() : Promise.resolve()
    void running.then(schedule)
  }
  const schedule = () => {
    if (!stopped) timer = setTimeout(tick, DEGRADED_MS)
  }
  schedule()
  return {
    get sweptAt() {
      return sweptAt
    },
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

interface MovedRow {
  snapshot: string
  epoch: string
  hints: Hint[] | null
  marks: [chatId: number, userId: number, large: boolean, at: string][] | null
  profiles: [userId: number, chatIds: number[] | null, at: string][] | null
}

/** One statement, so that the snapshot and the rows are of the same moment. */
async function readMoved(sql: Ctx['sql'], previous: Snapshot): Promise<Moved & { snapshot: Snapshot }> {
  const xmax = previous.xmax.toString()
  const running = previous.running.map(String)
  const [row] = await sql<MovedRow[]>`
    select pg_current_snapshot()::text as snapshot, data_epoch() as epoch, (
      select json_agg(json_build_array(moved.stream_id, moved.head)) from (
        select stream_id, max(seq) as head from event
        where xid >= ${xmax}::xid8 or xid = any (${running}::xid8[])
        group by stream_id
      ) as moved
    ) as hints, (
      select json_agg(json_build_array(m.chat_id, m.user_id, c.member_count > ${LARGE_CHAT}, m.marked_at)) from member m join chat c on c.id = m.chat_id
      where (m.mark_xid >= ${xmax}::xid8 or m.mark_xid = any (${running}::xid8[])) and m.to_seq is null
    ) as marks, (
      select json_agg(json_build_array(u.id, (select json_agg(m.chat_id) from member m where m.user_id = u.id), u.updated_at)) from users u
      where u.profile_xid >= ${xmax}::xid8 or u.profile_xid = any (${running}::xid8[])
    ) as profiles`
  if (row === undefined) throw new Error('no snapshot')
  const snapshot = parseSnapshot(row.snapshot)
  return {
    snapshot,
    horizon: snapshot.xmin,
    epoch: row.epoch,
    hints: row.hints ?? [],
    marks: (row.marks ?? []).map(([chatId, userId, large, at]) => ({ chatId, userId, large, at: new Date(at) })),
    profiles: (row.profiles ?? []).map(([userId, chatIds, at]) => ({ userId, chatIds: chatIds ?? [], at: new Date(at) })),
  }
}
