import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import type { Server } from './support.ts'

/** Settings of a server on an empty database beside those of the other tests. */
export async function besides(): Promise<{ sql: postgres.Sql; settings: Record<string, string> }> {
  const url = new URL(inject('postgresUrl'))
  const name = `files_${randomUUID().replaceAll('-', '')}`
  const all = postgres(url.href, { max: 1, onnotice: () => undefined })
  await all.unsafe(`create database ${name}`).finally(() => all.end())
  url.pathname = `/${name}`
  return { sql: postgres(url.href, { max: 1, onnotice: () => undefined, types: { bigint: postgres.BigInt } }), settings: { DATABASE_URL: url.href, JWT_SECRET_KEY: randomUUID(), UPLOADS_PER_DAY: '1000000', UPLOAD_BYTES_PER_DAY: String(2 ** 40) } }
}

export async function register(server: Server): Promise<Client> {
  const client = server.client()
  await client.register(`alice-${randomUUID().slice(0, 8)}`, PASSWORD)
  return client
}
