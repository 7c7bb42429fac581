import type { ChatFilter, ChatPartsFragment } from '../generated/graphql.ts'

/** So many chats come at once. */
export const PAGE = 50

/** The server searches people and messages from so many letters on. */
export const SHORTEST = 2

/** The views of the chat list. */
export type View = 'all' | 'unread' | 'mine' | 'customers' | 'groups' | 'archived'
export const VIEWS: readonly View[] = ['all', 'unread', 'groups', 'archived']
/** Those of whoever answers customers. */
export const AGENT_VIEWS: readonly View[] = ['all', 'unread', 'mine', 'customers', 'groups', 'archived']

export function filterOf(view: View): ChatFilter {
  if (view === 'archived') return { archived: true }
  if (view === 'unread') return { archived: false, unread: true }
  if (view === 'mine') return { archived: false, assignedToMe: true }
  if (view === 'customers') return { archived: false, kind: 'WHATSAPP' }
  if (view === 'groups') return { archived: false, kind: 'GROUP' }
  return { archived: false }
}

type Shown = Pick<ChatPartsFragment, 'kind' | 'unreadCount' | 'viewerMember' | 'lastActivityAt' | 'whatsapp'>

/** Whether a chat is in a list, as the server decides it too; a search it alone can decide. */
export function matches(chat: Shown, filter: ChatFilter, userId: string): boolean {
  if (filter.search != null) return false
  if (filter.archived != null && filter.archived !== (chat.viewerMember?.archived ?? false)) return false
  if (filter.assignedToMe === true && chat.whatsapp?.assignee?.id !== userId) return false
  if (filter.kind != null && filter.kind !== chat.kind) return false
  return filter.unread == null || filter.unread === chat.unreadCount > 0
}

/** Pinned ones first, then the newest. */
export function inOrder<C extends Shown>(chats: readonly C[]): C[] {
  const rank = (chat: C) => (chat.viewerMember?.pinned === true ? 1 : 0)
  return [...chats].sort((a, b) => rank(b) - rank(a) || (a.lastActivityAt < b.lastActivityAt ? 1 : -1))
}
