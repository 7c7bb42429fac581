import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { findRunning } from '../../src/db/embedded-running.ts'
import type { Client } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import { fetchBytes, sendFiles, upload, urlOf } from '../support/files.ts'
import { besides } from './files-support.ts'
import { makeFolder, postgresIn, refusal, run, serve } from './support.ts'

const EVENTS = 'subscription ($after: String) { events(after: $after) { cursor caughtUp reset { reason chatIds } events { __typename ... on MessageAdded { message { text } } } } }'
/** Nine processes, one after the other: a busy machine takes its time. */
const PATIENCE_MS = 180_000
const KEY = { JWT_SECRET_KEY: 'a secret key that both of them have' }

/** All texts of a chat, the oldest first. */
async function textsOf(client: Client, chatId: string): Promise<string[]> {
  const texts: string[] = []
  for (let before: string | null = null, more = true; more; ) {
    const { messages } = (await client.ask('query ($id: ID!, $before: String) { chat(id: $id) { messages(last: 100, before: $before) { nodes { text } pageInfo { hasPreviousPage startCursor } } } }', { id: chatId, before })).chat
    texts.unshift(...messages.nodes.map(({ text }: { text: string }) => text))
    more = messages.pageInfo.hasPreviousPage as boolean
    before = messages.pageInfo.startCursor as string
  }
  return texts
}

