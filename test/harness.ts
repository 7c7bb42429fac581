import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { inject } from 'vitest'
import { startApp } from '../src/app.ts'
import type { App } from '../src/app.ts'
import { createLog } from '../src/base/log.ts'
import type { Logger } from '../src/base/log.ts'
import { readConfig } from '../src/config.ts'
import type { Database } from '../src/db/index.ts'
import { openDatabase } from '../src/db/open.ts'
import { Client } from './client.ts'

/** A small real server on a database of its own, as the tests see it: by its address. */
export interface TestServer {
  /** Such as http://127.0.0.1:12345 */
  url: string
  /** The GraphQL endpoint over WebSocket. */
  wsUrl: string
  databaseUrl: string
  /** For looking behind the API where a test must, such as counting rows. */
  sql: Database['sql']
  app: App
  /** Registers somebody and answers a client that is signed in as them. */
  signUp(username: string): Promise<Client>
  /** A client that is not signed in. */
  anonymous(): Client
  /** Stops and starts the server on the same database; clients made before go on with the new address. */
  restart(): Promise<void>
  close(): Promise<void>
}

interface Options {
  /** Settings as in the environment, besides quiet defaults. */
  settings?: Record<string, string>
  /** An existing database, for a second server on it. */
  databaseUrl?: string
  log?: Logger
  /**
   * Connections that requests share; 5 where nothing is said. A test that holds a table for long needs more: once all are busy, what comes next may stand
   * behind the statement that waits for the table.
   */
  poolSize?: number
  presenceGraceMs?: number
  presenceIdleMs?: number
  keepAliveMs?: number
  /** How often files are looked for that nobody needs. */
  keepFilesMs?: number
  /** Stretches the pauses of what talks to WhatsApp. */
  whatsappPace?: number
}

export const PASSWORD = 'correct horse battery'

/** Starts a server on a fresh copy of the template database. */
export async function startServer(options: Options = {}): Promise<TestServer> {
  const databaseUrl = options.databaseUrl ?? (await copyTemplate())
  // Made with the first file only.
  const dataDir = join(tmpdir(), `parley-server-${randomUUID()}`)
  const config = readConfig({ PORT: '0', DATA_DIR: dataDir, RATE_LIMITS: 'off', LOG_LEVEL: 'silent', JWT_SECRET_KEY: 'a secret key for tests, long enough', ...options.settings })
  const log = options.log ?? createLog({ level: config.logLevel, pretty: false })
  const secretKey = config.auth.secretKey ?? ''
  const start = async () => {
    const database = await openDatabase(databaseUrl, { poolSize: options.poolSize ?? 5, statementMs: config.limits.operationMs })
    const presence = { presenceGraceMs: options.presenceGraceMs ?? 50, presenceIdleMs: options.presenceIdleMs, keepAliveMs: options.keepAliveMs, keepFilesMs: options.keepFilesMs, whatsappPace: options.whatsappPace }
    try {
      return { database, app: await startApp(config, { database, secretKey, log, ...presence }) }
    } catch (error) {
      await database.close()
      throw error
    }
  }
  const stop = async () => {
    await running.app.close()
    await running.database.close()
  }
  let running = await start()
  const clients = new Set<Client>()
  const makeClient = () => {
    const client = new Client(() => running.app.http.url)
    clients.add(client)
    return client
  }
  return {
    get url() {
      return running.app.http.url
    },
    get wsUrl() {
      return `${running.app.http.url.replace(/^http/, 'ws')}/graphql`
    },
    databaseUrl,
    get sql() {
      return running.database.sql
    },
    get app() {
      return running.app
    },
    anonymous: makeClient,
    async signUp(username) {
      const client = makeClient()
      await client.register(username, PASSWORD)
      return client
    },
    async restart() {
      await stop()
      running = await start()
    },
    async close() {
      await Promise.all([...clients].map((client) => client.close()))
      await stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function copyTemplate(): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const sql = postgres(url.href, { max: 1, onnotice: () => undefined })
  const name = `test_${randomUUID().replaceAll('-', '')}`
  try {
    // Two copies at once would find the template in use.
    await sql`select pg_advisory_lock(1)`
    await sql.unsafe(`create database ${name} template template`)
  } finally {
    await sql.end()
  }
  url.pathname = `/${name}`
  return url.href
}
