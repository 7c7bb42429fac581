import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../src/app.ts'
import { encodeId } from '../src/base/id.ts'
import { createLog } from '../src/base/log.ts'
import { readConfig } from '../src/config.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import type { Database } from '../src/db/index.ts'
import { openDatabase } from '../src/db/open.ts'

// How long searchMessages takes over HTTP in a million messages: for common and rare words, for somebody in many chats and in few.
// And what the search costs whoever writes: inserts with its indexes and without, as a ratio.

const MESSAGES = Number(process.env.MESSAGES ?? 1_000_000)
const CHATS = 1000
const MEMBERS = 50
const USERS = 10_000
const VOCABULARY = 20_000
const RUNS = Number(process.env.RUNS ?? 200)

const SYLLABLES = ['ba', 'den', 'ri', 'lo', 'mur', 'ta', 'kes', 'vi', 'no', 'pel', 'sa', 'gor', 'hi', 'fun', 'ze', 'wal', 'dy', 'cor', 'mi', 'ras']

/** The word of a rank, the lower the more common. */
function wordOf(rank: number): string {
  let word = ''
  for (let rest = rank + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) word += SYLLABLES[rest % SYLLABLES.length] ?? ''
  return word
}

/** Words as people use them: the second is half as common as the first. */
const someText = () => Array.from({ length: 4 + Math.floor(Math.random() * 12) }, () => wordOf(Math.floor(VOCABULARY ** Math.random()))).join(' ')

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
const log = createLog({ level: 'warn', pretty: false })
const postgres = await startEmbedded({ dataDir: folder, log, settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '512MB', max_wal_size: '4GB' } })
const database = await openDatabase(postgres.url, { poolSize: 5 })
try {
  await run(database)
} finally {
  await database.close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}

async function run(database: Database): Promise<void> {
  const config = readConfig({ PORT: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'warn', JWT_SECRET_KEY: 'a secret key for benchmarks, long enough' })
  const app = await startApp(config, { database, secretKey: config.auth.secretKey ?? '', log })
  const many = await signUp(app.http.url, 'many')
  const few = await signUp(app.http.url, 'few')
  console.log(`${MESSAGES} messages in ${CHATS} chats of ${MEMBERS}, half of them in one; ${USERS} users; ${VOCABULARY} words.`)
  const { hot, withIndex, without } = await seed(database, many.id, few.id)
  console.log(`Inserting 20,000 messages at once: ${Math.round(without)} ms without the search's indexes, ${Math.round(withIndex)} ms with them, ${(withIndex / without).toFixed(1)} times as long.\n`)
  const [common, middle, rare] = [wordOf(1), wordOf(150), wordOf(VOCABULARY - 7)]
  const hotId = encodeId('Chat', hot)
  const cases: [string, typeof many, string, string | null][] = [
    ['a common word, in many chats', many, common, null],
    ['a middling word, in many chats', many, middle, null],
    ['a rare word, in many chats', many, rare, null],
    ['a word that nobody wrote', many, 'xylophone', null],
    ['a common beginning', many, common.slice(0, 3), null],
    ['two common words', many, `${common} ${wordOf(2)}`, null],
    ['a common and a rare word', many, `${common} ${rare}`, null],
    ['a phrase of two common words', many, `"${common} ${wordOf(2)}"`, null],
    ['a common word without another', many, `${common} -${wordOf(2)}`, null],
    ['a common word, in the large chat', many, common, hotId],
    ['a rare word, in the large chat', many, rare, hotId],
    ['a common word, in few chats', few, common, null],
    ['a rare word, in few chats', few, rare, null],
  ]
  console.log('case                                    p50 ms   p95 ms   p99 ms   found')
  let missed = 0
  for (const [name, viewer, query, chatId] of cases) {
    const times: number[] = []
    let found = 0
    for (let n = 0; n < RUNS + 20; n++) {
      const began = performance.now()
      found = await search(app.http.url, viewer.token, query, chatId)
      // The first ones warm up what everybody finds warm.
      if (n >= 20) times.push(performance.now() - began)
    }
    times.sort((a, b) => a - b)
    // What a plain look at every message finds, for the cases of one word: being fast by finding less is no feat.
    const expected = /^\w+$/.test(query) ? await count(database, viewer.id, query, chatId === null ? null : hot) : found
    if (found !== expected) missed += 1
    const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(1).padStart(8)
    console.log(`${name.padEnd(38)}${at(0.5)} ${at(0.95)} ${at(0.99)} ${String(found).padStart(7)}${found === expected ? '' : `  but ${expected} are there`}`)
  }
  if (missed > 0) process.exitCode = 1
  await app.close()
}

