import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { tabs } from '../../src/http/graphiql-tabs.ts'
import { PASSWORD } from '../harness.ts'
import { makeFolder, postgresIn, refusal, rolesOf, run, serve } from './support.ts'
import type { Server } from './support.ts'

const CHATS = `{ chats(first: 50) { nodes { title kind unreadCount memberCount messages(first: 100) { nodes { text deletedAt editedAt replyTo { id } sender { ... on User { username } } } } } } }`

interface DemoChat {
  title: string
  kind: string
  unreadCount: number
  messages: { nodes: { text: string | null; deletedAt: string | null; editedAt: string | null; replyTo: { id: string } | null; sender: { username: string } }[] }
}

async function logIn(server: Server, username: string): Promise<Client> {
  // As printed: what a person would type.
  const [, password] = new RegExp(`^ .* ${username} / (\\S+)`, 'm').exec(server.process.stdout) ?? []
  const client = server.client()
  const { login } = await client.ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { message } } }', { input: { login: username, password } })
  client.token = login.accessToken as string
  return client
}

async function chatsOf(client: Client): Promise<DemoChat[]> {
  return (await client.ask(CHATS)).chats.nodes as DemoChat[]
}

test('the demo is full of life, prints its log-ins, and starts again as it was left', async () => {
  const cwd = await makeFolder()
  // No quota may be in its way, nor a server that is closed to strangers.
  const settings = { RATE_LIMITS: 'on', REGISTRATION_OPEN: 'off' }
  const first = await serve({ cwd, settings, entry: 'demo' })
  expect(first.process.stderr).toBe('')
  const alice = await logIn(first, 'alice')
  expect(await rolesOf(alice)).toEqual(['ADMIN'])
  const chats = await chatsOf(alice)
  expect(chats.map(({ kind, title }) => `${kind} ${title}`).sort()).toEqual(['DIRECT Bob Tanaka', 'DIRECT Carol Mendes', 'GROUP Book club 📚', 'GROUP Saturday hike 🥾'])
  expect(new Set(chats.map(({ unreadCount }) => unreadCount)).size).toBeGreaterThan(2)
  const messages = chats.flatMap((chat) => chat.messages.nodes)
  expect(messages.length).toBeGreaterThan(36)
  expect(new Set(messages.map(({ sender }) => sender.username))).toEqual(new Set(['alice', 'bob', 'carol', 'dan']))
  for (const some of ['deletedAt', 'editedAt', 'replyTo'] as const) expect(messages.filter((message) => message[some] !== null), some).not.toEqual([])
  expect((await chatsOf(await logIn(first, 'bob'))).some(({ unreadCount }) => unreadCount > 0)).toBe(true)
  await expect(logIn(first, 'carol')).resolves.toHaveProperty('token', expect.any(String))
  // A newcomer may as well run what GraphiQL offers.
  for (const operationName of ['SignInAlice', 'SignInBob']) {
    const answer = await fetch(`${first.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: tabs[0]?.query, operationName }) })
    expect(await answer.json()).toMatchObject({ data: { login: { accessToken: expect.any(String) as string, errors: [] } } })
  }
  expect(await first.stop()).toEqual({ code: 0, signal: null })

  const second = await serve({ cwd, settings, entry: 'demo' })
  expect(await chatsOf(await logIn(second, 'alice'))).toEqual(chats)
  expect(await second.stop()).toEqual({ code: 0, signal: null })
})

test('the demo refuses beside real data, and leaves it as it is', async () => {
  const cwd = await makeFolder()
  const real = await serve({ cwd })
  await real.client().register('alice', PASSWORD)
  expect(await real.stop()).toEqual({ code: 0, signal: null })

  expect(await refusal(run('demo', { cwd }))).toEqual([`The data folder ${join(cwd, 'data')} holds accounts that are not the demo's, and the demo leaves them alone: set DATA_DIR to another folder for it.`])
  expect(await postgresIn(join(cwd, 'data'))).toBeNull()
})

test('the demo refuses to serve others than this machine', async () => {
  const cwd = await makeFolder()
  expect(await refusal(run('demo', { cwd, settings: { HOST: '0.0.0.0' } }))).toEqual(['The demo serves this machine only, because everybody knows its passwords: leave HOST out (it is 0.0.0.0 now).'])
  expect(existsSync(join(cwd, 'data'))).toBe(false)
})
