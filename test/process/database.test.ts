import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { PASSWORD } from '../harness.ts'
import { makeFolder, rolesOf, serve } from './support.ts'

/** An empty database beside those of the other tests. */
async function emptyDatabase(): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const name = `process_${randomUUID().replaceAll('-', '')}`
  const sql = postgres(url.href, { max: 1, onnotice: () => undefined })
  await sql.unsafe(`create database ${name}`).finally(() => sql.end())
  url.pathname = `/${name}`
  return url.href
}

test('DATABASE_URL replaces the database of its own, and several servers on it are warned that they are apart', async () => {
  const cwd = await makeFolder()
  const settings = { DATABASE_URL: await emptyDatabase(), JWT_SECRET_KEY: randomUUID(), PUBLIC_URL: 'https://chat.example.com/' }
  const first = await serve({ cwd, settings })
  expect(first.process.stdout).toContain('  Data      the database of DATABASE_URL\n')
  expect(first.process.stdout).toContain('  API       https://chat.example.com/graphql')
  expect(first.process.stdout).toContain('  Live      wss://chat.example.com/graphql\n')
  expect(first.process.stderr).toBe('')
  expect(existsSync(join(cwd, 'data'))).toBe(false)

  const second = await serve({ cwd, settings: { ...settings, PUBLIC_URL: '' } })
  expect(JSON.parse(second.process.stderr)).toMatchObject({ level: 40, msg: expect.stringMatching(/^Another Parley server uses this database\. Without a REDIS_URL/) as string })

  const alice = second.client()
  await alice.register('alice', PASSWORD)
  expect(await rolesOf(alice)).toEqual(['ADMIN'])
  expect(await first.stop()).toEqual({ code: 0, signal: null })
  // Somebody else's database goes on.
  expect(await rolesOf(alice)).toEqual(['ADMIN'])
  expect(await second.stop()).toEqual({ code: 0, signal: null })
})
