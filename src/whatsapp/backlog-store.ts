import { sql } from 'drizzle-orm'
import type { Db } from '../db/index.ts'

/** What is parked is counted up to here: it stays until a person has looked. */
const COUNTED = 10_000

/** What waits on the way to WhatsApp and from there. Ages in seconds by the database's clock; 0 where nothing waits. */
export interface Backlog {
  /** To be sent: QUEUED and CALLING wait, of UNKNOWN ones nobody knows. */
  outbox: { queued: number; calling: number; unknown: number }
  /** Since the oldest that waits to be sent was asked for. */
  outboxAge: number
  /** Webhooks that are not worked off; `parked` is {@link COUNTED} at most. */
  inbox: { pending: number; parked: number }
  /** Since the oldest one that is pending came. */
  inboxAge: number
}

/** Looks at what is open alone, by the indexes of just that: what was worked off costs nothing, however much it is. */
export async function findBacklog(db: Db): Promise<Backlog | null> {
  const [row] = await db.execute<Record<'queued' | 'calling' | 'unknown' | 'pending' | 'parked' | 'outbox_age' | 'inbox_age', number>>(sql`
    with open as (select id, state, chat_id, seq, number from whatsapp_send where state <> 'DONE')
    select
      count(*) filter (where state = 'QUEUED')::int as queued,
      count(*) filter (where state = 'CALLING')::int as calling,
      count(*) filter (where state = 'UNKNOWN')::int as unknown,
      coalesce(greatest(0, extract(epoch from clock_timestamp() - (
        -- The event goes after a while, the message stays.
        select coalesce(e.at, m.created_at) from open o left join event e on e.stream_id = o.chat_id and e.seq = o.seq left join message m on m.chat_id = o.chat_id and m.number = o.number
        where o.state <> 'UNKNOWN' order by o.id limit 1
      ))), 0)::float8 as outbox_age,
      (select count(*) from whatsapp_delivery where state = 'PENDING')::int as pending,
      (select count(*) from (select from whatsapp_delivery where state = 'PARKED' limit ${COUNTED}) p)::int as parked,
      coalesce(greatest(0, extract(epoch from clock_timestamp() - (select received_at from whatsapp_delivery where state = 'PENDING' order by id limit 1))), 0)::float8 as inbox_age
    from open`)
  if (row === undefined) return null
  const { queued, calling, unknown, pending, parked } = row
  return { outbox: { queued, calling, unknown }, outboxAge: row.outbox_age, inbox: { pending, parked }, inboxAge: row.inbox_age }
}
