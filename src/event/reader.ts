import type { Ctx } from '../ctx.ts'
import type { EventKind, EventRow } from './types.ts'

/** An event row as the raw client answers it: times and transaction ids as text. */
export interface RawEventRow {
  stream_id: number
  seq: number
  xid: string
  kind: EventKind
  actor_id: number | null
  ref_id: number | null
  rev: number | null
  at: string
}

export function toEventRow(row: RawEventRow): EventRow {
  return {
    streamId: row.stream_id,
    seq: row.seq,
    xid: BigInt(row.xid),
    kind: row.kind,
    actorId: row.actor_id,
    refId: row.ref_id,
    rev: row.rev,
    at: new Date(row.at),
  }
}

/** How many events one read brings at most, of one stream. */
export const READ_LIMIT = 100
/** Recent events kept per stream, and the streams for which they are kept. */
const RING_SIZE = 128
const RING_STREAMS = 10_000

/**
 * Reads the log for all connections of this server: what many ask for in one turn is one statement, and the newest events of a
 * busy stream come from memory. Stream order is commit order, so what is visible of a stream is always a prefix: no read can skip.
 */
export class EventReader {
  readonly #sql: Ctx['sql']
  readonly #onRead: (rows: readonly EventRow[]) => void
  readonly #rings = new Map<number, EventRow[]>()
  #wanted = new Map<string, { streamId: number; after: number; answer: (rows: EventRow[]) => void; fail: (error: unknown) => void; rows: Promise<EventRow[]> }>()

  /** `onRead` is told of all that was read anew. */
  constructor(sql: Ctx['sql'], onRead: (rows: readonly EventRow[]) => void) {
    this.#sql = sql
    this.#onRead = onRead
  }

  /** The events of a stream after this number, contiguous and in order, if the next one is in memory; else null. */
  recent(streamId: number, after: number): EventRow[] | null {
    const ring = this.#rings.get(streamId)
    const first = ring?.[0]
    if (ring === undefined || first === undefined || first.seq > after + 1) return null
    const from = after + 1 - first.seq
    return from < ring.length ? ring.slice(from, from + READ_LIMIT) : null
  }

  /** The newest event of a stream that is in memory; 0 where none is. */
  newest(streamId: number): number {
    return this.#rings.get(streamId)?.at(-1)?.seq ?? 0
  }

  /** The events of a stream after this number, at most {@link READ_LIMIT}: contiguous, in order. */
  read(streamId: number, after: number): Promise<EventRow[]> {
    const recent = this.recent(streamId, after)
    if (recent !== null) return Promise.resolve(recent)
    const key = `${streamId}:${after}`
    const asked = this.#wanted.get(key)
    if (asked !== undefined) return asked.rows
    if (this.#wanted.size === 0) setImmediate(() => void this.#flush())
    let answer: (rows: EventRow[]) => void = () => undefined
    let fail: (error: unknown) => void = () => undefined
    const rows = new Promise<EventRow[]>((resolve, reject) => {
      answer = resolve
      fail = reject
    })
    this.#wanted.set(key, { streamId, after, answer, fail, rows })
    return rows
  }

  /**
   * Takes events that were just stored, those of a stream in their order. They are kept where they follow what is kept directly, and nowhere
   * else: what came between was committed by others, and is read.
   */
  offer(rows: readonly EventRow[]): void {
    for (const row of rows) {
      const ring = this.#rings.get(row.streamId)
      if (ring?.at(-1)?.seq !== row.seq - 1) continue
      ring.push(row)
      if (ring.length > 2 * RING_SIZE) ring.splice(0, RING_SIZE)
      this.#rings.delete(row.streamId)
      this.#rings.set(row.streamId, ring)
    }
  }

  async #flush(): Promise<void> {
    const wanted = [...this.#wanted.values()]
    this.#wanted = new Map()
    try {
      const rows = await this.#sql<(RawEventRow & { ord: number })[]>`
        select w.ord::int as ord, e.stream_id, e.seq, e.xid::text as xid, e.kind, e.actor_id, e.ref_id, e.rev, e.at
        from unnest((select ${wanted.map((w) => w.streamId)}::bigint[]), (select ${wanted.map((w) => w.after)}::bigint[])) with ordinality as w (stream_id, after, ord)
        cross join lateral (
          select * from event where event.stream_id = w.stream_id and event.seq > w.after order by event.seq limit ${READ_LIMIT}
        ) as e
        order by w.ord, e.seq`
      const answers: EventRow[][] = wanted.map(() => [])
      for (const row of rows) answers[row.ord - 1]?.push(toEventRow(row))
      wanted.forEach((w, index) => {
        const answer = answers[index] ?? []
        this.#keep(w.streamId, answer)
        this.#onRead(answer)
        w.answer(answer)
      })
    } catch (error) {
      for (const w of wanted) w.fail(error)
    }
  }

  #keep(streamId: number, rows: EventRow[]): void {
    const first = rows[0]
    if (first === undefined) return
    const ring = this.#rings.get(streamId) ?? []
    this.#rings.delete(streamId)
    const last = ring.at(-1)
    // Only what follows directly may be added: a ring has no holes. A read from far behind leaves the ring as it is.
    if (last === undefined || first.seq > last.seq + 1) this.#rings.set(streamId, rows.slice(-RING_SIZE))
    else this.#rings.set(streamId, [...ring, ...rows.filter((row) => row.seq > last.seq)].slice(-RING_SIZE))
    if (this.#rings.size > RING_STREAMS) {
      // The map keeps insertion order and every use inserts anew: the first one is the one unused for longest.
      for (const oldest of this.#rings.keys()) {
        this.#rings.delete(oldest)
        break
      }
    }
  }
}
