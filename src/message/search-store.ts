import type { GivenUp } from '../base/given-up.ts'
import type { Database } from '../db/index.ts'
import type { MessageKey } from './store.ts'

/** One thing that is looked for: any of these, or with `not` none of them. The SQL function search_messages takes it in this form. */
export interface Term {
  not: boolean
  any: Choice[]
}

/** Words in this order. Unless they are `whole`, the last one may go on. */
export interface Choice {
  words: string
  whole: boolean
}

/** The order of what is found: newest first. */
export type SearchKey = readonly [createdAt: string, chatId: number, number: number]

export interface MessageSearch {
  terms: readonly Term[]
  chatId: number | null
  senderId: number | null
  after: SearchKey | null
  limit: number
}

/** The newest messages that fit, of those that the viewer may read. See drizzle/0005_search.sql. The database stops looking once it is given up. */
export async function searchMessageKeys(sql: Database['sql'], viewerId: number, { terms, chatId, senderId, after, limit }: MessageSearch, givenUp?: GivenUp): Promise<MessageKey[]> {
  const [at, afterChat, afterNumber] = after ?? [null, null, null]
  const statement = sql<{ chat_id: number; number: number }[]>`
    select chat_id, number from search_messages(
      ${viewerId}::bigint, ${JSON.stringify(terms)}::jsonb, ${chatId}::bigint, ${senderId}::bigint, ${at}::timestamptz, ${afterChat}::bigint, ${afterNumber}::bigint, ${limit}::int)`
  let isOver = false
  givenUp?.onGivenUp(() => {
    if (!isOver) statement.cancel()
  })
  try {
    const rows = await statement
    return rows.map((row) => [Number(row.chat_id), Number(row.number)] as const)
  } finally {
    isOver = true
  }
}