async function command(entry: 'backup' | 'restore' | 'doctor', options: { cwd: string; settings?: Record<string, string>; args?: string[] }): Promise<string> {
  const process = run(entry, options)
  await process.closed()
  expect({ ...(await process.exited()), stderr: process.stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  return process.stdout
}

test('what was backed up under load is restored elsewhere, and clients begin anew there', async () => {
  const cwd = await makeFolder()
  const home = join(cwd, 'backups')
  const server = await serve({ cwd, settings: KEY })
  const [alice, bob] = [server.client(), server.client()]
  await alice.register('alice', PASSWORD)
  await bob.register('bob', PASSWORD)
  const chat = await alice.group('Garden', bob)
  const file = randomBytes(70_000)
  const withFile = await sendFiles(alice, chat, [await upload(alice, file)])
  const live = bob.subscribe(EVENTS)
  let { cursor } = (await live.next()).events

  // It goes on while the backup is taken, and a little longer.
  let sent = 0
  let enough = false
  const load = (async () => {
    for (; !enough || sent < 300; sent++) await alice.send(chat, `tab\t and \\N, ${sent}`)
  })()
  while (sent < 50) ({ cursor } = (await live.next()).events)
  const surely = sent
  expect(await command('backup', { cwd, args: [home] })).toMatch(/^Backed up \d+ rows and 1 files into \S+\/parley-\S+Z\n {2}Keep |^Backed up \d+ rows and 1 files into \S+\/parley-\S+Z\n$/)
  enough = true
  await load
  while (live.waiting > 0) ({ cursor } = (await live.next()).events)
  const before = await textsOf(bob, chat)
  const [name = ''] = await readdir(home)
  const backup = join(home, name)
  expect(await refusal(run('restore', { cwd, args: [backup] }))).toEqual([expect.stringMatching(/^A server runs on /)])
  await server.stop()

  // Into a PostgreSQL of another kind, through one that has been started on once.
  const there = await makeFolder()
  const { sql, settings } = await besides()
  const elsewhere = { ...settings, ...KEY }
  expect(await command('restore', { cwd: there, settings: elsewhere, args: [backup] })).toMatch(/^Restored \d+ rows and 1 files, as they were at /)
  const again = await serve({ cwd: there, settings: elsewhere })
  const [bobAgain, aliceAgain] = [Object.assign(again.client(), { token: bob.token }), Object.assign(again.client(), { token: alice.token })]
  const resumed = bobAgain.subscribe(EVENTS, { after: cursor })
  const first = (await resumed.next()).events
  expect(first.reset).toMatchObject({ reason: expect.any(String) as string })
  const texts = await textsOf(bobAgain, chat)
  expect(texts.length).toBeGreaterThan(surely)
  expect(texts).toEqual(before.slice(0, texts.length))
  const rows = await sql<{ body: string | null }[]>`select body from message where body is not null or kind = 0 order by number`
  expect(texts.filter((text) => text !== null)).toEqual(rows.map(({ body }) => body).filter((body) => body !== null))
  await aliceAgain.send(chat, 'and on it goes')
  expect((await resumed.next()).events.events).toMatchObject([{ message: { text: 'and on it goes' } }])
  expect((await fetchBytes(await urlOf(bobAgain, withFile))).equals(file)).toBe(true)
  expect(await refusal(run('restore', { cwd: there, settings: elsewhere, args: [backup, '--replace'] }))).toEqual(['A server of Parley runs on this database: stop all of them first.'])
  expect(await command('doctor', { cwd: there, settings: elsewhere })).toContain('Nothing is wrong.')
  await again.stop()

  // What is there is not touched, unless it is said.
  const count = async () => (await sql<{ count: string }[]>`select count(*) from message`)[0]?.count
  const held = await count()
  const epoch = async () => (await sql<{ epoch: string }[]>`select epoch from meta`)[0]?.epoch
  const former = await epoch()
  expect(await refusal(run('restore', { cwd: there, settings: elsewhere, args: [backup] }))).toEqual([expect.stringMatching(/^The database is not empty: it holds 2 users and 1 chats\./)])
  const path = join(backup, 'tables/message.copy.gz')
  await copyFile(path, join(cwd, 'kept'))
  const damaged = await readFile(path)
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1
  await writeFile(path, damaged)
  expect(await refusal(run('restore', { cwd: there, settings: elsewhere, args: [backup, '--replace'] }))).toEqual([`The backup is damaged: ${path} is not what was written. Use another one.`])
  expect(await count()).toBe(held)
  await copyFile(join(cwd, 'kept'), path)
  await command('restore', { cwd: there, settings: elsewhere, args: [backup, '--replace'] })
  expect(Number(await count())).toBe(Number(held) - 1)
  // In the same cluster it is this alone by which a cursor of before is known.
  expect(await epoch()).not.toBe(former)
  await sql.end()
  expect(await postgresIn(join(cwd, 'data'))).toBeNull()
}, PATIENCE_MS)

test('a restore that is killed when all but its end is done leaves nothing in the database, and is run again', async () => {
  const cwd = await makeFolder()
  const server = await serve({ cwd, settings: KEY })
  const alice = server.client()
  await alice.register('alice', PASSWORD)
  const chat = await alice.group('Garden')
  const files = [randomBytes(70_000), randomBytes(50_000)]
  const sent: string[] = []
  for (const bytes of files) sent.push(await sendFiles(alice, chat, [await upload(alice, bytes)]))
  await command('backup', { cwd, args: [join(cwd, 'backups')] })
  await server.stop()
  const [name = ''] = await readdir(join(cwd, 'backups'))
  const backup = join(cwd, 'backups', name)
  const keys = (await readFile(join(backup, 'SHA256SUMS'), 'utf8')).split('\n').flatMap((line) => (line.includes('  files/') ? [basename(line)] : []))
  expect(keys).toHaveLength(2)

  const outside = await besides()
  // Limits that the role or the database has are not for a restore, which waits for files in the middle of its transaction.
  await outside.sql.unsafe(`alter database ${new URL(outside.settings.DATABASE_URL ?? '').pathname.slice(1)} set idle_in_transaction_session_timeout = '500ms'`)
  for (const settings of [KEY, { ...outside.settings, ...KEY }] as Record<string, string>[]) {
    const there = await makeFolder()
    // Files come last, before the transaction ends. Into a pipe that nobody reads the second one goes for ever.
    const pipe = join(there, 'data/files/incoming/restore', keys[1] ?? '')
    await mkdir(join(pipe, '..'), { recursive: true })
    await promisify(execFile)('mkfifo', [pipe])
    const cut = run('restore', { cwd: there, settings, args: [backup] })
    await expect.poll(() => stateOf('restore of parley', settings.DATABASE_URL ?? join(there, 'data')), { timeout: 40_000 }).toBe('idle in transaction')
    await expect.poll(() => readdir(join(there, 'data/files', keys[0]?.slice(0, 2) ?? '')).catch(() => [])).toEqual([keys[0]])
    cut.signal('SIGKILL')
    await cut.exited()
    await rm(pipe)
    if (settings.DATABASE_URL !== undefined) expect(await outside.sql`select relname from pg_class where relnamespace = 'public'::regnamespace`).toEqual([])

    expect(await command('restore', { cwd: there, settings, args: [backup] })).toMatch(/^Restored \d+ rows and 2 files, as they were at /)
    const again = await serve({ cwd: there, settings })
    const client = Object.assign(again.client(), { token: alice.token })
    for (const [index, id] of sent.entries()) expect((await fetchBytes(await urlOf(client, id))).equals(files[index] ?? Buffer.alloc(0))).toBe(true)
    await again.stop()
    expect(await command('doctor', { cwd: there, settings })).toContain('Nothing is wrong.')
    expect(await postgresIn(join(there, 'data'))).toBeNull()
  }
  await outside.sql.end()
}, PATIENCE_MS)

/** What a connection of this name has done for a second in a database, or in the one of a data folder. */
async function stateOf(name: string, place: string): Promise<string | null> {
  const url = place.startsWith('postgres') ? place : await findRunning(place)
  if (url === null) return null
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return (await sql<{ state: string }[]>`select state from pg_stat_activity where datname = current_database() and application_name = ${name} and state_change < clock_timestamp() - interval '1 second'`)[0]?.state ?? null
  } finally {
    await sql.end()
  }
}
