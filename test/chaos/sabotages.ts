import type { Sql } from 'postgres'
import type { Invariant } from './check/types.ts'
import type { ClientFaults } from './device.ts'
import { CLEAN, FAULTS } from './faults.ts'
import { CROSSING, FLOOD_OFFLINE, RECONNECTS, TAKEOVER, TOGGLES } from './scenarios.ts'
import type { Fault } from './stage.ts'

/** Something built wrong on purpose, and a run in which the checker must find it. */
export interface Sabotage {
  /** The fault that it imitates, in words. */
  what: string
  /** At least one of these must be found broken. */
  breaks: readonly Invariant[]
  fault: Fault | undefined
  count: number
  /** Exact texts of files in dist/, and what takes their place. */
  patches?: readonly { file: string; find: string; replace: string }[]
  sql?: (sql: Sql) => Promise<void>
  client?: Partial<ClientFaults>
}

/** Makes reading the log slow, and nothing of it be at hand, so that a window of microseconds is one of milliseconds. */
const slowReads = [
  { file: 'event/feed.js', find: 'const rows = this.#hub.reader.recent(id, this.#sent.get(id) ?? 0);', replace: 'const rows = null;' },
  { file: 'event/feed.js', find: 'if (this.#hub.reader.recent(id, sent) !== null)', replace: 'if (false)' },
  { file: 'event/feed.js', find: 'this.#hub.reader.read(id, sent).then(', replace: 'new Promise((done) => setTimeout(done, 400)).then(() => this.#hub.reader.read(id, sent)).then(' },
]

export const SABOTAGES: Record<string, Sabotage> = {
  'publish-before-commit': {
    what: 'a message is hinted at before its transaction has committed, and what was hinted at once is not looked for again',
    breaks: ['I1', 'I3'],
    fault: CLEAN,
    count: 10,
    patches: [
      {
        file: 'message/batcher.js',
        find: 'rows = await sendMany(this.#options.sql, all.map(({ item }) => item), wait);',
        replace: `rows = await this.#options.sql.begin(async (tx) => {
          const stored = await sendMany(tx, all.map(({ item }) => item), wait);
          const early = messagesOf(all, stored);
          this.#options.onStored(eventsOf(early, stored), early);
          await new Promise((done) => setTimeout(done, 60));
          return stored;
        });`,
      },
      { file: 'message/batcher.js', find: 'this.#options.onStored(eventsOf(messages, rows), messages);', replace: '' },
      { file: 'app.js', find: 'hub.offer(events);', replace: '' },
      { file: 'event/hub.js', find: 'if (seq > this.head(streamId))', replace: 'if (seq <= this.head(streamId)) continue; if (true)' },
    ],
  },
  'seq-without-lock': {
    what: 'a message takes its number without holding the lock until the commit',
    breaks: ['I1', 'I3', 'I7'],
    fault: { ...CLEAN, mix: { edits: 0, deletes: 0, members: 0, reactions: 0, perSecond: 20 } },
    count: 10,
    sql: numberWithoutLock,
  },
  'bigserial-cursor': {
    what: 'the cursor is the newest transaction that was delivered, not a horizon below which all are finished',
    breaks: ['I1', 'I3', 'I7'],
    fault: CROSSING,
    count: 4,
    patches: [
      { file: 'event/feed.js', find: 'this.#sent.set(streamId, row.seq);', replace: 'this.#sent.set(streamId, row.seq); if (row.xid > (this.newest ?? 0n)) this.newest = row.xid;' },
      {
        file: 'event/feed.js',
        find: 'horizon: this.#horizon, delivered: this.#recent });',
        replace: '...((this.newest ?? 0n) >= this.#horizon ? { horizon: this.newest + 1n, delivered: new Map() } : { horizon: this.#horizon, delivered: this.#recent }) });',
      },
    ],
  },
  'read-before-subscribe': {
    what: 'a connection reads where it stands first and listens after that',
    breaks: ['I1', 'I3'],
    fault: RECONNECTS,
    count: 12,
    patches: [
      { file: 'event/hub.js', find: 'this.#starting.add(starting);', replace: '' },
      {
        file: 'event/hub.js',
        find: 'const start = await readStart(this.#sql, scope, cursors, this.#epoch);',
        replace: 'const start = await readStart(this.#sql, scope, cursors, this.#epoch); await new Promise((done) => setTimeout(done, 1500));',
      },
    ],
  },
  'no-sweep': {
    what: 'nothing looks for events whose hint was lost',
    breaks: ['I1', 'I3'],
    fault: FAULTS.F4,
    count: 3,
    patches: [{ file: 'event/sweep.js', find: 'const due = sinceSweep >= IDLE_MS || (options.busy() && (degraded || wasDegraded || sinceSweep >= BUSY_MS));', replace: 'const due = false;' }],
  },
  'no-dedupe': {
    what: 'the client applies what it has applied already',
    breaks: ['I2'],
    fault: RECONNECTS,
    count: 10,
    client: { noDedupe: true },
  },
  'authz-only-at-subscribe': {
    what: 'who is removed from a chat goes on hearing of it until the connection ends',
    breaks: ['I4'],
    fault: TOGGLES,
    count: 8,
    patches: [{ file: 'event/feed.js', find: 'if (endsMembership(row, this.#scope.viewerId)) {', replace: 'if (false) {' }],
  },
  'cursor-without-barrier': {
    what: 'the horizon moves with the sweep, whatever is still unsent',
    breaks: ['I1', 'I3', 'I7'],
    fault: RECONNECTS,
    count: 15,
    patches: [
      ...slowReads,
      { file: 'event/feed.js', find: 'this.#barriers.add(horizon, need, this.#states.keys());', replace: 'this.#barriers.add(horizon, new Map(), []);' },
    ],
  },
  'barrier-without-joined': {
    what: 'a chat that was joined meanwhile does not hold the horizon back',
    breaks: ['I1', 'I3', 'I7'],
    fault: TOGGLES,
    count: 25,
    patches: [
      ...slowReads,
      { file: 'event/feed.js', find: 'this.#joined.add(chatId);', replace: '' },
      { file: 'event/feed.js', find: 'this.#barriers.joined(chatId);', replace: '' },
    ],
  },
  'reset-ignored': {
    what: 'the client goes on after a reset without fetching again',
    breaks: ['I3'],
    fault: FLOOD_OFFLINE,
    count: 1,
    client: { ignoreReset: true },
  },
  'standby-unnoticed': {
    what: 'nobody notices that a standby has taken over',
    breaks: ['I3'],
    fault: TAKEOVER,
    count: 1,
    sql: async (sql) => {
      await sql`create or replace function data_epoch() returns text language sql stable return (select md5(epoch::text) from meta)`
    },
  },
  'body-cached': {
    what: 'a server keeps texts in memory beyond their deletion',
    breaks: ['I8'],
    fault: { ...CLEAN, mix: { deletes: 0.3 } },
    count: 10,
    patches: [
      {
        file: 'message/domain.js',
        find: 'await findMessages(ctx.db, keys)',
        replace: `await (async () => {
          const kept = (globalThis.keptBodies ??= new Map());
          for (const row of await findMessages(ctx.db, keys.filter((key) => !kept.has(String(key))))) kept.set(\`\${row.chatId},\${row.number}\`, row);
          return keys.flatMap((key) => kept.get(String(key)) ?? []);
        })()`,
      },
    ],
  },
}

