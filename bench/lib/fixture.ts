import type { TransactionSql } from 'postgres'
import type { Database } from '../../src/db/index.ts'
import type { JobName, Options } from './options.ts'

/** Whom and what the jobs find in the database. Ids of users and of the chats of one sort follow each other. */
export interface Fixture {
  firstUser: number
  users: number
  /** The first of them write: each is in every `SENDERS`th small chat, and in all the others. */
  senders: number
  /** Id of the session of the first user; the others follow. */
  firstSession: number
  /** Chats of 50. */
  chats: { first: number; count: number }
  /** One more chat of 50. */
  hot: number
  /** Groups by the number of their members, who are the first users. */
  groups: Record<number, number>
  /** Long chats of 50, by their length. */
  histories: Record<number, number>
  /** More chats of 50, whose other members are in no other chat. */
  moreChats: { first: number; count: number } | null
}

export const SENDERS = 16
export const MEMBERS = 50
/** Messages that each small chat has from the start. */
const EARLIER = 100

/** What these jobs need, as small as they allow. */
export async function fill({ sql }: Database, { jobs, quick, messages, sizes }: Options, say: (text: string) => void): Promise<Fixture> {
  const growth = jobs.includes('growth')
  const users = quick ? 2000 : 10_000
  const chats = quick ? 200 : 1000
  const more = growth ? chats * (quick ? 1 : 9) : 0
  // A connection of its own, on which no foreign key is looked up: what is written here is right by itself.
  return sql.begin(async (own) => {
    const tx = own as unknown as TransactionSql
    await tx`set local session_replication_role = replica`
    await tx`set local synchronous_commit = off`
    say(`${users} users, ${chats} chats of ${MEMBERS}`)
    const firstUser = await addUsers(tx, 'user', users + (growth ? users : 0))
    const [session] = await tx<{ id: number }[]>`
      with made as (insert into session (user_id) select id from users order by id returning id) select min(id)::int as id from made`
    const fixture: Fixture = {
      firstUser, users, senders: SENDERS, firstSession: session?.id ?? 0,
      chats: { first: 0, count: chats }, hot: 0, groups: {}, histories: {}, moreChats: null,
    }
    fixture.chats.first = await addChats(tx, chats, MEMBERS)
    await addSmallMembers(tx, fixture.chats, { firstUser, users, offset: 0 })
    await tx`select setseed(0.5)`
    await addMessages(tx, { first: fixture.chats.first, count: chats, firstUser, messages: EARLIER })
    fixture.hot = await addGroup(tx, firstUser, MEMBERS)
    for (const size of groupSizes({ jobs, quick, sizes })) fixture.groups[size] = await addGroup(tx, firstUser, size)
    for (const length of historyLengths(jobs, messages, quick)) {
      say(`a chat of ${length.toLocaleString('en')} messages`)
      const first = await addGroup(tx, firstUser, MEMBERS)
      fixture.histories[length] = first
      await addMessages(tx, { first, count: 1, firstUser, messages: length })
    }
    if (more > 0) {
      say(`${more} more chats`)
      const first = await addChats(tx, more, MEMBERS)
      fixture.moreChats = { first, count: more }
      await addSmallMembers(tx, fixture.moreChats, { firstUser, users, offset: users })
    }
    return fixture
  })
}

export function groupSizes({ jobs, quick, sizes: chosen }: Pick<Options, 'jobs' | 'quick' | 'sizes'>): number[] {
  const sizes = new Set<number>()
  if (jobs.includes('fanout')) for (const size of chosen ?? (quick ? [100, 300] : [100, 300, 1000, 5000])) sizes.add(size)
  if (jobs.includes('resume')) sizes.add(quick ? 100 : 1000)
  if (jobs.includes('growth')) for (const size of quick ? [50, 500] : [50, 500, 5000]) sizes.add(size)
  return [...sizes].sort((a, b) => a - b)
}

export function historyLengths(jobs: readonly JobName[], messages: number, quick: boolean): number[] {
  const lengths = new Set<number>()
  if (jobs.includes('history')) lengths.add(messages)
  if (jobs.includes('growth')) for (const length of quick ? [1000, messages] : [1000, 100_000, messages]) lengths.add(length)
  return [...lengths].sort((a, b) => a - b)
}

async function addUsers(tx: TransactionSql, name: string, count: number): Promise<number> {
  await tx`insert into users (username, display_name, search_text) select ${name}::text || i, 'User ' || i, ' ' || ${name}::text || i from generate_series(1, ${count}::int) as i`
  await tx`insert into stream (id) select id from users`
  const [row] = await tx<{ id: number }[]>`select min(id)::int as id from users`
  return row?.id ?? 0
}

