import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { access, constants, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Sql } from 'postgres'
import { openRedis } from './base/redis.ts'
import type { Config } from './config.ts'
import { appliedMigrations, readMigrations } from './db/migrations.ts'
import { faultOf, lookAtPooling } from './db/pooling.ts'
import { logFor, openBlobs } from './process.ts'
import { thumbnailKey } from './upload/receive.ts'

/** What is not as it should be around the data, and what to do about it. `fatal`: a server does not work like this. */
export interface Trouble {
  fatal: boolean
  what: string
  todo: string
}

type Bare = Sql<{ bigint: number }>

const GB = 1024 ** 3
/** So many connections one server takes at most: 10, 5 and 2. */
const CONNECTIONS = 17
/** As Node's package.json asks for. */
const OLDEST_NODE = [20, 19] as const
const REDIS_MS = 3000
const WEBHOOK_MS = 5000
/** Tokens bear this much. */
const CLOCK_S = 5
/** So many files are looked for, chosen by chance. */
const FILES = 200
/** A file is stored before its row says so. */
const FRESH_MS = 3600_000

/** What can be told without a database: Node.js, folders, the port, Redis, whether the world reaches the webhook. */
export async function lookAround(config: Config): Promise<Trouble[]> {
  return [checkNode(), ...(await Promise.all([checkFolder('DATA_DIR', config.dataDir), checkFolder('FILES_DIR', config.files.kind === 'disk' ? config.files.folder : config.uploads.folder), checkPort(config), checkRedis(config), checkWebhook(config)]))].flat()
}

function checkNode(): Trouble[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  return old ? [{ fatal: true, what: `Node.js is ${process.versions.node}`, todo: `install ${OLDEST_NODE.join('.')} or newer` }] : []
}

async function checkFolder(name: string, folder: string): Promise<Trouble[]> {
  try {
    // Where it is not there yet, the server makes it, and the folders above.
    let there = folder
    while (!existsSync(there)) there = dirname(there)
    await access(there, constants.W_OK)
    const { bavail, bsize, blocks } = await statfs(there)
    const [free, share] = [bavail * bsize, bavail / blocks]
    if (free < GB || share < 0.05) return [{ fatal: free < GB / 10, what: `${(free / GB).toFixed(1)} GB are free where ${name} is (${folder})`, todo: 'make room or move it to a larger disk: PostgreSQL stops where it cannot write, and files are refused' }]
    return []
  } catch (error) {
    return [{ fatal: true, what: `${name} (${folder}) cannot be written to: ${(error as Error).message}`, todo: 'give it to the account that the server runs under, or choose another folder' }]
  }
}

/** Taken is as it must be where the server runs; by whom, /health/live tells. */
async function checkPort({ server: { host, port } }: Config): Promise<Trouble[]> {
  if (port === 0) return []
  const free = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const server = createServer()
    server.once('error', resolve).listen(port, host, () => server.close(() => { resolve(null) }))
  })
  if (free === null) return []
  if (free.code !== 'EADDRINUSE') return [{ fatal: true, what: `${host}:${port} cannot be listened on: ${free.message}`, todo: 'choose another PORT (1024 or above without rights of root) or HOST' }]
  const ours = await fetch(`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/health/live`, { signal: AbortSignal.timeout(REDIS_MS) }).then(({ ok }) => ok, () => false)
  return ours ? [] : [{ fatal: true, what: `Something else than Parley listens on ${host}:${port}`, todo: 'end it, or choose another PORT' }]
}

async function checkRedis(config: Config): Promise<Trouble[]> {
  if (config.redis.kind === 'none') return []
  const client = await openRedis(config.redis, logFor({ ...config, logLevel: 'silent' }))
  try {
    const answer = await Promise.race([client.ping().catch((error: unknown) => (error as Error).message), new Promise<string>((resolve) => setTimeout(resolve, REDIS_MS, 'no answer').unref())])
    return answer === 'PONG' ? [] : [{ fatal: false, what: `Redis does not answer (${answer})`, todo: 'see that it runs, and that REDIS_URL is right; until then messages between servers come a little later, and each knows presence and quotas alone' }]
  } finally {
    client.disconnect()
  }
}

/** Meta must reach us by PUBLIC_URL; what can be tried from here is whether the way out and back in leads to a Parley. */
async function checkWebhook(config: Config): Promise<Trouble[]> {
  if (config.whatsapp === null) return []
  const { publicUrl } = config.server
  if (publicUrl === null || !publicUrl.startsWith('https://')) return [{ fatal: false, what: `WhatsApp is set up, and PUBLIC_URL is ${publicUrl ?? 'not set'}`, todo: 'set it to the https address that Meta is to call' }]
  const challenge = `doctor${Date.now()}`
  const url = `${publicUrl}/webhooks/whatsapp?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': config.whatsapp.verifyToken, 'hub.challenge': challenge }).toString()}`
  const answer = await fetch(url, { signal: AbortSignal.timeout(WEBHOOK_MS) }).then(async (response) => (await response.text()).slice(0, 200), (error: unknown) => (error as Error).message)
  return answer === challenge ? [] : [{ fatal: false, what: `${publicUrl}/webhooks/whatsapp does not answer as ours does`, todo: 'let the proxy pass /webhooks/ on, and see that the server runs with these settings' }]
}

