import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../src/base/log.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import { openDatabase } from '../src/db/open.ts'

// How many bytes messages, events and their indexes take, when there are many. Rows are written to the tables directly, with what sending writes: in the order
// of time, each in a chat by chance, with a random clientId, in a transaction of its own as far as the numbers tell.

const MESSAGES = Number(process.env.MESSAGES ?? 10_000_000)
const CHATS = 20_000
const USERS = 10_000
/** Rows of one statement. */
const ROWS = 100_000
/** So many texts, each of which comes again and again; their words as people use them. */
const TEXTS = 100_000
const VOCABULARY = 20_000

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
const postgres = await startEmbedded({
  dataDir: folder,
  log: createLog({ level: 'warn', pretty: false }),
  settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', shared_buffers: '2GB', max_wal_size: '8GB', wal_level: 'minimal', max_wal_senders: '0' },
})
const { sql, close } = await openDatabase(postgres.url, { poolSize: 1 })
try {
  const text = () => Array.from({ length: 4 + Math.floor(Math.random() * 12) }, () => Math.floor(VOCABULARY ** Math.random()).toString(36).padStart(4, 'word')).join(' ')
  await sql`create unlogged table text (n int primary key, body text not null)`
  for (let from = 0; from < TEXTS; from += 10_000) await sql`insert into text select * from unnest(${Array.from({ length: 10_000 }, (_, n) => from + n)}::int[], ${Array.from({ length: 10_000 }, text)}::text[])`
  await sql`create unlogged table written (chat int primary key, number int not null) with (fillfactor = 50)`
  await sql`insert into written select c, 0 from generate_series(1, ${CHATS}) c`
  const began = performance.now()
  for (let done = 0; done < MESSAGES; done += ROWS) {
    await sql`
      with chosen as materialized (select i, (1 + floor(${CHATS} * power(random(), 3)))::int as chat from generate_series(${done + 1}::bigint, ${done + ROWS}::bigint) i),
      numbered as materialized (select i, chat, w.number + row_number() over (partition by chat order by i) as number from chosen join written w using (chat)),
      counted as (update written w set number = n.number from (select chat, max(number)::int as number from numbered group by chat) n where n.chat = w.chat),
      told as (
        insert into event (stream_id, seq, xid, kind, actor_id, ref_id, rev, at)
        select chat, number, (1000000000 + i)::text::xid8, 0, i * 7919 % ${USERS}, number, 1, to_timestamp(1.7e9 + i) from numbered order by i)
      insert into message (chat_id, number, seq, body_seq, sender_id, client_id, client_hash, kind, body, created_at)
      select chat, number, number, number, i * 7919 % ${USERS}, gen_random_uuid(), decode(md5(i::text) || md5(chat::text), 'hex'), 0, body, to_timestamp(1.7e9 + i)
      from numbered join text on n = i * 7919 % ${TEXTS} order by i`
    if ((done / ROWS) % 10 === 9) console.error(`${done + ROWS} after ${Math.round((performance.now() - began) / 1000)} s`)
  }
  // The search keeps what is new in a list of its own.
  await sql`vacuum analyze message`
  const [{ bytes } = { bytes: 0 }] = await sql<{ bytes: number }[]>`select avg(octet_length(body))::float as bytes from text`
  const sizes = await sql<{ table: string; name: string; bytes: number }[]>`
    select t.relname as table, c.relname as name, pg_relation_size(c.oid) as bytes
    from pg_class t join pg_index x on x.indrelid = t.oid join pg_class c on c.oid = x.indexrelid where t.relname in ('message', 'event')
    union all select relname, relname, pg_table_size(oid) from pg_class where relname in ('message', 'event') order by 1, 3 desc`
  const [server] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
  console.log(`${MESSAGES} messages of ${Math.round(bytes)} bytes on average in ${CHATS} chats, an event each; PostgreSQL ${server?.version}\n`)
  console.log('                                 MB   bytes a row')
  for (const { table, name, bytes } of sizes) console.log(`${(name === table ? name : `  ${name}`).padEnd(28)}${(bytes / 1e6).toFixed(0).padStart(7)}${(bytes / MESSAGES).toFixed(0).padStart(14)}`)
} finally {
  await close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}