async function addChats(tx: TransactionSql, count: number, members: number): Promise<number> {
  const [row] = await tx<{ id: number }[]>`
    with made as (insert into chat (kind, title, search_text, member_count) select 'GROUP', 'Chat ' || i, ' chat ' || i, ${members} from generate_series(1, ${count}::int) as i returning id),
    streams as (insert into stream (id) select id from made)
    select min(id)::int as id from made`
  return row?.id ?? 0
}

/** Each user is in as many of these chats as any other; the first of each chat is one of the senders. */
async function addSmallMembers(tx: TransactionSql, { first, count }: { first: number; count: number }, { firstUser, users, offset }: { firstUser: number; users: number; offset: number }): Promise<void> {
  await tx`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
    select ${first} + c, case when k = 0 then ${firstUser} + c % ${SENDERS} else ${firstUser + offset} + (c * 10 + k * 199) % ${users} end, case when k = 0 then 'OWNER' else 'MEMBER' end, 1, 1, 0, 0
    from generate_series(0, ${count - 1}::int) as c cross join generate_series(0, ${MEMBERS - 1}) as k
    on conflict do nothing`
}

async function addGroup(tx: TransactionSql, firstUser: number, size: number): Promise<number> {
  const id = await addChats(tx, 1, size)
  await tx`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
    select ${id}, ${firstUser} + k, case when k = 0 then 'OWNER' else 'MEMBER' end, 1, 1, 0, 0 from generate_series(0, ${size - 1}::int) as k`
  return id
}

/** Fills chats with as many messages each: every fifth answers an earlier one, every fifth has three reactions. The search's indexes are made anew after many. */
async function addMessages(tx: TransactionSql, { first, count, firstUser, messages }: { first: number; count: number; firstUser: number; messages: number }): Promise<void> {
  const indexes = messages < 100_000 ? [] : await tx<{ indexname: string; indexdef: string }[]>`select indexname, indexdef from pg_indexes where indexname in ('message_search', 'message_newest')`
  for (const { indexname } of indexes) await tx.unsafe(`drop index ${indexname}`)
  await tx`
    insert into message (chat_id, number, seq, body_seq, sender_id, kind, body, reply_to, reactions, created_at)
    select ${first} + c, n, n, n, ${firstUser} + (n * 7) % ${SENDERS}, 0, (${TEXTS}::text[])[1 + (n % ${TEXTS.length} * 7919 + c) % ${TEXTS.length}],
      case when n % 5 = 0 then n - 1 - n % 37 % (n - 1) end, case when n % 5 = 2 then '[["👍",2],["🎉",1]]'::jsonb end,
      now() - make_interval(secs => (${messages}::int - n) * 2)
    from generate_series(0, ${count - 1}::int) as c cross join generate_series(1, ${messages}::int) as n`
  await tx`
    insert into reaction (chat_id, number, emoji, user_id)
    select ${first} + c, n, case when k < 2 then '👍' else '🎉' end, ${firstUser} + (n + k) % ${SENDERS}
    from generate_series(0, ${count - 1}::int) as c cross join generate_series(1, ${messages}::int) as n cross join generate_series(0, 2) as k where n % 5 = 2`
  await tx`
    insert into event (stream_id, seq, kind, actor_id, ref_id, rev)
    select ${first} + c, n, 10, ${firstUser} + (n * 7) % ${SENDERS}, n, 1 from generate_series(0, ${count - 1}::int) as c cross join generate_series(1, ${messages}::int) as n`
  await tx`update stream set head_seq = ${messages}, message_no = ${messages}, last_at = now() where id >= ${first} and id < ${first + count}`
  for (const { indexdef } of indexes) await tx.unsafe(indexdef)
}

const WORDS = 'meet lunch today train late send file check plan road house green light water garden market number letter friend office table window summer winter music answer question morning evening picture minute project'.split(' ')

/** Texts of 100 to 200 characters, some 140 in the middle. Letters and spaces only: they go into SQL and JSON as they are. */
export const TEXTS: string[] = Array.from({ length: 997 }, (_, i) => {
  let text = `note ${i.toString(36)}`
  for (let k = i; text.length < 100 + ((i * 31) % 80); k = (k * 17 + 5) % 8191) text += ` ${WORDS[k % WORDS.length] ?? ''}`
  return text
})
