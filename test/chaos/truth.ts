import type { Sql } from 'postgres'
import type { Truth } from './check/types.ts'

/** Reads what the checker holds the clients' journals against; of the chats from this one on, which those of a world are. */
export async function readTruth(sql: Sql, first: number): Promise<Truth> {
  const events = await sql<Truth['events']>`
    select e.stream_id as chat, e.seq, e.kind, e.actor_id as actor, e.ref_id as ref from event e join chat c on c.id = e.stream_id where c.id >= ${first} order by e.stream_id, e.seq`
  const messages = await sql<Truth['messages']>`
    select chat_id as chat, number, seq, sender_id as sender, client_id as "clientId", deleted_at is not null as deleted from message where chat_id >= ${first}`
  const intervals = await sql<Truth['intervals']>`
    select user_id as user, chat_id as chat, from_seq as from, to_seq as to, history_from as history from member where chat_id >= ${first}
    union all select user_id, chat_id, from_seq, to_seq, history_from from member_interval where chat_id >= ${first}`
  const marks = await sql<Truth['marks']>`
    select m.user_id as user, m.chat_id as chat, m.read_up_to as "readUpTo", (
      select count(*)::int from message x where x.chat_id = m.chat_id and x.number > m.read_up_to and x.number >= m.history_from and x.sender_id <> m.user_id and x.deleted_at is null
    ) as unread from member m where m.to_seq is null and m.chat_id >= ${first}`
  return { events: [...events], messages: [...messages], intervals: [...intervals], marks: [...marks] }
}
