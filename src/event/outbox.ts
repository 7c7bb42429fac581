import { randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import type { Ctx } from '../ctx.ts'
import { withTransaction } from '../ctx.ts'
import { outboxes } from './table.ts'
import type { EventKind } from './types.ts'

/** A server that died without a word is followed by another after so long. */
const LEASE_SECONDS = 5
const RENEW_MS = 1500

/** So many transactions a position that found nothing may stay behind: to read them again after a restart costs less than to write each step down. */
const WORTH_WRITING = 500n

/**
 * The right to work for a name, which one server has at a time, for a short while that it renews. It keeps order and spares work; what must never
 * happen twice is kept from that by the database.
 */
export class Lease {
  readonly #ctx: Pick<Ctx, 'sql'>
  readonly #name: string
  readonly #holder = randomUUID()
  #renewedAt = -Infinity

  constructor(ctx: Pick<Ctx, 'sql'>, name: string) {
    this.#ctx = ctx
    this.#name = name
  }

  /** Whether this server has it now; asks the database where it was not asked for a while. `gained`: only just. */
  async hold(): Promise<{ held: boolean; gained: boolean }> {
    const before = performance.now()
    if (before - this.#renewedAt < RENEW_MS) return { held: true, gained: false }
    const knew = before - this.#renewedAt < LEASE_SECONDS * 1000
    const rows = await this.#ctx.sql<{ was: string | null }[]>`
      with former as (select name, holder::text as was from outbox where name = ${this.#name} for update)
      update outbox o set holder = ${this.#holder}::uuid, leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})
      from former f where o.name = f.name and (o.holder is null or o.holder = ${this.#holder}::uuid or o.leased_until < clock_timestamp())
      returning f.was`
    const [row] = rows
    if (row === undefined) {
      this.#renewedAt = -Infinity
      return { held: false, gained: false }
    }
    this.#renewedAt = before
    return { held: true, gained: !knew || row.was !== this.#holder }
  }

  /** Lets another server have it at once. */
  async release(): Promise<void> {
    this.#renewedAt = -Infinity
    await this.#ctx.sql`update outbox set holder = null, leased_until = null where name = ${this.#name} and holder = ${this.#holder}::uuid`
  }
}

/** An event of a chat with a person outside. */
export interface OutsideEvent {
  chatId: number
  seq: number
  kind: EventKind
  actorId: number | null
  number: number
}

/** How far somebody who answers has read a chat with a person outside. */
export interface OutsideMark {
  chatId: number
  readUpTo: number
}

/**
 * Takes what is new in the log for a durable consumer: events of these kinds, by chat and in order, and read marks, of chats with people outside.
 * `take` stores what follows from them, in the same transaction in which the position moves on; it may be given the same again, and must not
 * mind. Everything below the position is finished, as with the cursors of clients. Answers up to where all was taken, which is `from` of the next call:
 * where nothing is found that is not written down each time.
 */
export async function takeOutside(ctx: Ctx, { name, kinds, from }: { name: string; kinds: readonly EventKind[]; from: bigint }, take: (tx: Ctx, events: OutsideEvent[], marks: OutsideMark[]) => Promise<void>): Promise<bigint> {
  return withTransaction(ctx, async (tx) => {
    const [box] = await tx.db.select({ position: outboxes.position }).from(outboxes).where(eq(outboxes.name, name))
    if (box === undefined) throw new Error(`there is no outbox ${name}`)
    const position = sql`${String(from > box.position ? from : box.position)}::xid8`
    const [row] = await tx.db.execute<{ xmin: string; events: [number, number, EventKind, number | null, number][] | null; marks: [number, number][] | null }>(sql`
      select pg_snapshot_xmin(pg_current_snapshot())::text as xmin, (
        select json_agg(json_build_array(e.stream_id, e.seq, e.kind, e.actor_id, e.ref_id) order by e.stream_id, e.seq)
        from event e join stream s on s.id = e.stream_id and s.outside_id is not null
        where e.xid >= ${position} and e.kind in (${sql.raw(kinds.join(', '))}) and e.actor_id is distinct from s.outside_id
      ) as events, (
        select json_agg(json_build_array(m.chat_id, m.upto)) from (
          select m.chat_id, max(m.read_up_to) as upto from member m join stream s on s.id = m.chat_id and s.outside_id is not null
          where m.mark_xid >= ${position} group by m.chat_id
        ) as m
      ) as marks`)
    if (row === undefined) throw new Error('no snapshot')
    const events = (row.events ?? []).map(([chatId, seq, kind, actorId, number]) => ({ chatId, seq, kind, actorId, number }))
    const marks = (row.marks ?? []).map(([chatId, readUpTo]) => ({ chatId, readUpTo }))
    const found = events.length + marks.length > 0
    const upTo = BigInt(row.xmin)
    if (found) await take(tx, events, marks)
    if (found || upTo - box.position > WORTH_WRITING) await tx.db.update(outboxes).set({ position: sql`greatest(${outboxes.position}, ${row.xmin}::xid8)` }).where(eq(outboxes.name, name))
    // Lower than before only where an earlier state of the data was restored: what is stored says where to go on.
    return upTo < from ? 0n : upTo
  })
}
