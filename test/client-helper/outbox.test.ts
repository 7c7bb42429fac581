import { afterAll, afterEach, expect, test, vi } from 'vitest'
import type { Draft } from '../../src/client/index.ts'
import { numberOf } from '../support/live.ts'
import { newStorage, shows } from '../clients/recipes/world.ts'
import { createLocks } from './tab.ts'
import { createWorld, historyOf } from './world.ts'

const world = await createWorld()
const { alice, line, server } = world
afterEach(() => {
  world.tidy()
  vi.unstubAllGlobals()
})
afterAll(() => world.close())

test('a message whose answer was lost is one message, and the next one comes behind it', async () => {
  const { bob, chatId, tab } = await world.bob()
  const before = line.count('SendMessage')
  const lost = line.loseAnswerTo('SendMessage')
  tab.outbox.send({ chatId, text: 'Once' })
  tab.outbox.send({ chatId, text: 'Twice' })
  await lost
  expect(tab.drafts(chatId).filter(({ state }) => state === 'SENDING').length).toBeGreaterThan(0)
  await shows(() => tab.texts(), ['Once', 'Twice'])
  await shows(() => tab.drafts(chatId), [])
  expect(await historyOf(bob, chatId)).toEqual(['Once', 'Twice'])
  expect(line.count('SendMessage') - before).toBe(3)
})

test('what was said without a line goes out once and in the order of each chat as soon as there is one', async () => {
  const { bob, chatId, tab } = await world.bob()
  const group = await alice.group('Garden', bob)
  await shows(() => tab.parley.connection.state, 'open')
  line.down()
  const numbers = Array.from({ length: 12 }, (_, index) => String(index + 1))
  for (const text of numbers) tab.outbox.send({ chatId: Number(text) % 2 === 0 ? chatId : group, text })
  expect(tab.outbox.all().map(({ input, state }) => [input.text, state])).toEqual(numbers.map((text) => [text, 'SENDING']))
  await vi.waitFor(() => { expect(line.refused()).toBeGreaterThan(2) }, 5000)
  line.up()
  await shows(() => tab.texts().length, 12)
  expect(await historyOf(bob, chatId)).toEqual(['2', '4', '6', '8', '10', '12'])
  expect(await historyOf(bob, group)).toEqual(['1', '3', '5', '7', '9', '11'])
  await shows(() => [...tab.drafts(chatId), ...tab.drafts(group)], [])
})

test('a page that was closed leaves its drafts to the next one', async () => {
  const { bob, chatId, storage, tab } = await world.bob()
  line.down()
  for (const text of ['Before', 'I', 'go']) tab.outbox.send({ chatId, text })
  tab.parley.close()
  line.up()
  const next = world.tabOf(bob, storage)
  await shows(() => next.outbox.all().some(({ state }) => state !== 'SENT'), false)
  expect(await historyOf(bob, chatId)).toEqual(['Before', 'I', 'go'])
  // Nobody else of this browser sends them, or sees them.
  expect(world.tabOf(alice, storage).outbox.all()).toEqual([])
})

test('a draft that was delivered while its page died is not said twice', async () => {
  const { bob, chatId, storage, tab } = await world.bob()
  const held = line.delayAnswerTo('SendMessage')
  tab.outbox.send({ chatId, text: 'Once' })
  await held
  const left = newStorage()
  for (let index = 0; index < storage.length; index++) left.setItem(storage.key(index) ?? '', storage.getItem(storage.key(index) ?? '') ?? '')
  tab.parley.close()
  const next = world.tabOf(bob, left)
  expect(next.outbox.all().map(({ state }) => state)).toEqual(['SENDING'])
  await shows(() => next.outbox.all().map(({ state }) => state), ['SENT'])
  expect(await historyOf(bob, chatId)).toEqual(['Once'])
})

test('what the server refuses stays with its reason, until it is tried again or given up', async () => {
  const { bob, chatId, storage, tab } = await world.bob()
  const member = (toSeq: number | null) => server.sql`update member set to_seq = ${toSeq} where user_id = ${numberOf(bob.id)} and chat_id = ${numberOf(chatId)}`
  await alice.send(chatId, 'Hi')
  await shows(() => tab.texts(), ['Hi'])
  await member(1)
  const { clientId } = tab.outbox.send({ chatId, text: 'Hello?' })
  const empty = tab.outbox.send({ chatId, text: '' })
  await shows(() => tab.drafts(chatId).map(({ state, errors }) => [state, errors.map(({ __typename, path }) => [__typename, path])]), [
    ['FAILED', [['NotFound', ['chatId']]]],
    ['FAILED', [['InvalidInput', ['text']]]],
  ])
  // They are there when the page is opened again, and are not tried by themselves.
  expect(world.tabOf(bob, storage).outbox.all().map(({ state }) => state)).toEqual(['FAILED', 'FAILED'])
  await member(null)
  tab.outbox.discard(empty.clientId)
  tab.outbox.retry(clientId)
  expect(tab.outbox.all().map(({ state }) => state)).toEqual(['SENDING'])
  await shows(() => tab.texts(), ['Hi', 'Hello?'])
  await shows(() => tab.drafts(chatId), [])
  const { chat } = await bob.ask('query ($chatId: ID!) { chat(id: $chatId) { messages(last: 1) { edges { node { clientId } } } } }', { chatId })
  expect(chat.messages.edges[0].node.clientId).toBe(clientId)
})

