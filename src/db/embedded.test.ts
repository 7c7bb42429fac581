import { once } from 'node:events'
import { lstat, lutimes, mkdir, readFile, readdir, readlink, stat, symlink, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { describe, expect, test, vi } from 'vitest'
import { StartError } from '../base/start-error.ts'
import { chooseAccount } from './embedded-account.ts'
import { findBinaries } from './embedded-binaries.ts'
import { prepareCluster } from './embedded-cluster.ts'
import { lockFolder, takeLock } from './embedded-lock.ts'
import { waitFor } from './embedded-process.ts'
import { startPostmaster } from './embedded-server.ts'
import { ask, base, dataDir, isGone, linux, log, postmasterPid, refusal, running, start, startOther, undo, useFolder } from '../../test/support/embedded.ts'

describe('the embedded PostgreSQL', () => {
  test('starts on an empty folder, keeps its data over a restart, and leaves nothing running', async () => {
    useFolder(join(base, 'not', 'there'))
    const first = await start()
    expect(await ask(first.url, "drop table if exists t; create table t (v text); insert into t values ('kept'); select current_database() || ' ' || current_user")).toBe('parley parley')
    const pid = await postmasterPid()
    await Promise.all([first.stop(), first.stop()])
    expect(await isGone(pid)).toBe(true)
    expect(await running()).toEqual([])
    expect(log.warn).not.toHaveBeenCalled()

    const second = await start()
    expect(await ask(second.url, 'select v from t')).toBe('kept')
  })

  test('is set up for any language, closed to others, and quiet', async () => {
    const { url } = await start({ settings: { fsync: 'off', work_mem: '5MB' } })
    expect(await ask(url, 'show server_encoding')).toBe('UTF8')
    expect(await ask(url, "select lower('ÄÖ ПРИВЕТ')")).toBe('äö привет')
    expect(await ask(url, "create extension if not exists pg_trgm; select cardinality(show_trgm('привет')) > 0")).toBe(true)
    expect(await ask(url, 'show work_mem')).toBe('5MB')
    expect(Number(await ask(url, 'show max_connections'))).toBe(100)
    expect(await ask(url, 'show listen_addresses')).toBe('127.0.0.1')
    expect(await ask(url, "select rolpassword ~ '^SCRAM-SHA-256' from pg_authid where rolname = 'parley'")).toBe(true)
    await expect(ask(url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toMatchObject({ code: '28P01' })
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(dataDir, 'postgres.log'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).toContain('ready to accept connections')
  })

  test('keeps one earlier log once that has grown long', async () => {
    await (await start()).stop()
    await truncate(join(dataDir, 'postgres.log'), 10 * 1024 * 1024 + 1)
    await start()
    expect((await stat(join(dataDir, 'postgres.log.1'))).size).toBe(10 * 1024 * 1024 + 1)
    expect((await stat(join(dataDir, 'postgres.log'))).size).toBeLessThan(10_000)
  })

  test('breaks off open connections when stopped', async () => {
    const server = await start()
    const sql = postgres(server.url, { max: 1, max_lifetime: null, connection: { application_name: 'test' } })
    await sql`select 1`
    const slow = sql`select pg_sleep(60)`.then(() => null, (error: unknown) => error)
    await waitFor(async () => (await ask(server.url, "select count(*)::int from pg_stat_activity where query like '%pg_sleep(60)%' and application_name = 'test'")) === 1, { ms: 5000 })
    await server.stop()
    expect(await slow).toBeInstanceOf(Error)
    await sql.end({ timeout: 0 })
  })

  test('says so when it ends unasked', async () => {
    const server = await start()
    process.kill(await postmasterPid(), 'SIGQUIT')
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalledWith({ reason: expect.any(String) as string }, 'PostgreSQL has ended'), { timeout: 5000 })
    await server.stop()
  })

  test('takes another port when its own is taken in the last moment', async () => {
    const [other, another] = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')]
    await Promise.all([once(other, 'listening'), once(another, 'listening')])
    undo.push(() => other.close())
    const [taken, free] = [other, another].map((server) => (server.address() as { port: number }).port) as [number, number]
    another.close()
    await (await start()).stop()
    const cluster = join(dataDir, 'postgres')
    const account = await chooseAccount(cluster)
    const site = { dataDir, cluster, account, binaries: await findBinaries(account), settings: { fsync: 'off' }, log, signal: undefined }
    await prepareCluster(site)
    const ports = [taken, taken, free]
    const server = await startPostmaster(site, async () => ports.shift() ?? 0)
    undo.push(() => server.stop())
    expect(server.port).toBe(free)
    expect(log.warn).not.toHaveBeenCalled()
  })
})

describe('one server per data folder', () => {
  test('refuses a second start and names the process that has it', async () => {
    const other = await startOther()
    expect(await refusal()).toBe(`The data folder ${dataDir} is in use by another server (process ${other.pid}): stop that one first, or set DATA_DIR to another folder.`)
    expect(await ask(other.url, 'select 1')).toBe(1)
  })

  test('lets exactly one of many win, also where an owner was killed', async () => {
    await lockAs({ pid: process.pid, startedAt: 'earlier', world: await thisWorld() }, 700)
    const starts = await Promise.allSettled(Array.from({ length: 12 }, () => start()))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of starts) if (each.status === 'rejected') expect(String(each.reason)).toContain(`in use by another server (process ${process.pid})`)
    expect(await lockNames()).toEqual(['postgres.lock.701'])
  })

  test('the lock has one holder at a time, however many take it and give it back', async () => {
    let [holders, most, turns] = [0, 0, 0]
    const contend = async () => {
      for (const end = performance.now() + 700; performance.now() < end; ) {
        const lock = await lockFolder(base).catch(nullIfRefused)
        if (lock === null) continue
        most = Math.max(most, ++holders)
        turns++
        await stat(base)
        holders--
        await lock.release()
      }
    }
    await Promise.all(Array.from({ length: 10 }, contend))
    expect(most).toBe(1)
    expect(turns).toBeGreaterThan(10)

    // One that looked at the folder long ago and goes on only now.
    const [newest] = (await readdir(base)).map((name) => Number(name.split('.').at(-1)))
    expect(await takeLock(base, (newest ?? 0) - 1, 'late')).toBe(false)
    expect(await readdir(base)).toEqual([`postgres.lock.${newest}`])
  })

  test('frees the folder when stopped, and when a start fails', async () => {
    await (await start()).stop()
    expect(await refusal({ settings: { shared_buffers: 'much' } })).toContain('shared_buffers')
    await start()
  })

  test('believes an owner in another container while it shows life', async () => {
    const lock = await lockAs({ pid: 1, startedAt: '5', world: 'elsewhere' }, 800)
    const beat = setInterval(() => void lutimes(lock, new Date(), new Date()), 50)
    undo.push(() => clearInterval(beat))
    expect(await refusal()).toContain('(process 1 in another container)')
    clearInterval(beat)
    await lutimes(lock, new Date(0), new Date(0))
    await start()
  })

  test('shows life itself', async () => {
    await start()
    const [name] = await lockNames()
    const lock = join(dataDir, name ?? '')
    await lutimes(lock, new Date(0), new Date(0))
    await vi.waitFor(async () => expect((await lstat(lock)).mtimeMs).toBeGreaterThan(0), { timeout: 5000 })
  })

  function nullIfRefused(error: unknown): null {
    expect(error).toBeInstanceOf(StartError)
    return null
  }

  async function lockAs(owner: object, n: number): Promise<string> {
    const lock = join(dataDir, `postgres.lock.${n}`)
    await mkdir(dataDir, { recursive: true, mode: 0o711 })
    await symlink(JSON.stringify(owner), lock)
    return lock
  }

  async function lockNames(): Promise<string[]> {
    return (await readdir(dataDir)).filter((name) => name.startsWith('postgres.lock.'))
  }

  async function thisWorld(): Promise<string> {
    return linux ? `${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()} ${await readlink('/proc/self/ns/pid')}` : process.platform
  }
})
