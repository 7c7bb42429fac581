import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './rounds.ts'
import type { Stage } from './stage.ts'

/** pgbench from the PATH, or from where Debian keeps it; null: it is not installed. */
export function findPgbench(): string | null {
  const versions = list('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a))
  const folders = [...(process.env.PATH ?? '').split(':'), ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`)]
  return folders.map((folder) => join(folder, 'pgbench')).find(runs) ?? null
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface PgbenchOptions {
  script: string
  clients: number
  variables: Record<string, number>
  /** The database, `plain` where not told otherwise. */
  database?: string
  /** Transactions per second at most, all by one client; then the latencies count. */
  rate?: number
}

/** How long it may find its pace. */
const SETTLE_SECONDS = 2

/** What PostgreSQL alone does, on the server that Parley uses; null where there is no pgbench. */
export function pgbench(stage: Stage, name: string, options: PgbenchOptions): Contender | null {
  const program = findPgbench()
  if (program === null) return null
  const file = join(stage.folder, `${name.replace(/\W+/g, '-')}.sql`)
  writeFileSync(file, options.script)
  const settle = stage.options.quick ? 1 : SETTLE_SECONDS
  return {
    name, role: 'limit', cold: true,
    async run({ ms, begin }) {
      const seconds = Math.max(1, Math.round(ms / 1000))
      const log = join(stage.folder, 'pgbench-log')
      const rate = options.rate === undefined ? [] : [`--rate=${options.rate}`, '--log', `--log-prefix=${log}`]
      const variables = Object.entries(options.variables).flatMap(([key, value]) => ['-D', `${key}=${value}`])
      const args = ['-n', '-M', 'prepared', '-c', String(options.clients), '-j', options.clients > 1 ? '2' : '1', '-T', String(settle + seconds + 1), '-P', '1', '-f', file, ...variables, ...rate]
      const child = spawn(program, [...args, stage.databaseUrl(options.database ?? 'plain')], { stdio: ['ignore', 'ignore', 'pipe'] })
      let ops = 0
      let until = 0
      let told = ''
      let since = NaN
      let enough = false
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        told += text
        for (const [line, at, tps] of text.matchAll(/^progress: ([\d.]+) s, ([\d.]+) tps.*/gm)) {
          if (line === '') continue
          if (Number.isNaN(since)) {
            if (Number(at) < settle - 0.1) continue
            since = Number(at)
            until = since
            begin()
          } else {
            ops += Number(tps) * (Number(at) - until)
            until = Number(at)
            // Its last second may end without a line, so it has one more than it needs; where it keeps a log, it must end by itself.
            if (until - since > seconds - 0.5 && options.rate === undefined) {
              enough = true
              child.kill('SIGTERM')
            }
          }
        }
      })
      const [code] = (await once(child, 'exit')) as [number | null]
      if ((code !== 0 && !enough) || !(until > since)) throw new Error(`pgbench: ${told}`)
      if (options.rate === undefined) return { ops, seconds: until - since }
      return { ops, seconds: until - since, latencies: readLatencies(log, child.pid ?? 0, settle * options.rate) }
    },
  }
}

/** Of all transactions but the first: how long they took from when they really began. */
function readLatencies(prefix: string, pid: number, but: number): number[] {
  const file = `${prefix}.${pid}`
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  rmSync(file)
  // client, transaction, microseconds since it should have begun, script, two of the time of day, microseconds that it began late.
  return lines.slice(but).map((line) => {
    const fields = line.split(' ').map(Number)
    return ((fields[2] ?? 0) - (fields[6] ?? 0)) / 1000
  })
}

const TEXT = 'note so long as the others are, meet lunch today train late send file check plan road house green light water garden market number letter friend'
const HASH = `'\\x${'ab'.repeat(32)}'::bytea`
const MESSAGE = 'insert into message (chat_id, number, seq, body_seq, sender_id, client_id, client_hash, kind, body, created_at)'
const EVENT = 'insert into event (stream_id, seq, kind, actor_id, ref_id, rev)'
const MOVE = 'update stream set head_seq = head_seq + 1, message_no = message_no + 1, last_at = clock_timestamp(), max_xid = greatest(max_xid, pg_current_xact_id())'
/** A chat out of `chats` from `first`, and the sender that it has. */
const PICK = '\\set n random(0, :chats - 1)\n\\set chat :first + :n\n\\set sender :user + mod(:n, :senders)\n'

/** The least that sending can be for PostgreSQL: one statement that locks, numbers and stores. It proves nothing about the sender. */
export const ONE_STATEMENT = `${PICK}with s as (${MOVE} where id = :chat returning id, head_seq, message_no), m as (${MESSAGE} select id, message_no, head_seq, head_seq, :sender, gen_random_uuid(), ${HASH}, 0, '${TEXT}', clock_timestamp() from s) ${EVENT} select id, head_seq, 10, :sender, message_no, 1 from s;\n`

/** The same as a program usually does it. */
export const TRANSACTION = `${PICK}begin;
select role from member where chat_id = :chat and user_id = :sender and to_seq is null;
${MOVE} where id = :chat returning head_seq, message_no \\gset
${MESSAGE} values (:chat, :message_no, :head_seq, :head_seq, :sender, gen_random_uuid(), ${HASH}, 0, '${TEXT}', clock_timestamp());
${EVENT} values (:chat, :head_seq, 10, :sender, :message_no, 1);
commit;
`

/** A page of history as one statement. `rows`: the reactions are counted; else they are read where Parley keeps their counts. */
export const historyScript = (rows: boolean) => `\\set before random(52, :length + 1)
select m.number, m.seq, m.body, m.created_at, u.id, u.display_name, r.number, r.body, v.id, v.display_name, ${rows ? 'c.counts' : 'm.reactions'} from message m join users u on u.id = m.sender_id left join message r on r.chat_id = m.chat_id and r.number = m.reply_to left join users v on v.id = r.sender_id ${rows ? 'left join lateral (select jsonb_agg(jsonb_build_array(g.emoji, g.count)) as counts from (select emoji, count(*) from reaction where chat_id = m.chat_id and number = m.number group by emoji) as g) as c on true' : ''} where m.chat_id = :chat and m.number < :before order by m.number desc limit 50;
`
