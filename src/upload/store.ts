import { and, eq, isNull, sql } from 'drizzle-orm'
import { idList, idPairs } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { attachments } from './table.ts'

export type AttachmentRow = typeof attachments.$inferSelect

/** What is known of a file once its bytes have been looked at. */
export type Found = Pick<AttachmentRow, 'kind' | 'mimeType' | 'byteSize' | 'width' | 'height' | 'durationSeconds' | 'blurhash' | 'thumbnailSize'>

/** Nothing has a use for it yet. */
const unused = and(isNull(attachments.chatId), isNull(attachments.avatarOf))

export async function insertAttachment(db: Db, values: typeof attachments.$inferInsert): Promise<AttachmentRow> {
  const [row] = await db.insert(attachments).values(values).returning()
  if (row === undefined) throw new Error('the insert answered no row')
  return row
}

/** Counts one more file of so many bytes for today; false where that is more than the day allows, and nothing was counted. */
export async function countUpload(db: Db, userId: number, bytes: number, perDay: { files: number; bytes: number }): Promise<boolean> {
  const rows = await db.execute(sql`
    insert into upload_use as u (user_id, day, files, bytes)
    select ${userId}::bigint, (now() at time zone 'UTC')::date, 1, ${bytes}::bigint where 1 <= ${perDay.files}::int and ${bytes}::bigint <= ${perDay.bytes}::bigint
    on conflict (user_id, day) do update set files = u.files + 1, bytes = u.bytes + excluded.bytes
    where u.files < ${perDay.files}::int and u.bytes + excluded.bytes <= ${perDay.bytes}::bigint
    returning 1`)
  return rows.length > 0
}

export function findAttachments(db: Db, ids: readonly number[]): Promise<AttachmentRow[]> {
  return db.select().from(attachments).where(sql`${attachments.id} = any (${idList(ids)})`)
}

/** The attachments of these messages (chat and number), each message's in their order. */
export function findAttachmentsOf(db: Db, keys: readonly (readonly [number, number])[]): Promise<AttachmentRow[]> {
  return db
    .select()
    .from(attachments)
    .where(sql`(${attachments.chatId}, ${attachments.number}) in (${idPairs(keys)})`)
    .orderBy(attachments.chatId, attachments.number, attachments.place)
}

/** Notes what a file is, of which all bytes are stored now; false where nobody awaits it any more. */
export async function markReady(db: Db, id: number, found: Found): Promise<boolean> {
  const rows = await db
    .update(attachments)
    .set({ ...found, state: 'READY', touchedAt: sql`now()` })
    .where(and(eq(attachments.id, id), eq(attachments.state, 'PENDING')))
    .returning({ id: attachments.id })
  return rows.length > 0
}

/** Notes that a file will not come; false where nobody awaits it any more. */
export async function markFailed(db: Db, id: number): Promise<boolean> {
  const rows = await db
    .update(attachments)
    .set({ state: 'FAILED', touchedAt: sql`now()` })
    .where(and(eq(attachments.id, id), eq(attachments.state, 'PENDING')))
    .returning({ id: attachments.id })
  return rows.length > 0
}

/** Gives files of somebody to a message, in this order; answers which ones. What is not theirs, not there yet or used already is left out. */
export async function giveToMessage(db: Db, ownerId: number, ids: readonly number[], [chatId, number]: readonly [number, number]): Promise<number[]> {
  const rows = await db.execute<{ id: number }>(sql`
    update attachment a set chat_id = ${chatId}, number = ${number}, place = given.place
    from unnest(${idList(ids)}) with ordinality as given (id, place)
    where a.id = given.id and a.owner_id = ${ownerId} and a.state = 'READY' and a.chat_id is null and a.avatar_of is null
    returning a.id`)
  return rows.map(({ id }) => Number(id))
}

/** Gives a message files of its own that are those of another message; answers how many these are. The other one's are held meanwhile, so that none of them goes. */
export async function copyToMessage(db: Db, ownerId: number, from: readonly [number, number], [chatId, number]: readonly [number, number]): Promise<number> {
  const rows = await db.execute(sql`
    with original as materialized (select * from attachment where chat_id = ${from[0]} and number = ${from[1]} and state = 'READY' order by place for share)
    insert into attachment (owner_id, state, kind, key, file_name, mime_type, byte_size, width, height, duration_seconds, blurhash, thumbnail_size, chat_id, number, place)
    select ${ownerId}::bigint, state, kind, key, file_name, mime_type, byte_size, width, height, duration_seconds, blurhash, thumbnail_size, ${chatId}::bigint, ${number}::bigint, place
    from original returning id`)
  return rows.length
}

/** Makes a file of somebody the picture of a user or chat; false where it is not theirs, no picture, not there yet or used already. */
export async function giveToAvatar(db: Db, ownerId: number, id: number, avatarOf: number): Promise<boolean> {
  const rows = await db
    .update(attachments)
    .set({ avatarOf })
    .where(and(eq(attachments.id, id), eq(attachments.ownerId, ownerId), eq(attachments.state, 'READY'), eq(attachments.kind, 'IMAGE'), unused))
    .returning({ id: attachments.id })
  return rows.length > 0
}

export async function forgetUse(db: Db): Promise<void> {
  await db.execute(sql`delete from upload_use where day < (now() at time zone 'UTC')::date - 1`)
}

/** Gives each of these files, whoever has uploaded it, to a message as its only one; answers how many were there and free. */
export async function giveManyToMessages(db: Db, gifts: readonly { id: number; key: readonly [number, number] }[]): Promise<number> {
  const rows = await db.execute(sql`
    update attachment a set chat_id = given.chat_id, number = given.number, place = 1
    from unnest(${idList(gifts.map(({ id }) => id))}, ${idList(gifts.map(({ key }) => key[0]))}, ${idList(gifts.map(({ key }) => key[1]))}) as given (id, chat_id, number)
    where a.id = given.id and a.state = 'READY' and a.chat_id is null and a.avatar_of is null
    returning a.id`)
  return rows.length
}
