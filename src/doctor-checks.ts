import type { Ctx } from './ctx.ts'

/** Something that must never be, and the rows of it: each as one text that names it. */
interface Check {
  /** What they are, as it follows their number: "3 messages in no chat". */
  what: string
  rows: (sql: Ctx['sql']) => Promise<{ place: string }[]>
}

/** What a check has found. */
export interface Finding {
  what: string
  count: number
  /** Where the first ones are. */
  places: string[]
}

/** So many are named. */
const NAMED = 5
/** Older events are about to be removed, not all at once. */
const KEPT = '29 days'

const CHECKS: Check[] = [
  { what: 'chats without a stream', rows: (sql) => sql`select id::text as place from chat c where not exists (select from stream s where s.id = c.id)` },
  { what: 'users without a stream', rows: (sql) => sql`select id::text as place from users u where not exists (select from stream s where s.id = u.id)` },
  {
    what: 'streams of nobody',
    rows: (sql) => sql`
      select id::text as place from stream s
      where not exists (select from chat c where c.id = s.id) and not exists (select from users u where u.id = s.id) and not exists (select from meta where inbox_id = s.id)`,
  },
  { what: 'events in no stream', rows: (sql) => sql`select stream_id || ':' || seq as place from event e where not exists (select from stream s where s.id = e.stream_id)` },
  {
    // Where no event is kept, the newest is too old, or of a transaction that was settled after a restore.
    what: 'streams whose newest number is not that of their newest event',
    rows: (sql) => sql`
      select s.id::text as place from stream s left join (select stream_id, max(seq) as top from event group by stream_id) as e on e.stream_id = s.id
      where case when e.top is null then s.head_seq > 0 and s.max_xid > (select floor_xid from meta) else e.top <> s.head_seq end`,
  },
  {
    what: 'streams with holes between their events',
    rows: (sql) => sql`
      select stream_id::text as place from event where at > now() - ${KEPT}::interval group by stream_id having count(*) <> max(seq) - min(seq) + 1`,
  },
  {
    what: 'events about messages that are not there',
    rows: (sql) => sql`
      select e.stream_id || ':' || e.seq as place from event e
      where (e.kind between 10 and 14 or e.kind in (16, 17)) and not exists (select from message m where m.chat_id = e.stream_id and m.number = e.ref_id)`,
  },
  { what: 'messages in no chat', rows: (sql) => sql`select chat_id || ':' || number as place from message m where not exists (select from chat c where c.id = m.chat_id)` },
  {
    what: 'messages by nobody',
    rows: (sql) => sql`select chat_id || ':' || number as place from message m where sender_id is not null and not exists (select from users u where u.id = m.sender_id) and not exists (select from contact c where c.id = m.sender_id)`,
  },
  {
    what: 'messages by people who were not in the chat',
    rows: (sql) => sql`
      select m.chat_id || ':' || m.number as place from message m
      where m.sender_id is not null
        -- Customers are answered by a role, which comes and goes.
        and not exists (select from stream s where s.id = m.chat_id and s.outside_id is not null)
        and not exists (select from member x where x.chat_id = m.chat_id and x.user_id = m.sender_id and x.from_seq <= m.seq)
        and not exists (select from member_interval x where x.chat_id = m.chat_id and x.user_id = m.sender_id and x.from_seq <= m.seq)`,
  },
  {
    what: 'messages that answer nothing',
    rows: (sql) => sql`
      select m.chat_id || ':' || m.number as place from message m
      where m.reply_to is not null and not exists (select from message r where r.chat_id = m.chat_id and r.number = m.reply_to)`,
  },
  {
    what: 'chats whose newest number is not that of their newest message',
    rows: (sql) => sql`
      select c.id::text as place from chat c join stream s on s.id = c.id left join (select chat_id, max(number) as top from message group by chat_id) as m on m.chat_id = c.id
      where s.message_no <> coalesce(m.top, 0)`,
  },
  { what: 'chats with holes between their messages', rows: (sql) => sql`select chat_id::text as place from message group by chat_id having count(*) <> max(number)` },
  {
    what: 'chats that count their members wrong',
    rows: (sql) => sql`
      select c.id::text as place from chat c left join (select chat_id, count(*) as count from member where to_seq is null group by chat_id) as m on m.chat_id = c.id
      where c.member_count <> coalesce(m.count, 0) and c.kind <> 'WHATSAPP'`,
  },
  {
    what: 'members with a mark above the newest message, or one of read above that of delivered',
    rows: (sql) => sql`
      select m.chat_id || ':' || m.user_id as place from member m join stream s on s.id = m.chat_id
      where greatest(m.read_up_to, m.delivered_up_to) > s.message_no or m.read_up_to > m.delivered_up_to`,
  },
  {
    what: 'messages whose counts of reactions are not those of the reactions',
    rows: (sql) => sql`
      select distinct coalesce(told.chat_id, given.chat_id) || ':' || coalesce(told.number, given.number) as place
      from (select m.chat_id, m.number, r ->> 0 as emoji, (r ->> 1)::int as count from message m cross join jsonb_array_elements(m.reactions) as r) as told
      full join (select chat_id, number, emoji, count(*)::int as count from reaction group by chat_id, number, emoji) as given
        on given.chat_id = told.chat_id and given.number = told.number and given.emoji = told.emoji
      where told.count is distinct from given.count`,
  },
  {
    what: 'mentions in messages that are not there',
    rows: (sql) => sql`select chat_id || ':' || number as place from mention n where not exists (select from message m where m.chat_id = n.chat_id and m.number = n.number)`,
  },
  {
    what: 'files of messages that are not there',
    rows: (sql) => sql`
      select a.id::text as place from attachment a
      where a.chat_id is not null and not exists (select from message m where m.chat_id = a.chat_id and m.number = a.number and m.deleted_at is null)`,
  },
  {
    what: 'pictures of users and chats that are not there',
    rows: (sql) => sql`
      select p.id::text as place from (select id, avatar_id from users union all select id, avatar_id from chat) as p
      where p.avatar_id is not null and not exists (select from attachment a where a.id = p.avatar_id and a.avatar_of = p.id and a.state = 'READY')`,
  },
  {
    what: 'former texts of messages that are not there',
    rows: (sql) => sql`
      select distinct chat_id || ':' || number as place from message_revision r where not exists (select from message m where m.chat_id = r.chat_id and m.number = r.number)`,
  },
]

/**
 * Looks for what no foreign key forbids and must never be, all as of one moment: a server may go on meanwhile. `sql` is a transaction that
 * sees one snapshot.
 */
export async function examine(sql: Ctx['sql']): Promise<{ findings: Finding[]; size: { users: number; chats: number; messages: number; events: number } }> {
  const findings: Finding[] = []
  for (const { what, rows } of CHECKS) {
    const found = await rows(sql)
    if (found.length > 0) findings.push({ what, count: found.length, places: found.slice(0, NAMED).map(({ place }) => place) })
  }
  const [size] = await sql<{ users: number; chats: number; messages: number; events: number }[]>`
    select (select count(*) from users) as users, (select count(*) from chat) as chats, (select count(*) from message) as messages, (select count(*) from event) as events`
  if (size === undefined) throw new Error('counting answered no row')
  return { findings, size }
}
