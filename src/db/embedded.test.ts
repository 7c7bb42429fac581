import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, lstat, lutimes, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { StartError } from '../base/start-error.ts'
import { chooseAccount } from './embedded-account.ts'
import { findBinaries } from './embedded-binaries.ts'
import { prepareCluster } from './embedded-cluster.ts'
import { lastMeaningfulLine } from './embedded-faults.ts'
import { lockFolder, takeLock } from './embedded-lock.ts'
import { readPidFile } from './embedded-orphan.ts'
import { processFacts, run, startOptions, waitFor } from './embedded-process.ts'
import { startPostmaster } from './embedded-server.ts'
import type { EmbeddedOptions, EmbeddedPostgres } from './embedded.ts'
import { startEmbedded } from './embedded.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 })

const root = process.getuid?.() === 0
const linux = process.platform === 'linux'
const log = { info: vi.fn(), warn: vi.fn(), debug: vi.fn() }
/** Most tests share a cluster: making one takes longer than all else they do. */
let shared: string
let base: string
let dataDir: string
let undo: (() => unknown)[] = []

beforeAll(async () => {
  shared = await makeTempFolder()
})

beforeEach(async () => {
  vi.clearAllMocks()
  base = await makeTempFolder()
  dataDir = join(shared, 'data')
})

afterEach(async () => {
  for (const step of undo.reverse()) await step()
  undo = []
  for (const pid of await running()) process.kill(pid, 'SIGQUIT')
  await waitFor(async () => (await running()).length === 0, { ms: 5000 })
  await rm(base, { recursive: true, force: true })
})

afterAll(() => rm(shared, { recursive: true, force: true }))

async function makeTempFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'parley-embedded-')))
  await chmod(folder, 0o711)
  return folder
}

/** The processes of PostgreSQL that work on a folder of this test, whoever left them. */
async function running(): Promise<number[]> {
  const pids = linux ? (await readdir('/proc')).map(Number).filter(Number.isInteger) : [await postmasterPid().catch(() => 0)]
  const commands = await Promise.all(pids.map(async (pid) => (await processFacts(pid))?.command ?? ''))
  return pids.filter((_, i) => [base, shared].some((folder) => commands[i]?.includes(`${folder}/`)) && commands[i]?.includes('/postgres -D '))
}

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir, log, settings: { fsync: 'off' }, ...options })
  undo.push(() => server.stop())
  return server
}

/** The message of the StartError that a start ends with. */
async function refusal(options: Partial<EmbeddedOptions> = {}): Promise<string> {
  const error = await start(options).then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(StartError)
  const { message } = error as StartError
  expect(message).not.toContain('\n')
  return message
}

async function ask(url: string, question: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    const results: unknown = await sql.unsafe(question)
    // The driver answers several statements with a list of results, one with its rows.
    const last = (results as unknown[]).at(-1) ?? []
    const row: unknown = Array.isArray(last) ? last[0] : last
    return Object.values(row ?? {})[0]
  } finally {
    await sql.end()
  }
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

const isGone = async (pid: number) => (await processFacts(pid)) === null

/** A server of another process. It exits without further ado when told so on its input, and in good order on SIGINT, after a slow query. */
const OTHER_SERVER = `
  const [module, driver, dataDir] = process.argv.slice(1)
  const { startEmbedded } = await import(module)
  const { default: postgres } = await import(driver)
  const log = { info() {}, warn() {}, debug() {} }
  const server = await startEmbedded({ dataDir, log, settings: { fsync: 'off' } })
  process.stdin.once('data', () => process.exit(0))
  process.once('SIGINT', async () => {
    const sql = postgres(server.url, { max: 1 })
    const [{ answer }] = await sql\`select 'answered' as answer from pg_sleep(0.3)\`
    await sql.end()
    await server.stop()
    process.stdout.write(answer + '\\n', () => process.exit(0))
  })
  console.log(server.url)
`

interface OtherServer {
  child: ChildProcess
  pid: number
  url: string
  /** The next line of its output. */
  line(): Promise<string>
  ended: Promise<unknown>
}

