import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import type { Db } from '../db/index.ts'

/** So long an attachment that nothing has a use for is kept. */
export const UNUSED_HOURS = 24
/** So many go in one statement, so that it stays short. */
export const AT_ONCE = 1000

/** Removes attachments, and notes that what is stored of them may go; answers how many these are. */
async function discard(db: Db, which: SQL): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    with discarded as (delete from attachment where ${which} returning key),
    noted as (insert into discarded_file (key) select distinct key from discarded on conflict do nothing)
    select count(*)::int as count from discarded`)
  return row?.count ?? 0
}

export const discardOne = (db: Db, id: number) => discard(db, sql`id = ${id}`)

export const discardOfMessage = (db: Db, [chatId, number]: readonly [number, number]) => discard(db, sql`chat_id = ${chatId} and number = ${number}`)

/** What somebody has sent in a chat. */
export const discardOfSender = (db: Db, chatId: number, userId: number) => discard(db, sql`chat_id = ${chatId} and owner_id = ${userId}`)

/** What is of use to nobody but its owner: neither in a message nor the picture of a group. */
export const discardOfOwner = (db: Db, userId: number) => discard(db, sql`owner_id = ${userId} and chat_id is null and (avatar_of is null or avatar_of = ${userId})`)

/** What was never finished, or never sent; of much, a part. */
export const discardUnused = (db: Db) =>
  discard(db, sql`id in (
    select id from attachment where chat_id is null and avatar_of is null and touched_at < now() - make_interval(hours => ${UNUSED_HOURS}) limit ${AT_ONCE} for update skip locked
  )`)

/** Notes that what is stored under this key may go, if nothing has it. */
export async function discardKey(db: Db, key: string): Promise<void> {
  await db.execute(sql`insert into discarded_file (key) values (${key}) on conflict do nothing`)
}

/** A key whose bytes may go, held until the transaction ends; one that another server holds is passed over. Null: there is none. */
export async function takeDiscarded(db: Db): Promise<{ key: string; isUsed: boolean } | null> {
  const [row] = await db.execute<{ key: string; used: boolean }>(sql`
    select d.key, exists (select from attachment a where a.key = d.key) as used from discarded_file d order by d.at limit 1 for update of d skip locked`)
  return row === undefined ? null : { key: row.key, isUsed: row.used }
}

export async function forgetDiscarded(db: Db, key: string): Promise<void> {
  await db.execute(sql`delete from discarded_file where key = ${key}`)
}
