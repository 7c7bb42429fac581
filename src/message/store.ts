import { and, asc, desc, eq, getTableColumns, isNotNull, sql } from 'drizzle-orm'
import { idList, idPairs } from '../db/columns.ts'
import type { Database, Db } from '../db/index.ts'
import { columnsOf } from '../db/rows.ts'
import type { RawRow } from '../db/rows.ts'
import type { SendAnswer, SendItem } from '../db/sends.ts'
import { NOT_READ, users } from '../user/table.ts'
import type { UserRow } from '../user/table.ts'
import { messages, revisions } from './table.ts'

/** A message without what only a repeat of its send is compared by. */
export type MessageRow = Omit<SentRow, 'clientHash'>
export type SentRow = typeof messages.$inferSelect
export type RevisionRow = typeof revisions.$inferSelect

/** Chat and number. */
export type MessageKey = readonly [chatId: number, number: number]

/** What a call of the SQL function `send_messages` says of one item. */
export interface SendRow {
  /** The item's place in the call, from 1. */
  ord: number
  /** The transaction of the call. */
  xid: string
  /** BUSY, in a call that does not wait: its chat is locked. AGAIN: it repeats an earlier item, and is to be asked again. */
  answer: SendAnswer | 'BUSY' | 'AGAIN'
}

interface RawSendRow {
  ord: number
  outcome: SendAnswer['outcome'] | 'BUSY' | 'AGAIN'
  chat_id: number | null
  number: number | null
  seq: number | null
  xid: string
  /** In milliseconds since 1970. */
  at: number | null
  mentions: number[] | null
  status: number | null
}

const toSendRow = (row: RawSendRow): SendRow => ({ ord: row.ord, xid: row.xid, answer: toAnswer(row) })

function toAnswer({ outcome, chat_id, number, seq, at, mentions, status }: RawSendRow): SendRow['answer'] {
  if (outcome === 'BUSY' || outcome === 'AGAIN') return outcome
  if (outcome === 'CREATED') return { outcome, number: Number(number), seq: Number(seq), at: new Date(Number(at)), mentions: mentions ?? [], status }
  if (outcome === 'DUPLICATE') return { outcome, chatId: Number(chat_id), number: Number(number), seq: Number(seq) }
  return { outcome }
}

/**
 * Sends messages, as a transaction of its own. With `wait` all of them must be of one chat: of several, two calls could wait for each other.
 *
 * One alone has an SQL function of its own, which answers the same: where little is going on, most calls carry one.
 */
export async function sendMany(sql: Database['sql'], items: readonly SendItem[], wait: boolean): Promise<SendRow[]> {
  const numbered = items.map((item, index) => ({ ord: index + 1, ...item }))
  const call = numbered.length === 1
    ? sql`send_message(${JSON.stringify(numbered[0])}::text::jsonb, ${wait})`
    : sql`send_messages(${JSON.stringify(numbered)}::text::jsonb, ${wait})`
  const rows = await sql<RawSendRow[]>`
    select ord, outcome, chat_id, number, seq, xid::text as xid, (extract(epoch from at) * 1000)::bigint as at, mentions, status from ${call}`
  return rows.map(toSendRow)
}

/** Sends one message within a transaction. */
export async function sendOne(tx: Db, item: SendItem): Promise<SendRow> {
  const [row] = await tx.execute<RawSendRow & Record<string, unknown>>(
    sql`select ord, outcome, chat_id, number, seq, xid::text as xid, (extract(epoch from at) * 1000)::bigint as at, mentions, status from send_message(${JSON.stringify({ ord: 1, ...item })}::text::jsonb, true)`,
  )
  if (row === undefined) throw new Error('send_message answered no row')
  return toSendRow(row)
}

/** What somebody has sent under this clientId, and the hash of what it was; null where nothing. */
export async function findSent(db: Db, senderId: number, clientId: string): Promise<SentRow | null> {
  const [row] = await db
    .select()
    .from(messages)
    .where(and(eq(messages.senderId, senderId), eq(messages.clientId, clientId)))
  return row ?? null
}

const MESSAGE = columnsOf(messages, 'm', { but: ['clientHash'] })
const SENDER = columnsOf(users, 's', { but: NOT_READ, prefix: 'sender.' })

export async function findMessages(db: Db, keys: readonly MessageKey[]): Promise<MessageRow[]> {
  const rows = await db.execute<RawRow>(sql`select ${MESSAGE.list} from message m where (m.chat_id, m.number) in (${idPairs(keys)})`)
  return rows.map(MESSAGE.read)
}