/** Numbers come from a sequence of each chat, and the row is stored a moment later: whoever commits first was not the first to take a number. */
async function numberWithoutLock(sql: Sql): Promise<void> {
  const chats = await sql<{ id: number; head: number }[]>`select c.id, s.head_seq as head from chat c join stream s on s.id = c.id`
  for (const { id, head } of chats) await sql.unsafe(`create sequence chaos_seq_${id} start ${Number(head) + 1}`)
  const [row] = await sql<{ source: string; answers: string }[]>`select pg_get_functiondef('send_messages'::regproc) as source, pg_get_function_result('send_message'::regproc) as answers`
  const changes: [string, string][] = [
    ['ORDER BY s.id FOR UPDATE\n', 'ORDER BY s.id\n'],
    ['ORDER BY s.id FOR UPDATE SKIP LOCKED\n', 'ORDER BY s.id\n'],
    ['numbered AS (', "taken AS MATERIALIZED (SELECT c.ord, nextval(('chaos_seq_' || c.chat_id)::regclass) AS taken, pg_sleep(random() * 0.1) FROM checked c WHERE c.outcome = 'CREATED'),\n  numbered AS ("],
    ['c.message_no + row_number() OVER w AS new_number, c.head_seq + row_number() OVER w AS new_seq', 't.taken AS new_number, t.taken AS new_seq'],
    ["FROM checked c\n    WHERE c.outcome = 'CREATED'", "FROM checked c JOIN taken t ON t.ord = c.ord\n    WHERE c.outcome = 'CREATED'"],
    ['head_seq = s.head_seq + n.count, message_no = s.message_no + n.count', 'head_seq = greatest(s.head_seq, n.top), message_no = greatest(s.message_no, n.top)'],
    ['count(*) AS count, max(n.now) AS now', 'max(n.new_seq) AS top, max(n.now) AS now'],
  ]
  // The short way for one is not looked at: all go the long way.
  await sql.unsafe(`create or replace function send_message(item jsonb, wait boolean) returns ${row?.answers ?? ''} language sql as $$ select * from send_messages(jsonb_build_array(item), wait) $$`)
  let source = row?.source ?? ''
  for (const [find, replace] of changes) {
    if (!source.includes(find)) throw new Error(`send_messages does not hold the text to sabotage: ${find}`)
    source = source.replace(find, replace)
  }
  await sql.unsafe(source)
}