test('what no server can read fails at once rather than being tried for ever', async () => {
  const { chatId, tab } = await world.bob()
  tab.outbox.send({ chatId, text: 5 as unknown as string })
  await shows(() => tab.outbox.all().map(({ state, errors }) => [state, errors[0]?.code]), [['FAILED', 'INVALID_INPUT']])
})

test('waits as long as the server says, and then says everything', async () => {
  const strict = await createWorld({ RATE_LIMITS: 'sendMessage=1/3' })
  try {
    const { bob, chatId, tab } = await strict.bob()
    for (const text of ['One', 'Two']) tab.outbox.send({ chatId, text })
    await shows(() => tab.texts(), ['One', 'Two'])
    expect(await historyOf(bob, chatId)).toEqual(['One', 'Two'])
    // It came too early once, and was asked for only once more.
    expect(strict.line.count('SendMessage')).toBe(3)
  } finally {
    strict.tidy()
    await strict.close()
  }
})

test.each(['with', 'without'])('two tabs %s locks say everything once', async (locks) => {
  vi.stubGlobal('navigator', locks === 'with' ? { locks: createLocks() } : {})
  const { bob, chatId, storage, tab } = await world.bob()
  const other = world.tabOf(bob, storage)
  // It begins now: what is said from here on reaches it.
  await shows(() => [tab.feed.caughtUp, other.feed.caughtUp], [true, true])
  line.down()
  const before = line.count('SendMessage')
  const texts = Array.from({ length: 8 }, (_, index) => String(index + 1))
  for (const text of texts) {
    await later([tab, other][Number(text) % 2]?.outbox.send({ chatId, text }))
  }
  line.up()
  await shows(async () => (await historyOf(bob, chatId)).sort(), texts)
  await shows(() => [tab.drafts(chatId), other.drafts(chatId)], [[], []])
  if (locks === 'without') return
  expect(await historyOf(bob, chatId)).toEqual(texts)
  expect(line.count('SendMessage') - before).toBe(8)
  expect(storage.length).toBe(0)
})

test('a tab takes over from one that was closed in the middle', async () => {
  vi.stubGlobal('navigator', { locks: createLocks() })
  const { bob, chatId, storage, tab } = await world.bob()
  const other = world.tabOf(bob, storage)
  line.down()
  await later(tab.outbox.send({ chatId, text: 'Mine' }))
  const { clientId } = other.outbox.send({ chatId, text: 'Its own' })
  tab.parley.close()
  line.up()
  await shows(() => other.outbox.all().find((draft) => draft.clientId === clientId)?.state ?? 'gone', 'SENT')
  expect(await historyOf(bob, chatId)).toEqual(['Mine', 'Its own'])
})

test('a storage that is full or broken stops nobody from speaking', async () => {
  const full = { ...newStorage(), length: 0, setItem() { throw new DOMException('full', 'QuotaExceededError') } }
  const { bob, chatId, tab } = await world.bob({ storage: full })
  tab.outbox.send({ chatId, text: 'One' })
  tab.outbox.send({ chatId, text: 'Two' })
  await shows(() => tab.texts(), ['One', 'Two'])
  await shows(() => tab.drafts(chatId), [])
  const broken = newStorage()
  broken.setItem(`parley-outbox:${bob.id}:half`, '{"clientId":')
  expect(world.tabOf(bob, broken).outbox.all()).toEqual([])
})

test('a first message goes to a user, and ids are made without a secure context as well', async () => {
  const { tab } = await world.bob()
  const carol = await server.signUp('carol')
  vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
  const { clientId } = tab.outbox.send({ recipientId: carol.id, text: 'Hello Carol' })
  vi.unstubAllGlobals()
  expect(clientId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(tab.drafts(carol.id)).toHaveLength(1)
  await shows(() => tab.texts(), ['Hello Carol'])
  await shows(() => tab.drafts(carol.id), [])
})

/** Nobody says two things in two tabs within a millisecond. */
async function later(said: Draft | undefined): Promise<void> {
  await vi.waitFor(() => { expect(Date.now()).toBeGreaterThan(said?.saidAt ?? 0) }, { interval: 1 })
}
