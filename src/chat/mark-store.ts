import { sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'

/** Moves a mark of a member forward; a read message is a delivered one. A lower number changes nothing. */
export async function raiseMark(db: Db, chatId: number, userId: number, mark: { upTo: number; read: boolean }): Promise<void> {
  const { upTo, read } = mark
  await db.execute(sql`
    with moved as (
      update member set
        delivered_up_to = greatest(delivered_up_to, ${upTo}), read_up_to = case when ${read} then greatest(read_up_to, ${upTo}) else read_up_to end,
        mark_xid = pg_current_xact_id(), marked_at = clock_timestamp()
      where chat_id = ${chatId} and user_id = ${userId} and to_seq is null and case when ${read} then read_up_to else delivered_up_to end < ${upTo}
      returning chat_id, user_id, marked_at
    )
    insert into mark_move (chat_id, user_id, read, up_to, at) select chat_id, user_id, ${read}, ${upTo}, marked_at from moved
    on conflict do nothing`)
}

/** The lowest marks of the present members of a chat: each the lowest one, and the lowest of all others. */
export interface LowestMarks {
  delivered: Lowest
  read: Lowest
}

/** The member with the lowest mark, and what the lowest mark is without them; null where nobody is left. */
export interface Lowest {
  userId: number | null
  upTo: number | null
  withoutThem: number | null
}

/** By these two the least over all but one member is known, whoever that one is. */
export async function findLowestMarks(db: Db, chatIds: readonly number[]): Promise<Map<number, LowestMarks>> {
  const two = (mark: 'delivered_up_to' | 'read_up_to') => sql`(
    select json_agg(json_build_array(x.user_id, x.mark) order by x.mark) from (
      select user_id, ${sql.raw(mark)} as mark from member where chat_id = wanted.id and to_seq is null order by mark limit 2
    ) as x)`
  type Pairs = [userId: number, upTo: number][] | null
  const rows = await db.execute<{ id: number; delivered: Pairs; read: Pairs }>(
    sql`select wanted.id, ${two('delivered_up_to')} as delivered, ${two('read_up_to')} as read from unnest(${idList(chatIds)}) as wanted (id)`,
  )
  const lowest = (pairs: Pairs): Lowest => ({ userId: pairs?.[0]?.[0] ?? null, upTo: pairs?.[0]?.[1] ?? null, withoutThem: pairs?.[1]?.[1] ?? null })
  return new Map(rows.map((row) => [Number(row.id), { delivered: lowest(row.delivered), read: lowest(row.read) }]))
}

/** Whose receipts are asked for: of a message, all members but its sender. */
export interface ReceiptsOf {
  chatId: number
  number: number
  senderId: number
}

export interface ReceiptRow {
  userId: number
  deliveredAt: Date
  readAt: Date | null
}

/** Who has these messages, in the order of user ids; who joined later has none of them. A page of each, all in one statement. */
export async function findReceipts(
  db: Db,
  messages: readonly ReceiptsOf[],
  page: { after: number | null; backward: boolean; limit: number },
): Promise<ReceiptRow[][]> {
  const order = sql.raw(page.backward ? 'desc' : 'asc')
  const beyond = page.after === null ? sql`true` : page.backward ? sql`m.user_id < ${page.after}` : sql`m.user_id > ${page.after}`
  const firstMove = (read: ReturnType<typeof sql>) => sql`(
    select min(first.at) from (values (true), (false)) as kind (read)
    cross join lateral (select at from mark_move x where x.chat_id = r.chat_id and x.user_id = r.user_id and x.read = kind.read and x.up_to >= r.number order by x.up_to limit 1) as first
    where ${read})`
  const rows = await db.execute<{ ord: number; user_id: number; delivered_at: string | null; read_at: string | null; joined_at: string; read: boolean }>(sql`
    select r.ord::int as ord, r.user_id, ${firstMove(sql`true`)} as delivered_at, ${firstMove(sql`kind.read`)} as read_at, r.marked_at as joined_at, r.read
    from (
      select wanted.ord, wanted.number, m.chat_id, m.user_id, m.marked_at, m.read_up_to >= wanted.number as read
      from unnest(${idList(messages.map((m) => m.chatId))}, ${idList(messages.map((m) => m.number))}, ${idList(messages.map((m) => m.senderId))})
        with ordinality as wanted (chat_id, number, sender_id, ord)
      cross join lateral (
        select * from member m where m.chat_id = wanted.chat_id and m.to_seq is null and m.user_id <> wanted.sender_id
          and m.delivered_up_to >= wanted.number and m.history_from <= wanted.number and ${beyond}
        order by m.user_id ${order} limit ${page.limit}
      ) as m
    ) as r order by r.ord, r.user_id ${order}`)
  const pages: ReceiptRow[][] = messages.map(() => [])
  for (const row of rows) {
    const deliveredAt = new Date(row.delivered_at ?? row.joined_at)
    pages[row.ord - 1]?.push({ userId: Number(row.user_id), deliveredAt, readAt: row.read ? new Date(row.read_at ?? row.joined_at) : null })
  }
  return pages
}
