import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import { StartError } from '../../src/base/start-error.ts'
import { processFacts, waitFor } from '../../src/db/embedded-process.ts'
import type { EmbeddedOptions, EmbeddedPostgres } from '../../src/db/embedded.ts'
import { startEmbedded } from '../../src/db/embedded.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 })

export const root = process.getuid?.() === 0
export const linux = process.platform === 'linux'
export const log = { info: vi.fn(), warn: vi.fn(), debug: vi.fn() }
/** Most tests share a cluster: making one takes longer than all else they do. */
export let shared: string
export let base: string
export let dataDir: string
export let undo: (() => unknown)[] = []

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

/** Lets the test at hand work on another folder than the shared one. */
export function useFolder(folder: string): void {
  dataDir = folder
}

export async function makeTempFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'parley-embedded-')))
  await chmod(folder, 0o711)
  return folder
}

/** The processes of PostgreSQL that work on a folder of this test, whoever left them. */
export async function running(): Promise<number[]> {
  const pids = linux ? (await readdir('/proc')).map(Number).filter(Number.isInteger) : [await postmasterPid().catch(() => 0)]
  const commands = await Promise.all(pids.map(async (pid) => (await processFacts(pid))?.command ?? ''))
  return pids.filter((_, i) => [base, shared].some((folder) => commands[i]?.includes(`${folder}/`)) && commands[i]?.includes('/postgres -D '))
}

export async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbedded({ dataDir, log, settings: { fsync: 'off' }, ...options })
  undo.push(() => server.stop())
  return server
}

/** The message of the StartError that a start ends with. */
export async function refusal(options: Partial<EmbeddedOptions> = {}): Promise<string> {
  const error = await start(options).then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(StartError)
  const { message } = error as StartError
  expect(message).not.toContain('\n')
  return message
}

export async function ask(url: string, question: string): Promise<unknown> {
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

export async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

export const isGone = async (pid: number) => (await processFacts(pid)) === null

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

export interface OtherServer {
  child: ChildProcess
  pid: number
  url: string
  /** The next line of its output. */
  line(): Promise<string>
  ended: Promise<unknown>
}

export async function startOther(): Promise<OtherServer> {
  const [module, driver] = [new URL('../../src/db/embedded.ts', import.meta.url).href, import.meta.resolve('postgres')]
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