/** A part of a chat's history, by its first and last numbers. */
export interface Range {
  chatId: number
  from: number
  to: number
}

/** The messages of a range and those that they answer (some of them twice, then), and who sent them all. */
export interface RangeRows {
  messages: MessageRow[]
  senders: UserRow[]
}

/**
 * The rows of each of these ranges, with each sender beside one of their messages. Numbers have no holes: no OFFSET, no search. What is joined with
 * LIMIT is looked up row by row: nothing that the planner expects of a range makes it read a whole table.
 */
export async function findRanges(db: Db, ranges: readonly Range[]): Promise<RangeRows[]> {
  const rows = await db.execute<RawRow & { ord: number }>(sql`
    with page as materialized (
      select m.*, ord from unnest(${idList(ranges.map((r) => r.chatId))}, ${idList(ranges.map((r) => r.from))}, ${idList(ranges.map((r) => r.to))}) with ordinality as wanted (chat_id, first, last, ord)
      cross join lateral (select * from message where chat_id = wanted.chat_id and number between first and last order by number limit last - first + 1) m
    )
    select ord::int as ord, ${MESSAGE.list}, ${SENDER.list} from (
      select f.*, case when row_number() over (partition by f.ord, f.sender_id) = 1 then f.sender_id end as shown from (
        select * from page
        union all select answered.*, ord from page cross join lateral (select * from message where chat_id = page.chat_id and number = page.reply_to limit 1) answered
      ) f
    ) m left join lateral (select * from users where id = m.shown limit 1) s on true`)
  const found = ranges.map((): RangeRows => ({ messages: [], senders: [] }))
  for (const row of rows) {
    const range = found[row.ord - 1]
    range?.messages.push(MESSAGE.read(row))
    if (row['sender.id'] !== null) range?.senders.push(SENDER.read(row))
  }
  return found
}

/** So many former texts of a message are kept, the newest ones. */
const MAX_REVISIONS = 100

/**
 * Stores a new text under the next revision. The former one goes into the history, with when it was written; who is mentioned follows the text.
 * One statement: all parts of it see the message as it was before. `message` must be what it is now, read under the lock.
 */
export async function reviseMessage(db: Db, message: MessageRow, values: { body: string; mentions: readonly number[]; seq: number }): Promise<void> {
  const { chatId, number, revision } = message
  const named = values.mentions.filter((id) => !message.mentions.includes(id) && id !== message.senderId)
  const unnamed = message.mentions.filter((id) => !values.mentions.includes(id))
  await db.execute(sql`
    with former as (
      insert into message_revision (chat_id, number, revision, body, at)
      select chat_id, number, revision, body, coalesce(edited_at, created_at) from message where chat_id = ${chatId} and number = ${number}
    ),
    dropped as (delete from message_revision where chat_id = ${chatId} and number = ${number} and revision <= ${revision - MAX_REVISIONS}),
    unnamed as (delete from mention where user_id = any (${idList(unnamed)}) and chat_id = ${chatId} and number = ${number}),
    named as (insert into mention (user_id, chat_id, number) select id, ${chatId}, ${number} from unnest(${idList(named)}) as u (id))
    update message set body = ${values.body}, mentions = ${idList(values.mentions)}, seq = ${values.seq}, body_seq = ${values.seq},
      revision = revision + 1, edited_at = clock_timestamp()
    where chat_id = ${chatId} and number = ${number}`)
}

/**
 * Empties a message: what it said, now and before, and all that was said of it is gone; its number and its sender stay.
 * The rows of reactions go here as well, although that table is its own feature's: no word of a deleted message may wait for another verb.
 */
export async function emptyMessage(db: Db, key: MessageKey, seq: number): Promise<void> {
  const [chatId, number] = key
  await db.execute(sql`
    with former as (delete from message_revision where chat_id = ${chatId} and number = ${number}),
    reacted as (delete from reaction where chat_id = ${chatId} and number = ${number}),
    unnamed as (
      delete from mention n using message m
      where m.chat_id = ${chatId} and m.number = ${number} and n.user_id = any (m.mentions) and n.chat_id = m.chat_id and n.number = m.number
    )
    update message set body = null, location = null, cards = null, mentions = '{}', reactions = null, pinned_at = null, seq = ${seq}, deleted_at = clock_timestamp()
    where chat_id = ${chatId} and number = ${number}`)
}

