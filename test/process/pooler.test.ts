import { afterEach, expect, test } from 'vitest'
import { PASSWORD } from '../harness.ts'
import { startPooler } from '../support/pooler.ts'
import type { Pooler } from '../support/pooler.ts'
import { besides } from './files-support.ts'
import { makeFolder, refusal, run, serve } from './support.ts'

let pooler: Pooler | null = null
afterEach(() => pooler?.close())

const LIMITS = 'statement_timeout and idle_in_transaction_session_timeout'

/** What the doctor finds around an empty database, the settings of the tests' own PostgreSQL apart. */
async function doctor(settings: Record<string, string>): Promise<{ code: number | null; lines: string[] }> {
  const process = run('doctor', { cwd: await makeFolder(), settings })
  await process.closed()
  expect(process.stderr).toBe('')
  return { code: (await process.exited()).code, lines: process.stdout.split('\n').filter((line) => line.includes('pooler')) }
}

test('a pooler that lends connections for a transaction is refused before anything is done, and the doctor says why', async () => {
  const { sql, settings } = await besides()
  pooler = await startPooler(settings.DATABASE_URL ?? '', { lends: 'transaction', settings: 'ignored' })
  const pooled = { ...settings, DATABASE_URL: pooler.databaseUrl }
  const line = 'The pooler before the database lends connections for a transaction at a time: set pool_mode = session: statements are prepared, and locks are held, by connections.'
  expect(await refusal(run('main', { cwd: await makeFolder(), settings: pooled }))).toEqual([line])
  expect(await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`).toEqual([])
  expect(await doctor(pooled)).toEqual({ code: 1, lines: [`  ${line}`] })
  await sql.end()
})

test('a pooler that refuses what connections ask for is told of with the setting that it lacks', async () => {
  const { sql, settings } = await besides()
  pooler = await startPooler(settings.DATABASE_URL ?? '', { lends: 'session', settings: 'refused' })
  const pooled = { ...settings, DATABASE_URL: pooler.databaseUrl }
  const line = expect.stringMatching(/^The pooler before the database refuses what connections ask for \(unsupported startup parameter: statement_timeout\): give it ignore_startup_parameters = statement_timeout,idle_in_transaction_session_timeout, and set both for the role /) as unknown
  expect(await refusal(run('main', { cwd: await makeFolder(), settings: pooled }))).toEqual([line])
  await sql.end()
})

test('one that pools by session serves; limits that it ignores are asked for, and do not cut short what may take its time', async () => {
  const { sql, settings } = await besides()
  pooler = await startPooler(settings.DATABASE_URL ?? '', { lends: 'session', settings: 'ignored' })
  const pooled = { ...settings, DATABASE_URL: pooler.databaseUrl }
  const warning = expect.stringContaining(`A pooler before the database ignores ${LIMITS}: set both for the role `) as unknown
  const first = await serve({ cwd: await makeFolder(), settings: pooled })
  expect(JSON.parse(first.process.stderr)).toMatchObject({ level: 40, msg: warning })
  const alice = first.client()
  await alice.register('alice', PASSWORD)
  await alice.send(await alice.group('Garden'), 'hello')
  await first.stop()
  expect(await doctor(pooled)).toEqual({ code: 0, lines: [warning] })

  // As for a role, of which all tests have the same one.
  const name = new URL(pooler.databaseUrl).pathname.slice(1)
  await sql.unsafe(`alter database ${name} set statement_timeout = '1s'`)
  await sql.unsafe(`alter database ${name} set idle_in_transaction_session_timeout = '1s'`)
  // A server that starts waits for one that brings the tables up to date, as long as that takes.
  await sql`select pg_advisory_lock(7274639)`
  const waiting = run('main', { cwd: await makeFolder(), settings: pooled })
  const waited = async () => (await sql<{ ms: number }[]>`select extract(epoch from clock_timestamp() - query_start)::float * 1000 as ms from pg_stat_activity where datname = ${name} and wait_event_type = 'Lock'`)[0]?.ms ?? 0
  await expect.poll(waited, { timeout: 30_000 }).toBeGreaterThan(1500)
  await sql`select pg_advisory_unlock(7274639)`
  await waiting.printed(/ is ready\./)
  expect(waiting.stderr).toBe('')
  await sql.end()
}, 120_000)
