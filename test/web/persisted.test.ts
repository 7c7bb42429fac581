import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { beginChat, choose, messageOf, openBrowser, openChat, openWindow, say, signUp, ticked } from './browser.ts'
import type { Person } from './browser.ts'

// A server that runs nothing but what the build of the web client has listed.

const LIST = fileURLToPath(new URL('../../dist/web-documents.json', import.meta.url))

let server: TestServer
let browser: Browser
let alice: Person
let bob: Person
/** What the server answered that something is not listed. */
const refusals: string[] = []

beforeAll(async () => {
  server = await startServer({ settings: { PERSISTED_ONLY: 'true', PERSISTED_DOCUMENTS: LIST } })
  browser = await openBrowser()
  alice = await openWindow(browser, server, 'Alice')
  bob = await openWindow(browser, server, 'Bob')
  for (const { page } of [alice, bob]) {
    page.on('websocket', (socket) => { socket.on('framereceived', ({ payload }) => { if (String(payload).includes('listed ahead')) refusals.push(String(payload)) }) })
    page.on('response', (response) => {
      if (response.url().endsWith('/graphql') && response.status() >= 400 && response.status() !== 401) refusals.push(`${response.status()}: ${response.request().postData() ?? ''}`)
    })
  }
  await signUp(alice)
  await signUp(bob)
  await beginChat(alice, 'Bob')
}, 120_000)
afterAll(async () => {
  await browser.close()
  await server.close()
})

const foreign = async (query: string) => {
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' }, body: JSON.stringify({ query }) })
  return { status: response.status, body: await response.text() }
}

test('the page works: two people write to each other, react, read on after a reload, and find what was said', async () => {
  await say(alice, 'Good morning, Bob')
  await openChat(bob, 'Alice')
  await ticked(alice, 'Good morning', 'READ')
  await say(bob, 'Good morning, Alice')
  await messageOf(alice, 'Good morning, Alice').waitFor()
  await choose(bob, 'Good morning, Bob', 'React with 👍')
  await messageOf(alice, 'Good morning, Bob').getByRole('button', { name: '👍, 1 person' }).waitFor()
  await alice.page.reload()
  await messageOf(alice, 'Good morning, Alice').waitFor()
  await messageOf(alice, 'Good morning, Bob').getByRole('button', { name: '👍, 1 person' }).waitFor()
  await say(alice, 'Back again')
  await messageOf(bob, 'Back again').waitFor()
  for (const [way, heading] of [['/settings', 'Settings'], ['/', 'Chats']] as const) {
    await alice.page.goto(way)
    await alice.page.getByRole('heading', { name: heading }).first().waitFor()
  }
  expect(refusals).toEqual([])
  expect([...alice.complaints, ...bob.complaints]).toEqual([])
})

test('meanwhile a document of somebody else is refused, and one of the page with a field more', async () => {
  for (const query of ['{ serverInfo { version } }', '{ __typename }', 'query Server { serverInfo { registrationOpen version } }']) {
    expect(await foreign(query)).toMatchObject({ status: 400, body: expect.stringContaining('listed ahead') })
  }
  expect(await foreign('query Server { serverInfo { registrationOpen } }')).toMatchObject({ status: 200, body: '{"data":{"serverInfo":{"registrationOpen":true}}}' })
  await say(bob, 'Still here')
  await messageOf(bob, 'Still here').waitFor()
  await ticked(bob, 'Still here', 'DELIVERED')
  expect(refusals).toEqual([])
})

test('every document that the page knows is listed, as it is written and as the cache sends it', () => {
  const list = Object.values(JSON.parse(readFileSync(LIST, 'utf8')) as Record<string, string>)
  const names = new Set(['documents', 'deeds'].flatMap((name) => [...readFileSync(new URL(`../../web/src/graphql/${name}.graphql`, import.meta.url), 'utf8').matchAll(/^(?:query|mutation|subscription) (\w+)/gm)].map(([, found]) => found ?? '')))
  expect(names.size).toBeGreaterThan(50)
  expect([...names].filter((name) => !list.some((text) => new RegExp(`^(query|mutation|subscription) ${name}\\b`).test(text)))).toEqual([])
  expect(list.filter((text) => text.includes('query Start(')).map((text) => /me {[^}]*__typename/.test(text)).sort()).toEqual([false, true])
})
