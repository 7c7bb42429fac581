import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kill, start, until } from './processes.ts'
import type { Started } from './processes.ts'
import { freePort } from '../support/free-port.ts'
import { startProxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const SABOTAGE = new URL('sabotage-hook.mjs', import.meta.url).href
const CLOCK = new URL('clock-shim.mjs', import.meta.url).href
const COLLECT = new URL('collect-shim.mjs', import.meta.url).href

/** One Parley server, with a proxy on each of its lines. */
export interface ChaosNode {
  name: string
  /** The door: the proxy through which clients come in. */
  front: Proxy
  database: Proxy
  redis: Proxy
  pid(): number
  running(): boolean
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Resolves once it has ended, with the time that it took in ms. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number>
  /** Its figures, by name and labels as they stand in /metrics. */
  metrics(): Promise<Map<string, number>>
  /** Moves its clock by so much against the machine's. */
  setClock(offsetMs: number): void
  close(): Promise<void>
}

export interface NodeOptions {
  name: string
  folder: string
  databaseUrl: (port: number) => string
  databasePort: number
  redisPort: number
  secretKey: string
  /** Texts of dist/ to replace, see sabotages.ts. */
  patches: readonly object[]
  random: () => number
}

export async function makeNode(options: NodeOptions): Promise<ChaosNode> {
  const { name, folder } = options
  const port = await freePort()
  const metricsPort = await freePort()
  const front = await startProxy(port, options.random)
  const database = await startProxy(options.databasePort, options.random)
  const redis = await startProxy(options.redisPort, options.random)
  const clock = join(folder, `${name}.clock`)
  writeFileSync(clock, '0')
  let server: Started | null = null
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const began = performance.now()
    if (server !== null) {
      kill(server.pid, 'SIGCONT')
      kill(server.pid, signal)
      await server.ended
      server = null
    }
    return performance.now() - began
  }
  return {
    name,
    front,
    database,
    redis,
    pid: () => server?.pid ?? 0,
    running: () => server?.running() ?? false,
    async start() {
      const hooks = ['--expose-gc', '--import', CLOCK, '--import', COLLECT, ...(options.patches.length === 0 ? [] : ['--import', SABOTAGE])]
      server = start(process.execPath, ['--enable-source-maps', ...hooks, MAIN], {
        cwd: folder,
        log: join(folder, `${name}.log`),
        env: {
          DATABASE_URL: options.databaseUrl(database.port),
          REDIS_URL: `redis://127.0.0.1:${redis.port}`,
          JWT_SECRET_KEY: options.secretKey,
          JWT_EXPIRES_IN_MINUTES: '1440',
          PORT: String(port),
          METRICS_PORT: String(metricsPort),
          RATE_LIMITS: 'off',
          LOG_LEVEL: 'warn',
          CHAOS_CLOCK: clock,
          ...(options.patches.length === 0 ? {} : { CHAOS_SABOTAGE: JSON.stringify(options.patches) }),
        },
      })
      const { running } = server
      const ready = () => fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(1000) }).then((response) => response.ok, () => !running())
      await until(name, ready, 60_000)
      if (!running()) throw new Error(`${name} ended as it started, see ${folder}/${name}.log`)
    },
    signal: (signal) => {
      if (server !== null) kill(server.pid, signal)
    },
    end,
    async metrics() {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })).text()
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
    },
    setClock: (offsetMs) => {
      writeFileSync(clock, String(offsetMs))
    },
    async close() {
      await end('SIGKILL')
      await Promise.all([front.close(), database.close(), redis.close()])
    },
  }
}