async function ask(url: string, token: string | null, query: string, variables: object): Promise<Record<string, never>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Record<string, never>; errors?: unknown }
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  return data
}

async function signUp(url: string, username: string): Promise<{ id: number; token: string }> {
  const { register } = (await ask(url, null, 'mutation ($input: RegisterInput!) { register(input: $input) { user { id } accessToken } }', {
    input: { username, email: `${username}@example.com`, password: 'a password for benchmarks' },
  })) as unknown as { register: { user: { id: string }; accessToken: string } }
  return { id: Number(Buffer.from(register.user.id, 'base64url').toString().split(':')[1]), token: register.accessToken }
}

async function search(url: string, token: string, query: string, chatId: string | null): Promise<number> {
  const document = 'query ($query: String!, $chatId: ID) { searchMessages(query: $query, chatId: $chatId, first: 20) { edges { snippet highlights { start end } node { id number } } } }'
  const { searchMessages } = (await ask(url, token, document, { query, chatId })) as unknown as { searchMessages: { edges: unknown[] } }
  return searchMessages.edges.length
}

/** How many messages of a first page have a word that begins so. */
async function count({ sql }: Database, userId: number, word: string, chatId: number | null): Promise<number> {
  const [row] = await sql<{ found: number }[]>`
    select count(*)::int as found from (
      select from message m join member using (chat_id)
      where member.user_id = ${userId} and (${chatId}::bigint is null or m.chat_id = ${chatId}) and ' ' || m.body like ${`% ${word}%`} limit 20) as page`
  return row?.found ?? 0
}

/** Fills the tables behind the API; answers the large chat, and how long inserts took with the search's indexes and without. */
async function seed({ sql }: Database, many: number, few: number): Promise<{ hot: number; withIndex: number; without: number }> {
  await sql`insert into users (username, display_name, search_text) select 'user' || i, 'User ' || i, ' user' || i from generate_series(1, ${USERS}) as i`
  const chats = (await sql<{ id: number }[]>`insert into chat (kind, title, member_count) select 'GROUP', 'Chat ' || i, ${MEMBERS} from generate_series(1, ${CHATS}) as i returning id`).map(({ id }) => id)
  await sql`insert into stream (id) select id from chat`
  await sql`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to)
    select c.id, u.id, 'MEMBER', 1, 1, 0, 0 from chat c
    cross join lateral (select id from users where id <> ${many} and id <> ${few} order by (id * 7919 + c.id * 104729) % 10007 limit ${MEMBERS - 2}) as u`
  const [hot = 0] = chats
  const join = (userId: number, chatIds: number[]) => sql`
    insert into member (chat_id, user_id, role, from_seq, history_from, delivered_up_to, read_up_to) select id, ${userId}, 'MEMBER', 1, 1, 0, 0 from unnest(${chatIds}::bigint[]) as id`
  await join(many, chats.slice(0, 200))
  await join(few, chats.slice(500, 503))

  const numbers = new Map<number, number>()
  const started = Date.now() - MESSAGES * 1000
  let written = 0
  const write = async (count: number): Promise<number> => {
    const rows = Array.from({ length: count }, () => {
      const chat = Math.random() < 0.5 ? hot : (chats[Math.floor(Math.random() * CHATS)] ?? hot)
      numbers.set(chat, (numbers.get(chat) ?? 0) + 1)
      written += 1
      return { chat, number: numbers.get(chat) ?? 1, body: someText(), at: started + written * 1000 }
    })
    const began = performance.now()
    await sql`
      insert into message (chat_id, number, seq, body_seq, sender_id, kind, body, created_at)
      select chat, number, number, number, ${many}, 0, body, to_timestamp(at / 1000.0)
      from unnest(${rows.map((r) => r.chat)}::bigint[], ${rows.map((r) => r.number)}::bigint[], ${rows.map((r) => r.body)}::text[], ${rows.map((r) => r.at)}::bigint[]) as r (chat, number, body, at)`
    return performance.now() - began
  }
  const indexes = await sql<{ indexname: string; indexdef: string }[]>`select indexname, indexdef from pg_indexes where indexname in ('message_search', 'message_newest')`
  for (const { indexname } of indexes) await sql.unsafe(`drop index ${indexname}`)
  while (written < MESSAGES - 40_000) await write(20_000)
  const without = await write(20_000)
  for (const { indexdef } of indexes) await sql.unsafe(indexdef)
  const withIndex = await write(20_000)
  await sql`update stream set message_no = n.number, head_seq = n.number from unnest(${[...numbers.keys()]}::bigint[], ${[...numbers.values()]}::bigint[]) as n (chat, number) where stream.id = n.chat`
  await sql`analyze`
  return { hot, withIndex, without }
}
