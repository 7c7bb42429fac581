import { and, eq, sql } from 'drizzle-orm'
import type { Db } from '../db/index.ts'
import { deliveries, items } from './table.ts'

export type DeliveryRow = typeof deliveries.$inferSelect

/** Stores what was posted; the same bytes again are no second one. */
export async function insertDelivery(db: Db, body: Buffer, digest: Buffer): Promise<void> {
  await db.insert(deliveries).values({ body, digest }).onConflictDoNothing()
}

/** The oldest delivery that is due, and after how many milliseconds the next one will be. */
export async function findDueDelivery(db: Db): Promise<{ due: DeliveryRow | null }> {
  const [row] = await db
    .select()
    .from(deliveries)
    .where(and(eq(deliveries.state, 'PENDING'), sql`${deliveries.nextAt} <= clock_timestamp()`))
    .orderBy(deliveries.id)
    .limit(1)
  return { due: row ?? null }
}

/** Notes that this fact is worked off now; false where it was before. */
export async function insertItem(db: Db, key: string): Promise<boolean> {
  const rows = await db.insert(items).values({ key }).onConflictDoNothing().returning({ key: items.key })
  return rows.length > 0
}

/** Those of these facts that were worked off. */
export async function findItems(db: Db, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const rows = await db.select({ key: items.key }).from(items).where(sql`${items.key} in (select jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb))`)
  return new Set(rows.map(({ key }) => key))
}

export async function finishDelivery(db: Db, id: number, wamids: readonly string[]): Promise<void> {
  await db.update(deliveries).set({ state: 'DONE', doneAt: sql`clock_timestamp()`, fault: null, wamids: [...wamids] }).where(eq(deliveries.id, id))
}

/** It waits: until then, or, parked, for a person. */
export async function putOffDelivery(db: Db, id: number, { seconds, fault, parked }: { seconds: number; fault: string; parked: boolean }): Promise<void> {
  await db
    .update(deliveries)
    .set({ state: parked ? 'PARKED' : 'PENDING', attempts: sql`${deliveries.attempts} + 1`, nextAt: sql`clock_timestamp() + make_interval(secs => ${seconds})`, fault: fault.slice(0, 1000) })
    .where(eq(deliveries.id, id))
}

/** Lets a delivery be worked off again, now; null where there is none, or its content is gone. */
export async function requeueDelivery(db: Db, id: number): Promise<DeliveryRow | null> {
  const [row] = await db
    .update(deliveries)
    .set({ state: 'PENDING', attempts: 0, nextAt: sql`clock_timestamp()`, fault: null })
    .where(and(eq(deliveries.id, id), sql`${deliveries.body} is not null`))
    .returning()
  return row ?? null
}

/** What was posted of a message that was revoked since goes, as far as it was worked off. */
export async function emptyDeliveriesOf(db: Db, wamid: string): Promise<void> {
  await db.execute(sql`update whatsapp_delivery set body = null where state <> 'PENDING' and wamids @> array[${wamid}]::text[]`)
}

export async function emptyDelivery(db: Db, id: number): Promise<void> {
  await db.update(deliveries).set({ body: null }).where(eq(deliveries.id, id))
}

export async function findDelivery(db: Db, id: number): Promise<DeliveryRow | null> {
  const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id))
  return row ?? null
}

/** A page of deliveries, the newest first. */
export function findDeliveries(db: Db, { state, after, backward, limit }: { state: DeliveryRow['state'] | null; after: number | null; backward: boolean; limit: number }): Promise<DeliveryRow[]> {
  const beyond = after === null ? undefined : backward ? sql`${deliveries.id} > ${after}` : sql`${deliveries.id} < ${after}`
  return db
    .select()
    .from(deliveries)
    .where(and(state === null ? undefined : eq(deliveries.state, state), beyond))
    .orderBy(backward ? sql`${deliveries.id}` : sql`${deliveries.id} desc`)
    .limit(limit)
}

/** Removes some of what was worked off so long ago, and the keys of facts that nobody repeats any more; answers how many. */
export async function removeOldDeliveries(db: Db, days: { deliveries: number; items: number }, limit: number): Promise<number> {
  const [row] = await db.execute<{ removed: number }>(sql`
    with old as (
      delete from whatsapp_delivery where id in (
        select id from whatsapp_delivery where state = 'DONE' and done_at < now() - make_interval(days => ${days.deliveries}) order by done_at limit ${limit}
      ) returning id
    ),
    facts as (
      delete from whatsapp_item where key in (select key from whatsapp_item where at < now() - make_interval(days => ${days.items}) order by at limit ${limit}) returning key
    )
    select (select count(*) from old)::int + (select count(*) from facts)::int as removed`)
  return row?.removed ?? 0
}