/** What these messages said before their edits, oldest first. */
export function findRevisions(db: Db, keys: readonly MessageKey[]): Promise<RevisionRow[]> {
  return db
    .select()
    .from(revisions)
    .where(sql`(${revisions.chatId}, ${revisions.number}) in (${idPairs(keys)})`)
    .orderBy(asc(revisions.revision))
}

/** Notes a message's newest event, where nothing of its own row changed. */
export async function touchMessage(db: Db, [chatId, number]: MessageKey, seq: number): Promise<void> {
  await db.update(messages).set({ seq }).where(and(eq(messages.chatId, chatId), eq(messages.number, number)))
}

export function countPins(db: Db, chatId: number): Promise<number> {
  return db.$count(messages, and(eq(messages.chatId, chatId), isNotNull(messages.pinnedAt)))
}

/** Pins or unpins a message. */
export async function setPin(db: Db, key: MessageKey, { pinned, seq }: { pinned: boolean; seq: number }): Promise<void> {
  await db
    .update(messages)
    .set({ pinnedAt: pinned ? sql`clock_timestamp()` : null, seq })
    .where(and(eq(messages.chatId, key[0]), eq(messages.number, key[1])))
}

/** The pinned messages of a chat from this number on. */
export interface Pins {
  chatId: number
  from: number
}

/** All these pinned messages, the newest pin of a chat first. */
export function findPins(db: Db, wanted: readonly Pins[]): Promise<MessageRow[]> {
  return db
    .select(getTableColumns(messages))
    .from(sql`unnest(${idList(wanted.map((w) => w.chatId))}, ${idList(wanted.map((w) => w.from))}) as wanted (chat_id, first)`)
    .innerJoin(messages, sql`${messages.chatId} = wanted.chat_id and ${messages.pinnedAt} is not null and ${messages.number} >= wanted.first`)
    .orderBy(desc(messages.pinnedAt), desc(messages.number))
}

/** The first so many members of a chat who have one of these usernames (in lower case), by id. */
export async function findNamedMembers(db: Db, chatId: number, names: readonly string[], limit: number): Promise<number[]> {
  const rows = await db.execute<{ id: number }>(sql`
    select u.id from jsonb_array_elements_text(${JSON.stringify(names)}::jsonb) with ordinality as named (name, place)
    join users u on lower(u.username) = named.name and u.deleted_at is null
    join member m on m.chat_id = ${chatId} and m.user_id = u.id and m.to_seq is null
    order by named.place limit ${limit}`)
  return rows.map((row) => Number(row.id)).sort((a, b) => a - b)
}

/** Of each member and chat: how many messages above the member's read mark mention them. */
export async function countUnreadMentions(db: Db, keys: readonly UserAndChat[]): Promise<Map<string, number>> {
  const rows = await db.execute<CountOf>(sql`
    select m.user_id, m.chat_id, count(*)::int as count from member m
    join mention n on n.user_id = m.user_id and n.chat_id = m.chat_id and n.number > greatest(m.read_up_to, m.history_from - 1)
    where (m.user_id, m.chat_id) in (${idPairs(keys)})
    group by m.user_id, m.chat_id`)
  return new Map(rows.map((row) => [`${row.user_id},${row.chat_id}`, row.count]))
}

/**
 * Of each member and chat: how many undeleted messages of others are above the member's read mark. Numbers have no holes, so it is a difference
 * of numbers, without the few that are the member's own or deleted: a chat that was never read costs no more than another.
 */
export async function countUnread(db: Db, keys: readonly UserAndChat[]): Promise<Map<string, number>> {
  const rows = await db.execute<CountOf>(sql`
    select m.user_id, m.chat_id, greatest(0, s.message_no - m.floor
      - (select count(*) from message x where x.chat_id = m.chat_id and x.sender_id = m.user_id and x.number > m.floor)
      - (select count(*) from message x where x.chat_id = m.chat_id and x.number > m.floor and x.deleted_at is not null and x.sender_id is distinct from m.user_id)
    )::int as count
    from (select user_id, chat_id, greatest(read_up_to, history_from - 1) as floor from chat_member where (user_id, chat_id) in (${idPairs(keys)})) as m
    join stream s on s.id = m.chat_id`)
  return new Map(rows.map((row) => [`${row.user_id},${row.chat_id}`, row.count]))
}

type CountOf = { user_id: number; chat_id: number; count: number }

/** A member, and the chat. */
export type UserAndChat = readonly [userId: number, chatId: number]
