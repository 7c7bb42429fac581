import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, expect, vi } from 'vitest'
import { processFacts, waitFor } from '../../src/db/embedded-process.ts'
import { Client } from '../client.ts'

// A start makes a whole database where there is none, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** How long a test waits for output that must come. */
const PATIENCE_MS = 45_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folders: string[] = []
const dataDirs = new Set<string>()
const started: Process[] = []
const clients: Client[] = []

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  for (const process of started.splice(0)) await process.end()
  for (const dataDir of dataDirs) await endPostgresIn(dataDir)
})

afterAll(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })))
})

/** An empty folder, removed at the end. The account of PostgreSQL may pass through. */
export async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'parley-process-')))
  await chmod(folder, 0o711)
  folders.push(folder)
  return folder
}

/** How a process ended. */
export interface End {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process of the product. What it prints is kept from the first byte. */
export class Process {
  readonly #child: ChildProcess
  readonly #group: boolean
  readonly #exited: Promise<End>
  readonly #closed: Promise<unknown>
  #over = false
  #wake: (() => void)[] = []
  readonly startedAt = performance.now()
  stdout = ''
  stderr = ''

  /** With `group` it leads a group of its own, and those that it started are ended with it by force. */
  constructor(program: string, args: string[], options: { cwd: string; env: Record<string, string | undefined>; group?: boolean }) {
    this.#group = options.group ?? false
    this.#child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'], detached: this.#group })
    const keep = (name: 'stdout' | 'stderr') => {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text
        this.#changed()
      })
    }
    keep('stdout')
    keep('stderr')
    this.#exited = once(this.#child, 'exit').then(([code, signal]: unknown[]) => ({ code, signal }) as End)
    // The end of its output, which comes after its exit: much later where it has left somebody who writes there too.
    this.#closed = once(this.#child, 'close').then(() => {
      this.#over = true
      this.#changed()
    })
    started.push(this)
    dataDirs.add(options.env.DATA_DIR ?? join(options.cwd, 'data'))
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Waits until it has printed this. Fails where it ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match !== null) return match
      if (this.#over) throw new Error(`it ended (${JSON.stringify(await this.#exited)}) and did not print ${String(pattern)}:\n${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`it did not print ${String(pattern)} in time:\n${this.stdout}${this.stderr}`))
        }, PATIENCE_MS)
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** As Ctrl-C in a terminal does it: to the process and all that it started, the database apart, which leads a session of its own. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.pid, name)
  }

  /** Waits for its end; what it leaves running does not count. */
  exited(): Promise<End> {
    return this.#exited
  }

  /** Waits for the end of its output. */
  async closed(): Promise<void> {
    await this.#closed
  }

  /** Ends it by force, if it still runs. */
  async end(): Promise<void> {
    try {
      // A negative number names the group.
      if (!this.#over) process.kill(this.#group ? -this.pid : this.pid, 'SIGKILL')
    } catch {
      // It has just ended by itself.
    }
    await this.#closed
  }
}

/** As in the environment; undefined takes away what the tests set for all. */
type Settings = Record<string, string | undefined>

/** Runs one of the product's programs in `cwd` with these settings and no others. */
export function run(entry: 'main' | 'admin' | 'demo' | 'doctor' | 'backup' | 'restore' | 'import' | 'export', options: { cwd: string; settings?: Settings; args?: string[] }): Process {
  const args = ['--import', import.meta.resolve('tsx'), join(ROOT, 'src', `${entry}.ts`), ...(options.args ?? [])]
  return new Process(process.execPath, args, { cwd: options.cwd, env: environment(options.settings) })
}

/** What a process needs to run at all; the settings of whoever runs the tests stay out. */
export function environment(settings: Settings = {}): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR } = process.env
  return { PATH, HOME, TMPDIR, PORT: '0', LOG_LEVEL: 'warn', RATE_LIMITS: 'off', ...settings }
}

/** A server that is ready. */
export interface Server {
  process: Process
  url: string
  /** From the start of the process to the printed block. */
  readyAfterMs: number
  /** Somebody who talks to it, not signed in. */
  client(): Client
  /** Asks it to end and waits; answers how it did. */
  stop(signal?: NodeJS.Signals): Promise<End>
}

/** Starts a server and waits for the block that it prints. */
export async function serve(options: { cwd: string; settings?: Settings; entry?: 'main' | 'demo' }): Promise<Server> {
  return ready(run(options.entry ?? 'main', options))
}

export async function ready(process: Process): Promise<Server> {
  const [, url] = await process.printed(/^ {2}API {7}(https?:\S+)\/graphql[^]*^ {2}Stop.*\n/m)
  const readyAfterMs = performance.now() - process.startedAt
  return {
    process,
    url: url ?? '',
    readyAfterMs,
    client() {
      const client = new Client(() => url ?? '')
      clients.push(client)
      return client
    },
    stop(signal = 'SIGTERM') {
      process.signal(signal)
      return process.exited()
    },
  }
}

/** Runs a program that must refuse: exit code 1 and nothing printed but these lines on standard error. */
export async function refusal(process: Process): Promise<string[]> {
  // One that starts after all would not end.
  const ready = process.printed(/^ {2}Stop/m).then(() => true, () => false)
  expect(await Promise.race([ready, process.closed()])).not.toBe(true)
  await process.closed()
  expect(await process.exited()).toEqual({ code: 1, signal: null })
  expect(process.stdout).toBe('')
  expect(process.stderr).toMatch(/\n$/)
  return process.stderr.trimEnd().split('\n')
}

/** The PostgreSQL that works on a data folder; null where none does, or none that came from there. */
export async function postgresIn(dataDir: string): Promise<number | null> {
  const text = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  const facts = Number.isInteger(pid) && pid > 0 ? await processFacts(pid) : null
  return facts?.command.endsWith(`=${join(dataDir, 'postgres')}`) ? pid : null
}

/** Asserts that a PostgreSQL has shut down in good order: its process is gone, and so is the file that an unclean end leaves. */
export async function expectCleanStop(dataDir: string, pid: number | null): Promise<void> {
  expect(pid).not.toBeNull()
  expect(await processFacts(pid ?? 0)).toBeNull()
  await expect(readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' })
}

async function endPostgresIn(dataDir: string): Promise<void> {
  const pid = await postgresIn(dataDir)
  if (pid === null) return
  process.kill(pid, 'SIGQUIT')
  await waitFor(async () => (await processFacts(pid)) === null, { ms: 10_000 })
}

/** The viewer's roles, by the API. */
export async function rolesOf(client: Client): Promise<string[]> {
  return (await client.ask('{ me { roles } }')).me.roles as string[]
}
