import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Sql } from 'postgres'
import { createLog } from '../../src/base/log.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { familyOf, until } from './processes.ts'

export interface ChaosPostgres {
  port(): number
  /** URL of a database, by its own port or another one that leads there. */
  url(database: string, port?: number): string
  /** `immediate`: as if it had crashed. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  /** Holds up, or lets go on, every process of it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  create(database: string): Promise<void>
  stop(): Promise<void>
}

/** What it holds need not survive a power cut, but a crash of the process: then everything that was committed is there. */
const SETTINGS = { fsync: 'off', max_connections: '200', synchronous_commit: 'on', log_min_messages: 'warning' }

export async function startPostgres(folder: string): Promise<ChaosPostgres> {
  const log = createLog({ level: 'silent', pretty: false })
  const open = () => startEmbedded({ dataDir: folder, log, settings: SETTINGS })
  let server = await open()
  const postmaster = () => Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  let pid = postmaster()
  const stop = async () => {
    process.off('exit', thaw)
    thaw()
    await server.stop()
  }
  // One that stands still would not hear that it shall end.
  const thaw = () => {
    for (const one of familyOf(pid)) signalOne(one, 'SIGCONT')
  }
  process.once('exit', thaw)
  const url = (database: string, port?: number) => {
    const changed = new URL(server.url)
    changed.pathname = `/${database}`
    if (port !== undefined) changed.port = String(port)
    return changed.href
  }
  return {
    port: () => Number(new URL(server.url).port),
    url,
    async restart(mode) {
      if (mode === 'immediate') {
        signalOne(pid, 'SIGQUIT')
        await until('the end of PostgreSQL', () => !signalOne(pid, 0))
      }
      await server.stop()
      server = await open()
      pid = postmaster()
    },
    signal(signal) {
      for (const one of familyOf(pid)) signalOne(one, signal)
    },
    async create(database) {
      await using(url('postgres'), (sql) => sql.unsafe(`create database ${database}`))
    },
    stop,
  }
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
