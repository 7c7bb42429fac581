import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import { expectCleanStop, makeFolder, postgresIn, serve } from './support.ts'
import type { Server } from './support.ts'

/** All go on with the same data: making a database takes longer than all else. */
let cwd: string
let dataDir: string
beforeAll(async () => {
  cwd = await makeFolder()
  dataDir = join(cwd, 'data')
})

const LANES = 8
/** So many are acknowledged before the server is ended. */
const ENOUGH = 150

/** What was sent, and of what was acknowledged the id. */
interface Ledger {
  sent: Map<string, string>
  acknowledged: Map<string, string>
  /** Resolves when {@link ENOUGH} were acknowledged. */
  enough: Promise<void>
  /** Resolves when no lane sends any more. */
  over: Promise<unknown>
}

/** Sends on several lanes at once, until each has met an end of the server. */
function sendUntilTheEnd(client: Client, chatId: string): Ledger {
  const sent = new Map<string, string>()
  const acknowledged = new Map<string, string>()
  let tell = () => {}
  const enough = new Promise<void>((resolve) => (tell = resolve))
  const lane = async (name: number) => {
    for (let count = 1; ; count++) {
      const [clientId, text] = [randomUUID(), `${name}.${count}`]
      sent.set(clientId, text)
      try {
        acknowledged.set(clientId, await client.send(chatId, text, { clientId }))
      } catch (error) {
        // The connection broke: fetch says so with a TypeError. Every other fault is the server's.
        if (error instanceof TypeError) return
        throw error
      }
      if (acknowledged.size === ENOUGH) tell()
    }
  }
  const over = Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
  return { sent, acknowledged, enough: Promise.race([enough, over.then(() => undefined)]), over }
}

interface Stored {
  id: string
  number: number
  text: string
}

async function history(client: Client, chatId: string): Promise<Stored[]> {
  const all: Stored[] = []
  for (let after: string | null = null; ; ) {
    const { chat } = await client.ask('query ($id: ID!, $after: String) { chat(id: $id) { messages(first: 100, after: $after) { nodes { id number text } pageInfo { hasNextPage endCursor } } } }', { id: chatId, after })
    all.push(...(chat.messages.nodes as Stored[]))
    if (!chat.messages.pageInfo.hasNextPage) return all
    after = chat.messages.pageInfo.endCursor as string
  }
}

let people = 0

/** Two people who are new, and their chat. */
async function begin(server: Server): Promise<{ alice: Client; chatId: string }> {
  const [alice, bob] = [server.client(), server.client()]
  await alice.register(`alice${++people}`, PASSWORD)
  await bob.register(`bob${people}`, PASSWORD)
  return { alice, chatId: await alice.directChat(bob) }
}

/** Asserts that nothing acknowledged is lost and nothing there twice; and once all is sent again, that each is there exactly once. */
async function expectNothingLost(server: Server, before: { alice: Client; chatId: string }, { sent, acknowledged }: Ledger): Promise<void> {
  const alice = server.client()
  alice.token = before.alice.token
  const idsOf = (stored: Stored[]) => new Map(stored.map(({ text, id }) => [text, id]))

  const found = await history(alice, before.chatId)
  expect(found.map(({ number }) => number)).toEqual(found.map((_, index) => index + 1))
  expect(idsOf(found).size).toBe(found.length)
  const lost = [...acknowledged].filter(([clientId, id]) => idsOf(found).get(sent.get(clientId) ?? '') !== id)
  expect(lost).toEqual([])

  const again = await Promise.all([...sent].map(async ([clientId, text]) => [text, await alice.send(before.chatId, text, { clientId })] as const))
  const complete = await history(alice, before.chatId)
  expect(complete).toHaveLength(sent.size)
  expect(idsOf(complete)).toEqual(new Map([...again].sort(([a], [b]) => order(complete, a) - order(complete, b))))
  expect(complete.slice(0, found.length)).toEqual(found)
}

const order = (stored: Stored[], text: string) => stored.findIndex((message) => message.text === text)

test.each(['the server', 'the server and its database'])('kill -9 of %s during sends: the next start has all that was acknowledged, nothing twice', async (which) => {
  const server = await serve({ cwd })
  const before = await begin(server)
  const ledger = sendUntilTheEnd(before.alice, before.chatId)
  await ledger.enough
  const postgres = await postgresIn(dataDir)
  expect(postgres).not.toBeNull()
  server.process.signal('SIGKILL')
  if (which === 'the server and its database') process.kill(postgres ?? 0, 'SIGKILL')
  expect(await server.process.exited()).toEqual({ code: null, signal: 'SIGKILL' })
  await ledger.over
  expect(ledger.acknowledged.size).toBeGreaterThanOrEqual(ENOUGH)
  expect(ledger.sent.size - ledger.acknowledged.size).toBe(LANES)

  const next = await serve({ cwd })
  expect(await postgresIn(dataDir)).not.toBe(postgres)
  await expectNothingLost(next, before, ledger)
  const last = await postgresIn(dataDir)
  expect(await next.stop()).toEqual({ code: 0, signal: null })
  await expectCleanStop(dataDir, last)
})

test('SIGTERM during sends ends it in good order, and nothing acknowledged is lost', async () => {
  const server = await serve({ cwd })
  const before = await begin(server)
  const ledger = sendUntilTheEnd(before.alice, before.chatId)
  await ledger.enough
  const postgres = await postgresIn(dataDir)
  expect(await server.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  await expectCleanStop(dataDir, postgres)
  await ledger.over
  expect(server.process.stderr).toBe('')

  await expectNothingLost(await serve({ cwd }), before, ledger)
})
