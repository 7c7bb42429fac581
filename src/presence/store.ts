import { sql } from 'drizzle-orm'
import type { SQL } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { members } from '../chat/table.ts'
import { blocks } from '../user/table.ts'

/** Whether one of these two has blocked the other. */
const blocked = (a: SQL, b: SQL) => sql`exists (select from ${blocks} where (user_id, blocked_id) in ((${a}, ${b}), (${b}, ${a})))`

/** Of these pairs of people those who share a chat just now, and of whom neither has blocked the other. */
export async function findAcquainted(db: Db, pairs: readonly (readonly [number, number])[]): Promise<[number, number][]> {
  const rows = await db.execute<{ a: number; b: number }>(sql`
    select pair.a, pair.b from unnest(${idList(pairs.map(([a]) => a))}, ${idList(pairs.map(([, b]) => b))}) as pair (a, b)
    where exists (
      select from ${members} mine join ${members} other on other.chat_id = mine.chat_id
      where mine.user_id = pair.a and mine.to_seq is null and other.user_id = pair.b and other.to_seq is null
    ) and not ${blocked(sql`pair.a`, sql`pair.b`)}`)
  return rows.map((row) => [Number(row.a), Number(row.b)])
}

/** Who may know that somebody types in a chat: its members just now, but for those between whom and the typist a block stands. */
export async function findAudiences(db: Db, typists: readonly (readonly [chatId: number, userId: number])[]): Promise<{ chatId: number; typistId: number; memberId: number }[]> {
  const rows = await db.execute<{ chat_id: number; user_id: number; member_id: number }>(sql`
    select typist.chat_id, typist.user_id, m.user_id as member_id
    from unnest(${idList(typists.map(([chatId]) => chatId))}, ${idList(typists.map(([, userId]) => userId))}) as typist (chat_id, user_id)
    join ${members} m on m.chat_id = typist.chat_id and m.to_seq is null
    where not ${blocked(sql`typist.user_id`, sql`m.user_id`)}`)
  return rows.map((row) => ({ chatId: Number(row.chat_id), typistId: Number(row.user_id), memberId: Number(row.member_id) }))
}
