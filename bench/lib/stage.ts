import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signToken } from '../../src/auth/token.ts'
import { createLog } from '../../src/base/log.ts'
import { createSecrets } from '../../src/base/secrets.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { openDatabase } from '../../src/db/open.ts'
import { using } from '../../test/chaos/postgres.ts'
import { keepTemporary } from '../../test/chaos/processes.ts'
import { fill } from './fixture.ts'
import type { Fixture } from './fixture.ts'
import type { Options } from './options.ts'
import { Process } from './process.ts'
import type { Server } from './process.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const BARE = fileURLToPath(new URL('../peers/bare.mjs', import.meta.url))
const SECRET = 'a secret key for benchmarks, long enough'

/** What all jobs share: the data, our server on it, and the limits beside it. */
export interface Stage {
  options: Options
  fixture: Fixture
  folder: string
  /** `dist/main.js`, with its own PostgreSQL, as it comes but for the quotas. */
  parley: Server
  /** `ws` alone, see peers/bare.mjs. */
  bare: Server
  /** Pid of the postmaster. */
  postgresPid(): number
  /** URL of a database of the cluster: `parley`, or `plain`, which was a copy of it without the search's indexes at the start. */
  databaseUrl(name: string): string
  /** Signs tokens. */
  secret: string
  /** An access token of a user, counted from 0. */
  token(user: number): string
  /** New processes, on the same data: with the memory that they have from the start. */
  restart(): Promise<void>
  say(text: string): void
  close(): Promise<void>
}

export async function openStage(options: Options, say: (text: string) => void): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  keepTemporary(folder)
  const dataDir = join(folder, 'data')
  const log = createLog({ level: 'error', pretty: false })
  say('Filling the database …')
  const postgres = await startEmbedded({ dataDir, log, settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '256MB', maintenance_work_mem: '512MB', max_wal_size: '8GB' } })
  let fixture: Fixture
  try {
    const database = await openDatabase(postgres.url, { poolSize: 2 })
    fixture = await fill(database, options, (text) => { say(`  ${text}`) })
    await database.sql`vacuum analyze`
    await database.close()
    await using(postgres.url.replace(/\w+$/, 'postgres'), (sql) => sql.unsafe('create database plain template parley'))
    await using(postgres.url.replace(/\w+$/, 'plain'), async (sql) => {
      await sql`drop index message_search, message_newest`
      await sql`checkpoint`
    })
  } finally {
    await postgres.stop()
  }

  const sign = createSecrets({ secretKey: SECRET, algorithm: 'HS256', expiresInMinutes: 1440, serverKey: null })
  const tokens = await Promise.all(Array.from({ length: fixture.users }, async (_, n) => (await signToken(sign, fixture.firstUser + n, fixture.firstSession + n)).token))
  const postmaster = () => readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')
  // PostgreSQL lives on where its server is killed rather than ended: however this run ends, it leaves nothing behind.
  process.prependListener('exit', () => {
    try {
      process.kill(Number(postmaster()[0]), 'SIGQUIT')
    } catch {
      // It ended with its server, as it should.
    }
  })
  const ours = new Process('Parley', folder, [...(options.profile === null ? [] : ['--cpu-prof', '--cpu-prof-dir', resolve(options.profile)]), MAIN], { DATA_DIR: dataDir, JWT_SECRET_KEY: SECRET, RATE_LIMITS: 'off', UPLOADS_PER_DAY: '1000000', UPLOAD_BYTES_PER_DAY: String(2 ** 50), LOG_LEVEL: 'warn', NODE_ENV: 'production' }, '/health/live')
  const bare = new Process('bare ws', folder, [BARE], {}, '/')
  const starting = async () => { await Promise.all([ours.start(), bare.start()]) }
  await starting()
  return {
    options, fixture, folder, say, secret: SECRET,
    get parley() { return ours.server },
    get bare() { return bare.server },
    postgresPid: () => Number(postmaster()[0]),
    databaseUrl: (name) => `postgres://parley:${readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()}@127.0.0.1:${postmaster()[3] ?? ''}/${name}`,
    token: (user) => tokens[user % tokens.length] ?? '',
    async restart() {
      await Promise.all([ours.end(), bare.end()])
      await starting()
    },
    async close() {
      await Promise.all([ours.end(), bare.end()])
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
