import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { createLog } from '../../src/base/log.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import type { EmbeddedPostgres } from '../../src/db/embedded.ts'
import { familyOf, until } from './processes.ts'
import { startProxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import { copyAsStandby } from './standby.ts'

export interface ChaosPostgres {
  port(): number
  /** URL of a database, by its own port or another one that leads there. */
  url(database: string, port?: number): string
  /** `immediate`: as if it had crashed. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  /** Holds up, or lets go on, every process of it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  running(): boolean
  create(database: string): Promise<void>
  /** Starts a standby; resolves once it keeps up. `sync`: nothing is committed that it does not have. */
  follow(mode: 'async' | 'sync'): Promise<Standby>
  stop(): Promise<void>
}

export interface Standby {
  /** From now on nothing reaches it. */
  cutOff(): void
  /** Kills the primary, which never comes back: from now on all leads to the standby, which takes no writes yet. */
  inherit(): Promise<void>
  promote(): Promise<void>
}

/** What it holds need not survive a power cut, but a crash of the process: then everything that was committed is there. */
const SETTINGS = { fsync: 'off', max_connections: '200', synchronous_commit: 'on', log_min_messages: 'warning', wal_keep_size: '256MB' }

/** A running server, with the folder of its data. */
interface Instance {
  folder: string
  pid: number
  server: EmbeddedPostgres
}

/** `settings` go before the usual ones. */
export async function startPostgres(folder: string, settings: Record<string, string> = {}): Promise<ChaosPostgres> {
  const log = createLog({ level: 'silent', pretty: false })
  const open = async (dataDir: string): Promise<Instance> => {
    const server = await startEmbedded({ dataDir, log, settings: { ...SETTINGS, ...settings } })
    return { folder: dataDir, server, pid: Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]) }
  }
  let primary = await open(join(folder, '1'))
  let standby: { instance: Instance; line: Proxy } | null = null
  let copies = 1
  // One that stands still would not hear that it shall end.
  const thaw = () => {
    for (const one of familyOf(primary.pid)) signalOne(one, 'SIGCONT')
  }
  process.once('exit', thaw)
  const url = (database: string, port?: number) => urlOf(primary, database, port)

  const inherit = async ({ instance, line }: { instance: Instance; line: Proxy }) => {
    const old = primary
    for (const one of familyOf(old.pid)) signalOne(one, 'SIGKILL')
    await until('the end of PostgreSQL', () => !signalOne(old.pid, 0))
    // What was still on the line is lost with it.
    line.cut(true)
    primary = instance
    standby = null
    await Promise.all([line.close(), old.server.stop()])
    rmSync(old.folder, { recursive: true, force: true, maxRetries: 3 })
  }
  return {
    port: () => Number(new URL(primary.server.url).port),
    url,
    async restart(mode) {
      const { pid } = primary
      if (mode === 'immediate') {
        signalOne(pid, 'SIGQUIT')
        await until('the end of PostgreSQL', () => !signalOne(pid, 0))
      }
      await primary.server.stop()
      primary = await open(primary.folder)
    },
    signal(signal) {
      for (const one of familyOf(primary.pid)) signalOne(one, signal)
    },
    running: () => signalOne(primary.pid, 0),
    async create(database) {
      await using(url('postgres'), (sql) => sql.unsafe(`create database ${database}`))
    },
    async follow(mode) {
      const to = join(folder, String((copies += 1)))
      const line = await startProxy(Number(new URL(primary.server.url).port), Math.random)
      await copyAsStandby({ url: url('postgres'), from: primary.folder, to, linePort: line.port })
      const own = { line, instance: await open(to) }
      standby = own
      await using(url('postgres'), async (sql) => {
        if (mode === 'sync') {
          await sql`alter system set synchronous_standby_names = '*'`
          await sql`select pg_reload_conf()`
        }
        await until('the standby', async () => (await sql`select from pg_stat_replication where state = 'streaming' and sync_state = ${mode}`).length === 1)
      })
      return {
        cutOff: () => {
          line.set({ blackHole: true })
        },
        inherit: () => inherit(own),
        async promote() {
          await using(url('postgres'), (sql) => sql`select pg_promote()`)
        },
      }
    },
    async stop() {
      process.off('exit', thaw)
      thaw()
      await Promise.all([standby?.instance.server.stop(), standby?.line.close()])
      await primary.server.stop()
    },
  }
}

function urlOf({ server }: Instance, database: string, port?: number): string {
  const changed = new URL(server.url)
  changed.pathname = `/${database}`
  if (port !== undefined) changed.port = String(port)
  return changed.href
}

function signalOne(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** A connection of ours, past all proxies. */
export function connect(url: string, max = 1): Sql {
  return postgres(url, { max, onnotice: () => undefined, connect_timeout: 10, types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } } }) as unknown as Sql
}

export async function using<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(url)
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