/** What the database says of itself. `embedded`: it is our own, whose settings are ours. */
export async function lookAtDatabase(sql: Bare, { embedded }: { embedded: boolean }): Promise<Trouble[]> {
  const found: Trouble[] = []
  const say = (what: string, todo: string, fatal = false) => void found.push({ fatal, what, todo })
  const [has] = await sql<{ version: string; number: number; fsync: string; commit: string; pages: string; max: number; servers: number; standby: boolean; now: string; open: number }[]>`
    select current_setting('server_version') as version, current_setting('server_version_num')::int as number, current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as max,
      (select count(distinct application_name) from pg_stat_activity where datname = current_database() and application_name like 'parley-%')::int as servers,
      pg_is_in_recovery() as standby, extract(epoch from clock_timestamp())::text as now,
      (select count(*) from pg_stat_activity where state = 'idle in transaction' and xact_start < now() - interval '5 minutes')::int as open`
  if (has === undefined) throw new Error('the database told nothing of itself')
  if (has.number < 150_000) say(`PostgreSQL is ${has.version}`, 'move to 15 or newer: a backup made here loads there', true)
  if (has.standby) say('The database is a standby', 'point DATABASE_URL at the primary', true)
  if (has.fsync === 'off') say('fsync is off', 'switch it on: a power cut destroys the database as it is')
  if (has.pages === 'off') say('full_page_writes is off', 'switch it on, unless the file system writes pages whole')
  if (has.commit === 'off') say('synchronous_commit is off', 'switch it on: messages that were acknowledged are lost by a crash as it is')
  const wanted = CONNECTIONS * Math.max(1, has.servers)
  if (!embedded && has.max < wanted + CONNECTIONS) say(`max_connections leaves ${has.max}, and ${Math.max(1, has.servers)} servers take up to ${wanted}`, `set it to ${wanted + CONNECTIONS + 20} or more, so that one more can start while another ends`, has.max < wanted)
  const apart = Math.abs(Number(has.now) - Date.now() / 1000)
  if (apart > CLOCK_S) say(`The clocks of this machine and the database are ${apart.toFixed(0)} s apart`, 'let NTP set both: tokens and times are wrong otherwise')
  if (has.open > 0) say(`${has.open} transactions have been idle for more than five minutes`, 'end them (pg_terminate_backend) and find out whose they are: cursors grow while one of them writes, and dead rows stay')
  const [known, applied] = [readMigrations().map(({ hash }) => hash), await appliedMigrations(sql)]
  if (applied.some((hash) => !known.includes(hash))) say('The database is of a newer Parley than this one', 'run the doctor of that version')
  else if (applied.length < known.length) say(`The tables lack ${known.length - applied.length} of ${known.length} steps`, 'start a server of this version, which brings them up to date')
  return found
}

/** What stands between a server and a database of yours. */
export async function lookAtPooler(config: Config): Promise<Trouble[]> {
  const fault = config.database.kind === 'embedded' ? null : faultOf(await lookAtPooling(config.database.url, config.limits.operationMs))
  return fault === null ? [] : [fault]
}

/** Files that rows name and the store lacks, of some chosen by chance. */
export async function lookForFiles(sql: Bare, config: Config): Promise<Trouble[]> {
  const blobs = await openBlobs(config)
  const rows = await sql<{ key: string; thumbnail: boolean }[]>`
    select key, bool_or(thumbnail_size is not null) as thumbnail from attachment where state = 'READY' group by key order by random() limit ${FILES}`
  const lost: string[] = []
  for (const { key, thumbnail } of rows) {
    for (const name of thumbnail ? [key, thumbnailKey(key)] : [key]) {
      const stream = await blobs.get(name, { from: 0, to: 0 }).catch(() => null)
      stream?.destroy()
      if (stream === null) lost.push(name)
    }
  }
  const found = config.files.kind === 'disk' ? await lookForOrphans(sql, config.files.folder) : []
  if (lost.length === 0) return found
  return [...found, { fatal: false, what: `${lost.length} files of ${rows.length} looked for are not in the store (${lost.slice(0, 3).join(', ')})`, todo: 'see that FILES_DIR or the bucket is the right one; copy what is missing from the files/ of a backup' }]
}

/** Files in the folder that no row names, and that were not put there just now. They do no harm but take room. */
async function lookForOrphans(sql: Bare, folder: string): Promise<Trouble[]> {
  const orphans: string[] = []
  for (const part of (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const names = (await readdir(join(folder, part)).catch(() => [])).filter((name) => /^[0-9a-f]{40}(\.t)?$/.test(name))
    const keys = [...new Set(names.map((name) => name.slice(0, 40)))]
    const known = await sql<{ key: string }[]>`select key from attachment where key = any(${keys}) union select key from discarded_file where key = any(${keys})`
    const rows = new Set(known.map(({ key }) => key))
    for (const name of names.filter((name) => !rows.has(name.slice(0, 40)))) {
      const { mtimeMs } = await stat(join(folder, part, name)).catch(() => ({ mtimeMs: Date.now() }))
      if (mtimeMs < Date.now() - FRESH_MS) orphans.push(join(part, name))
    }
  }
  if (orphans.length === 0) return []
  return [{ fatal: false, what: `${orphans.length} files in ${folder} belong to no row (${orphans.slice(0, 3).join(', ')})`, todo: 'move them away, unless another installation shares the folder; they come from a database that was restored to an earlier time' }]
}