async function startOther(): Promise<OtherServer> {
  const [module, driver] = [new URL('./embedded.ts', import.meta.url).href, import.meta.resolve('postgres')]
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', OTHER_SERVER, module, driver, dataDir], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  undo.push(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  const ended = once(child, 'exit')
  return { child, pid: child.pid ?? 0, url: await line(), line, ended }
}

describe('the embedded PostgreSQL', () => {
  test('starts on an empty folder, keeps its data over a restart, and leaves nothing running', async () => {
    dataDir = join(base, 'not', 'there')
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

describe('after an unclean end', () => {
  test('ends the PostgreSQL of a killed process and finds the data intact', async () => {
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    const orphan = await postmasterPid()
    other.child.kill('SIGKILL')
    await other.ended
    expect(await isGone(orphan)).toBe(false)

    const server = await start()
    expect(log.info).toHaveBeenCalledWith({ pid: orphan }, 'ending the PostgreSQL that an earlier run has left')
    expect(await isGone(orphan)).toBe(true)
    expect(await ask(server.url, 'select v from t')).toBe('kept')
  })

  test('recovers when both were killed', async () => {
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    process.kill(other.pid, 'SIGKILL')
    process.kill(await postmasterPid(), 'SIGKILL')
    await other.ended
    expect(await ask((await start()).url, 'select v from t')).toBe('kept')
  })

  test('leaves a process alone that has the number of an earlier PostgreSQL', async () => {
    const server = await start()
    const file = join(dataDir, 'postgres', 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await server.stop()
    // PostgreSQL itself worries only about processes of its own account.
    const bystander = spawn('sleep', ['60'], startOptions(await chooseAccount(join(dataDir, 'postgres'))))
    undo.push(() => bystander.kill('SIGKILL'))
    await once(bystander, 'spawn')
    await writeFile(file, text.replace(/^.*/, String(bystander.pid)))

    await start()
    expect(await isGone(bystander.pid ?? 0)).toBe(false)
    expect(bystander.signalCode).toBeNull()
  })

  test('leaves a PostgreSQL alone that someone else runs on the cluster', async () => {
    await (await start()).stop()
    const cluster = join(dataDir, 'postgres')
    const account = await chooseAccount(cluster)
    const { postgres: program } = await findBinaries(account)
    const foreign = spawn(program, ['-D', cluster, '-c', 'listen_addresses=', '-c', 'unix_socket_directories=.'], { ...startOptions(account), cwd: cluster, stdio: 'ignore' })
    const ended = once(foreign, 'exit')
    expect(await waitFor(async () => (await readPidFile(cluster))?.ready === true, { ms: 5000 })).toBe(true)
    const before = await readFile(join(cluster, 'postmaster.pid'), 'utf8')
    expect(await refusal()).toBe(`Another PostgreSQL (process ${foreign.pid}) runs on ${cluster}: stop that one first.`)
    expect(await readFile(join(cluster, 'postmaster.pid'), 'utf8')).toBe(before)
    foreign.kill('SIGINT')
    await ended
  })

  test('starts over an empty postmaster.pid', async () => {
    await (await start()).stop()
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), '')
    await start()
  })

  test('an exit without stop ends PostgreSQL', async () => {
    const other = await startOther()
    const pid = await postmasterPid()
    other.child.stdin?.write('exit\n')
    await other.ended
    expect(await waitFor(() => isGone(pid), { ms: 5000 })).toBe(true)
  })

  test('Ctrl-C, which reaches the whole group of processes, leaves PostgreSQL to the server', async () => {
    const other = await startOther()
    const pid = await postmasterPid()
    process.kill(-other.pid, 'SIGINT')
    expect(await other.line()).toBe('answered')
    expect(await isGone(pid)).toBe(true)
  })

  test.each(['postgres.new-', 'postgres.log', 'postgres/postmaster.pid'])('a start broken off once there is "%s" leaves nothing running and nothing half done', async (sign) => {
    dataDir = join(base, 'data')
    const controller = new AbortController()
    const began = startEmbedded({ dataDir, log, settings: { fsync: 'off' }, signal: controller.signal }).then(
      (server) => server.stop(),
      (error: unknown) => expect(error).toHaveProperty('message', 'broken off'),
    )
    expect(await waitFor(async () => (await entries()).some((name) => name.startsWith(sign)), { ms: 10_000, every: 1 })).toBe(true)
    controller.abort(new Error('broken off'))
    await began
    expect(await running()).toEqual([])
    expect((await entries()).filter((name) => /^postgres\.new-|^postgres.postmaster\.pid$/.test(name))).toEqual([])
    expect(await ask((await start()).url, 'select 1')).toBe(1)
  })

  test('a start broken off beforehand does nothing', async () => {
    dataDir = join(base, 'data')
    await expect(start({ signal: AbortSignal.abort('never mind') })).rejects.toBe('never mind')
    expect(await readdir(base)).toEqual([])
  })

  test('a program that is broken off takes its children with it', async () => {
    const controller = new AbortController()
    const file = join(base, 'child')
    const ended = run('/bin/sh', ['-c', 'sleep 60 & echo $! > "$0"; wait', file], { account: null, cwd: base, signal: controller.signal }).catch((error: unknown) => error)
    const child = async () => Number(await readFile(file, 'utf8').catch(() => ''))
    await waitFor(async () => (await child()) > 0, { ms: 5000 })
    controller.abort('enough')
    expect(await ended).toBe('enough')
    expect(await waitFor(async () => isGone(await child()), { ms: 5000 })).toBe(true)
  })

  async function entries(): Promise<string[]> {
    const list = async (folder: string, prefix: string) => (await readdir(folder).catch(() => [])).map((name) => prefix + name)
    return [...(await list(dataDir, '')), ...(await list(join(dataDir, 'postgres'), 'postgres/'))]
  }
})

describe('what a person can mend', () => {
  test('a folder that cannot be written to', async () => {
    const closed = root ? (linux ? '/sys/parley' : '/System/parley') : join(base, 'closed')
    if (!root) await mkdir(closed, { mode: 0o500 })
    const message = await refusal({ dataDir: closed })
    expect(message).toMatch(/^The data folder \S+ cannot be written to \((EACCES|EPERM|EROFS) at \S+\): give this account the right to, or set DATA_DIR to another folder\.$/)
    expect(message).toContain(closed)
  })

  test.each(['the data folder', 'a parent of it', 'the folder of the cluster'])('a file in place of %s', async (which) => {
    dataDir = join(base, 'data')
    const file = which === 'a parent of it' ? base + '/file' : which === 'the data folder' ? dataDir : join(dataDir, 'postgres')
    if (which === 'the folder of the cluster') await mkdir(dataDir)
    await writeFile(file, '')
    const message = await refusal({ dataDir: which === 'a parent of it' ? join(file, 'data') : dataDir })
    expect(message).toContain(file)
    expect(message).toMatch(/is a file|a file is in its place/)
    expect(message).toContain('move it away')
  })

  test('a cluster of another PostgreSQL, and a damaged one: both stay as they are', async () => {
    dataDir = join(base, 'data')
    await (await start()).stop()
    const cluster = join(dataDir, 'postgres')
    const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8')
    await writeFile(join(cluster, 'PG_VERSION'), '17\n')
    expect(await refusal()).toMatch(/was made by PostgreSQL 17, and this is PostgreSQL \d+: dump it/)
    await writeFile(join(cluster, 'PG_VERSION'), version)

    await cp(join(cluster, 'global', 'pg_control'), join(base, 'pg_control'))
    await truncate(join(cluster, 'global', 'pg_control'), 0)
    expect(await refusal()).toMatch(/^PostgreSQL did not start in \S+: (FATAL|PANIC): .*pg_control/)
    await unlink(join(cluster, 'global', 'pg_control'))
    expect(await refusal()).toContain(`${cluster} does not hold a complete database: restore it from a backup`)
    expect(await readdir(cluster)).toContain('base')
  })

  test('a cluster that was left half made is made anew', async () => {
    dataDir = join(base, 'data')
    const half = join(dataDir, 'postgres.new-abcdef')
    await mkdir(join(half, 'base', '1'), { recursive: true })
    await writeFile(join(half, 'PG_VERSION'), '18\n')
    await writeFile(join(dataDir, 'postgres.password'), '', { mode: 0o600 })
    await mkdir(join(dataDir, 'postgres'))
    expect(await ask((await start()).url, 'select 1')).toBe(1)
    expect(await readdir(dataDir)).not.toContain('postgres.new-abcdef')
  })

  test('a lost password is replaced, a wrong one explained', async () => {
    const first = await start()
    await ask(first.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    await first.stop()
    const file = join(dataDir, 'postgres.password')
    await writeFile(file, 'wrong\n')
    expect(await refusal()).toBe(`${file} does not hold the password of the database beside it: remove that file, and the next start sets a new password.`)
    await unlink(file)
    const second = await start()
    expect(second.url).not.toContain(new URL(first.url).password)
    expect(await ask(second.url, 'select v from t')).toBe('kept')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('the reason comes from the log, without what surrounds it', () => {
    const at = '2026-01-02 03:04:05.678 UTC [12] '
    expect(lastMeaningfulLine(`${at}LOG:  starting\n${at}FATAL:  no such thing\n${at}LOG:  database system is shut down\n`)).toBe('FATAL:  no such thing')
    expect(lastMeaningfulLine('running bootstrap script ... ok\ninitdb: error: cannot\ninitdb: removing contents\n')).toBe('initdb: error: cannot')
    expect(lastMeaningfulLine('')).toBe('')
  })
})

describe.runIf(root && linux)('as root', () => {
  test('PostgreSQL runs under an unprivileged account, which stays the owner of the cluster', async () => {
    await (await start()).stop()
    const { uid } = await stat(join(dataDir, 'postgres'))
    expect(uid).not.toBe(0)
    expect(await chooseAccount(join(dataDir, 'postgres'))).toMatchObject({ uid })
    await start()
    expect((await stat(`/proc/${await postmasterPid()}`)).uid).toBe(uid)
  })

  test('a data folder that the account cannot reach works, also after a kill', async () => {
    dataDir = join(base, 'data')
    await chmod(base, 0o700)
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    other.child.kill('SIGKILL')
    await other.ended
    expect(await ask((await start()).url, 'select v from t')).toBe('kept')
    expect(log.info).toHaveBeenCalledWith(expect.anything(), 'ending the PostgreSQL that an earlier run has left')
  })

  test('a cluster that was restored as root is given to the account', async () => {
    await (await start()).stop()
    await cp(join(dataDir, 'postgres'), join(base, 'copy', 'postgres'), { recursive: true })
    expect((await stat(join(base, 'copy', 'postgres'))).uid).toBe(0)
    expect(await ask((await start({ dataDir: join(base, 'copy') })).url, 'select 1')).toBe(1)
  })

  test('programs that the account cannot reach are copied once, and mended', async () => {
    const usual = await findBinaries(null)
    const packageDir = join(base, 'closed', 'linux-test')
    await cp(join(usual.postgres, '..', '..', '..'), packageDir, { recursive: true, verbatimSymlinks: true })
    await chmod(join(base, 'closed'), 0o700)
    const account = await chooseAccount(join(dataDir, 'postgres'))
    const cache = join(base, 'cache')
    const find = () => findBinaries(account, { packageDir, caches: [join(base, 'closed', 'cache'), cache] })
    const copied = await find()
    expect(copied.postgres.startsWith(cache)).toBe(true)
    const made = (await stat(copied.postgres)).ino
    expect((await stat((await find()).postgres)).ino).toBe(made)
    await rm(join(copied.initdb))
    expect((await stat((await find()).initdb)).size).toBe((await stat(usual.initdb)).size)
    expect(await readdir(cache)).toHaveLength(1)

    await chmod(cache, 0o777)
    const refused = findBinaries(account, { packageDir, caches: [cache] })
    await expect(refused).rejects.toThrow(StartError)
    await expect(refused).rejects.toThrow('is not a folder that only this account can write to')
  })
})
