import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { createLog } from '../src/base/log.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import { openDatabase } from '../src/db/open.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a PostgreSQL with the database `template`, up to date and empty; tests copy it. */
    postgresUrl: string
  }
}

/** Starts one real PostgreSQL for all tests. What it holds is thrown away, so it need not survive a power cut. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-test-'))
  const server = await startEmbedded({
    dataDir: folder,
    log: createLog({ level: 'silent', pretty: false }),
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400' },
  })
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  await sql`create database template`
  await sql.end()
  const template = await openDatabase(databaseUrl(server.url, 'template'), { poolSize: 1 })
  await template.close()
  project.provide('postgresUrl', server.url)
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function databaseUrl(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
