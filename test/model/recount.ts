import type { TestServer } from '../harness.ts'
import type { Status, View } from './model.ts'

interface Row {
  chat_id: number
  user_id: number
  role: View['viewerMember']['role']
  delivered_up_to: number
  read_up_to: number
  unread: number
  mentions: number
  members: number
  others_have: number
  others_read: number
  last: number | null
  last_deleted: boolean | null
  last_status: Status | null
}

/** What everybody must see of these chats, counted by its definition in the tables, whole histories at a time; by `chat:user`. */
export async function recount(sql: TestServer['sql'], chatIds: readonly number[]): Promise<Map<string, View>> {
  const rows = await sql<Row[]>`
    with here as (select * from member where to_seq is null and chat_id = any (${[...chatIds]}::bigint[])),
    size as (select chat_id, max(number) as newest from message where chat_id = any (${[...chatIds]}::bigint[]) group by chat_id),
    seen as (
      select h.chat_id, h.user_id, max(x.number) as last,
        count(*) filter (where x.number > h.read_up_to and x.sender_id <> h.user_id and x.deleted_at is null)::int as unread,
        count(*) filter (where x.number > h.read_up_to and x.sender_id <> h.user_id and x.deleted_at is null and h.user_id = any (x.mentions))::int as mentions
      from here h join message x on x.chat_id = h.chat_id and x.number >= h.history_from
      group by h.chat_id, h.user_id
    )
    select h.chat_id, h.user_id, h.role, h.delivered_up_to, h.read_up_to, coalesce(seen.unread, 0) as unread, coalesce(seen.mentions, 0) as mentions,
      (select count(*) from here o where o.chat_id = h.chat_id)::int as members,
      least(coalesce(size.newest, 0), (select min(o.delivered_up_to) from here o where o.chat_id = h.chat_id and o.user_id <> h.user_id)) as others_have,
      least(coalesce(size.newest, 0), (select min(o.read_up_to) from here o where o.chat_id = h.chat_id and o.user_id <> h.user_id)) as others_read,
      seen.last, l.deleted_at is not null as last_deleted,
      case
        when not exists (select from here o where o.chat_id = h.chat_id and o.user_id <> l.sender_id and o.read_up_to < l.number) then 'READ'
        when not exists (select from here o where o.chat_id = h.chat_id and o.user_id <> l.sender_id and o.delivered_up_to < l.number) then 'DELIVERED'
        else 'SENT'
      end as last_status
    from here h
    left join size on size.chat_id = h.chat_id
    left join seen on seen.chat_id = h.chat_id and seen.user_id = h.user_id
    left join message l on l.chat_id = h.chat_id and l.number = seen.last
    where h.hidden_up_to is null or h.hidden_up_to < size.newest`
  return new Map(rows.map((row) => [`${row.chat_id}:${row.user_id}`, viewIn(row)]))
}

function viewIn(row: Row): View {
  const { role, delivered_up_to: deliveredUpTo, read_up_to: readUpTo } = row
  return {
    unreadCount: row.unread,
    unreadMentionCount: row.mentions,
    memberCount: row.members,
    deliveredUpTo: row.others_have,
    readUpTo: row.others_read,
    viewerMember: { role, deliveredUpTo, readUpTo },
    lastMessage: row.last === null ? null : { number: row.last, deleted: row.last_deleted ?? false, status: row.last_status ?? 'SENT' },
  }
}
