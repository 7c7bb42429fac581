import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { numberOf } from '../support/live.ts'

// Search takes different ways for common words and rare ones, for those who can read much and those who can read little: all bring the same.

let server: TestServer
/** Reads all: more chats than are looked through one by one, and one with a long past. */
let alice: Client
/** Reads half of the small chats, from the middle of each. */
let bob: Client
/** Reads the long past, and three small chats. */
let carol: Client
const LONG = 1_000_000

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  const [a, b, c] = [alice, bob, carol].map((client) => numberOf(client.id))
  const { sql } = server
  await sql.unsafe(`
    insert into chat (id, kind, title) select ${LONG} + n, 'GROUP', 'Group ' || n from generate_series(0, 80) as n;
    insert into stream (id, head_seq, message_no) select id, case id when ${LONG} then 44000 else 60 end, case id when ${LONG} then 44000 else 60 end from chat;
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
      select id, ${a}, 'MEMBER', 1, 1, 0, 0 from chat union all
      select id, ${b}, 'MEMBER', 30, 31, 0, 0 from chat where id > ${LONG} and id % 2 = 0 union all
      select id, ${c}, 'MEMBER', 1, 1, 0, 0 from chat where id < ${LONG} + 4;
    insert into message (chat_id, number, seq, body_seq, sender_id, kind, created_at, body)
      select chat_id, number, number, number, (array[${a}, ${b}, ${c}])[1 + n % 3], 0, timestamptz '2026-01-01' + n * interval '1 second',
        concat_ws(' ', 'always', case when n % 20 = 0 then 'often' end, case when n % 500 = 0 then 'seldom' end, case when n % 20000 = 7 then 'rare' end,
          case when chat_id = ${LONG} and number <= 12500 then 'formerly' end, case when chat_id > ${LONG} then 'aside' end, 'number' || n)
      from (
        select ${LONG} as chat_id, n as number, n + n / 10 as n from generate_series(1, 44000) as n union all
        select ${LONG} + 1 + n % 80, 1 + n / 80, n * 10 + n % 7 from generate_series(0, 4799) as n
      ) as numbered`)
}, 60_000)
afterAll(() => server.close())

const SEARCH = `query ($query: String!, $chatId: ID, $senderId: ID, $after: String) {
  searchMessages(query: $query, chatId: $chatId, senderId: $senderId, first: 40, after: $after) { nodes { text } pageInfo { hasNextPage endCursor } } }`

/** The first pages, as the API brings them. */
async function pages(client: Client, variables: object): Promise<string[]> {
  const found: string[] = []
  let after: string | null = null
  for (let page = 0; page < 4; page++) {
    const { searchMessages }: Untyped = await client.ask(SEARCH, { ...variables, after })
    found.push(...searchMessages.nodes.map((node: Untyped) => node.text))
    after = searchMessages.pageInfo.endCursor
    if (!searchMessages.pageInfo.hasNextPage) break
  }
  return found
}

/** The same by looking at every message. */
async function lookThrough(client: Client, condition: string, chatId?: number, senderId?: number): Promise<string[]> {
  const rows = await server.sql.unsafe<{ body: string }[]>(`
    select x.body from message x join member m on m.chat_id = x.chat_id and m.user_id = ${numberOf(client.id)} and x.number >= m.history_from
    where ${condition} ${chatId === undefined ? '' : `and x.chat_id = ${chatId}`} ${senderId === undefined ? '' : `and x.sender_id = ${senderId}`}
    order by x.created_at desc, x.chat_id desc, x.number desc limit 160`)
  return rows.map((row) => row.body)
}

const has = (word: string) => `x.body like '%${word}%'`
const QUERIES: [what: string, query: string, condition: string][] = [
  ['a word of every message', 'alw', has('always')],
  ['a common word', 'often', has('often')],
  ['a word of few messages', 'seldom', has('seldom')],
  ['a rare word', 'rare', has('rare')],
  ['a word of one message', 'number4321', "x.body ~ 'number4321'"],
  ['a word that is found no more', 'formerly', has('formerly')],
  ['a common word and a rare one', 'always rare', has('rare')],
  ['common words that seldom meet', 'often aside', `${has('often')} and ${has('aside')}`],
  ['a word that is found no more and another', 'formerly seldom', `${has('formerly')} and ${has('seldom')}`],
  ['a phrase', '"often seldom"', `${has('often')} and ${has('seldom')}`],
  ['a phrase that is nowhere', '"seldom often"', 'false'],
  ['a word without another', 'seldom -formerly', `${has('seldom')} and not ${has('formerly')}`],
  ['either of two', 'rare OR number4321', "x.body ~ 'rare|number4321'"],
  ['no word at all', 'nothing', 'false'],
]

test.each(QUERIES)('%s is found by everyone as far as they read', async (_what, query, condition) => {
  for (const client of [alice, bob, carol]) expect(await pages(client, { query })).toEqual(await lookThrough(client, condition))
})

test.each(QUERIES)('%s is found in one chat', async (_what, query, condition) => {
  for (const [client, chat] of [[alice, LONG], [carol, LONG], [alice, LONG + 4], [bob, LONG + 4], [carol, LONG + 4]] as const) {
    const chatId = Buffer.from(`Chat:${chat}`).toString('base64url')
    expect(await pages(client, { query, chatId }), String(chat)).toEqual(await lookThrough(client, condition, chat))
  }
})

test.each(QUERIES)('%s is found of one person', async (_what, query, condition) => {
  for (const client of [alice, carol]) {
    expect(await pages(client, { query, senderId: bob.id })).toEqual(await lookThrough(client, condition, undefined, numberOf(bob.id)))
    const chatId = Buffer.from(`Chat:${LONG}`).toString('base64url')
    expect(await pages(client, { query, chatId, senderId: bob.id })).toEqual(await lookThrough(client, condition, LONG, numberOf(bob.id)))
  }
})
