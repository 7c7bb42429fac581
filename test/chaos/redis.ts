import { join } from 'node:path'
import { Redis } from 'ioredis'
import { kill, start, until } from './processes.ts'
import type { Started } from './processes.ts'
import { freePort } from '../support/free-port.ts'

export interface ChaosRedis {
  port: number
  /** Ends it without a word, and starts it again empty. */
  down(): Promise<void>
  up(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  command(...words: [string, ...string[]]): Promise<unknown>
  stop(): Promise<void>
}

export async function startRedis(folder: string): Promise<ChaosRedis> {
  const port = await freePort()
  let server: Started | null = null
  const ask = async (words: [string, ...string[]]) => {
    const redis = new Redis({ port, lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null, connectTimeout: 1000, commandTimeout: 2000 })
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      return await redis.call(...words)
    } finally {
      redis.disconnect()
    }
  }
  const up = async () => {
    server = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder], { log: join(folder, 'redis.log'), cwd: folder })
    await until('Redis', () => ask(['PING']).then(() => true, () => false))
  }
  const down = async () => {
    if (server === null) return
    kill(server.pid, 'SIGCONT')
    kill(server.pid, 'SIGKILL')
    await server.ended
    server = null
  }
  await up()
  return {
    port,
    up,
    down,
    signal: (signal) => {
      if (server !== null) kill(server.pid, signal)
    },
    command: (...words) => ask(words),
    stop: down,
  }
}
