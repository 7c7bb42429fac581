import { BadUserInput } from '../base/errors.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { textFault } from '../base/text.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { loadMessage } from './domain.ts'
import type { Message } from './domain.ts'
import { searchMessageKeys } from './search-store.ts'
import type { SearchKey } from './search-store.ts'
import { readQuery, snippetOf } from './search-words.ts'
import type { Range, Term } from './search-words.ts'

export type { Range, SearchKey }

const MAX_QUERY_LENGTH = 200

/** A page of what was found, and what was looked for. */
export type Found = Page<Message, SearchKey> & { terms: readonly Term[] }

/** The messages that the viewer may read and that fit a query, newest first; of one chat or one sender where these are given. */
export async function searchMessages(
  ctx: Ctx,
  search: { query: string; chatId: number | null; senderId: number | null },
  request: PageRequest<SearchKey>,
): Promise<Found> {
  const fault = textFault(search.query, { min: 0, max: MAX_QUERY_LENGTH })
  if (fault !== null) throw new BadUserInput(`\`query\` ${fault}.`)
  const terms = readQuery(search.query)
  const keys = await searchMessageKeys(ctx.sql, viewerOf(ctx).userId, { ...search, terms, after: request.cursor, limit: request.limit + 1 }, ctx.givenUp)
  const messages = (await Promise.all(keys.map(async (key) => loadMessage(ctx, key)))).filter((message) => message !== null)
  return { ...pageOf(request, messages, (message) => [message.createdAt.toISOString(), message.chatId, message.number] as const), terms }
}

/** The part of a found message that shows why, and the ranges of it that fit. */
export function shownPart(message: Message, terms: readonly Term[]): { snippet: string; highlights: Range[] } {
  return snippetOf(message.body ?? '', terms)
}
