import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { searchWords } from '../base/text.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { knowChats } from './domain.ts'
import type { Chat } from './domain.ts'
import { countChatList, findChatList } from './list-store.ts'
import type { ChatKey, ListFilter } from './list-store.ts'
import type { ChatRow } from './store.ts'

/** Which of the viewer's chats; what is null or left out does not matter. */
export interface ChatFilter {
  kind?: ChatRow['kind'] | null
  search?: string | null
  unread?: boolean | null
  archived?: boolean | null
  /** True: only those that the viewer is to answer; false filters nothing. */
  assignedToMe?: boolean | null
}

/** The viewer's chats: pinned ones ahead, then the newest activity first. */
export async function listChats(ctx: Ctx, filter: ChatFilter, request: PageRequest<ChatKey>): Promise<Page<Chat, ChatKey>> {
  const wanted = wantedOf(ctx, filter)
  const rows = wanted === null ? [] : await findChatList(ctx.db, viewerOf(ctx).userId, wanted, { after: request.cursor, backward: request.backward, limit: request.limit + 1 })
  knowChats(ctx, rows)
  return pageOf(request, rows, ({ chat, member, stream }) => [member.pinned, stream.lastAt.toISOString(), chat.id])
}

export async function countChats(ctx: Ctx, filter: ChatFilter): Promise<number> {
  const wanted = wantedOf(ctx, filter)
  return wanted === null ? 0 : countChatList(ctx.db, viewerOf(ctx).userId, wanted)
}

/** The filter as statements take it; null: nothing can fit it. */
function wantedOf(ctx: Ctx, { kind, search, unread, archived, assignedToMe }: ChatFilter): ListFilter | null {
  const text = search?.trim() ?? ''
  const words = searchWords(text).slice(0, 10)
  // A search that holds no letter or digit asks for something, and nothing fits it.
  if (text !== '' && words.length === 0) return null
  return { kind: kind ?? null, words, unread: unread ?? null, archived: archived ?? null, assigneeId: assignedToMe === true ? viewerOf(ctx).userId : null }
}
