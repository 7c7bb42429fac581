import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { succeed } from '../support/refusal.ts'

let server: TestServer
let alice: Client
let bob: Client
/** Of Alice's chats by title: the newest last. */
const chats: Record<string, string> = {}

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  const zoe = await server.signUp('zoe_marple')
  await succeed(zoe, 'updateProfile', { displayName: 'Zoë Ångström' })
  for (const title of ['Garden party', 'Kitchen', 'Book club']) chats[title] = await alice.group(title, bob)
  chats.Bob = await alice.directChat(bob)
  chats['Zoë Ångström'] = await alice.directChat(zoe)
  await bob.send(chats.Kitchen as string, 'Bread?')
  await alice.send(chats.Bob as string, 'Hello Bob')
  await zoe.send(chats['Zoë Ångström'] as string, 'Hello Alice')
  await alice.send(chats['Garden party'] as string, 'Roses!')
  await succeed(alice, 'updateChatSettings', { chatId: chats.Kitchen, archived: true })
  await succeed(alice, 'updateChatSettings', { chatId: chats['Book club'], archived: true })
})
afterAll(() => server.close())

const LIST = 'query ($filter: ChatFilter, $first: Int, $after: String, $last: Int, $before: String) { chats(filter: $filter, first: $first, after: $after, last: $last, before: $before) { nodes { title } totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }'
const list = async (variables: Untyped): Promise<Untyped> => (await alice.ask(LIST, variables)).chats

/** The titles that a filter finds, as many as it counts. */
async function titles(filter: object): Promise<string[]> {
  const { nodes, totalCount } = await list({ filter })
  expect(totalCount).toBe(nodes.length)
  return nodes.map(({ title }: Untyped) => title)
}

const ALL = ['Garden party', 'Zoë Ångström', 'Bob', 'Kitchen', 'Book club']

describe('the list of chats holds', () => {
  test.each([
    ['all, without a filter', {}, ALL],
    ['all, by a filter of nothing but nulls', { kind: null, search: null, unread: null, archived: null }, ALL],
    ['groups', { kind: 'GROUP' }, ['Garden party', 'Kitchen', 'Book club']],
    ['direct chats', { kind: 'DIRECT' }, ['Zoë Ångström', 'Bob']],
    ['chats of a kind that there is none of', { kind: 'WHATSAPP' }, []],
    ['what is unread', { unread: true }, ['Zoë Ångström', 'Kitchen']],
    ['what is read', { unread: false }, ['Garden party', 'Bob', 'Book club']],
    ['what was put away', { archived: true }, ['Kitchen', 'Book club']],
    ['what was not', { archived: false }, ['Garden party', 'Zoë Ångström', 'Bob']],
    ['what fits all that is asked', { kind: 'GROUP', unread: true, archived: true, search: 'kit' }, ['Kitchen']],
    ['nothing, where nothing fits all of it', { kind: 'DIRECT', archived: true }, []],
  ])('%s', async (_name, filter, found) => {
    expect(await titles(filter)).toEqual(found)
  })

  test.each([
    ['ga', ['Garden party']],
    ['PARTY', ['Garden party']],
    ['par gard', ['Garden party']],
    ['b', ['Bob', 'Book club']],
    ['zoe', ['Zoë Ångström']],
    ['Zoë ang', ['Zoë Ångström']],
    ['marp', ['Zoë Ångström']],
    [' club ', ['Book club']],
    ['', ALL],
    ['arden', []],
    ['garden kitchen', []],
    ['alice', []],
    ['%', []],
    ['_', []],
    ['💥', []],
    ['\0', []],
    ['\\', []],
  ])('what the beginnings of words find: %j', async (search, found) => {
    expect(await titles({ search })).toEqual(found)
  })

  test('a group by its new title only', async () => {
    const chatId = await alice.group('Attic')
    await succeed(alice, 'updateChat', { chatId, title: 'Cellar' })
    expect([await titles({ search: 'attic' }), await titles({ search: 'cell' })]).toEqual([[], ['Cellar']])
    await succeed(alice, 'leaveChat', { chatId })
    expect(await titles({ search: 'cell' })).toEqual([])
  })
})

describe('what is unread', () => {
  test('is what others wrote above the read mark and did not delete, exactly as the count says', async () => {
    const [dora, erin] = [await server.signUp('dora'), await server.signUp('erin')]
    const chatId = await dora.group('Dora’s', erin)
    const unread = async () => (await erin.ask('{ chats(filter: { unread: true }) { totalCount nodes { unreadCount } } }')).chats
    expect(await unread()).toEqual({ totalCount: 0, nodes: [] })
    await erin.send(chatId, 'my own')
    expect(await unread()).toEqual({ totalCount: 0, nodes: [] })
    const messageId = await dora.send(chatId, 'news')
    expect(await unread()).toEqual({ totalCount: 1, nodes: [{ unreadCount: 1 }] })
    await succeed(dora, 'deleteMessage', { messageId })
    expect(await unread()).toEqual({ totalCount: 0, nodes: [] })
    await succeed(erin, 'markRead', { messageId: await dora.send(chatId, 'more news') })
    expect(await unread()).toEqual({ totalCount: 0, nodes: [] })
  })

  test('is nothing from before somebody joined', async () => {
    const frank = await server.signUp('frank')
    await alice.send(chats['Garden party'] as string, 'before Frank')
    await succeed(alice, 'addMembers', { chatId: chats['Garden party'], userIds: [frank.id] })
    expect(await frank.ask('{ chats(filter: { unread: true }) { totalCount } }')).toEqual({ chats: { totalCount: 0 } })
  })
})

describe('pinned chats', () => {
  test('stay ahead, each part by its newest activity, and pages go across', async () => {
    const gina = await server.signUp('gina')
    const ids: string[] = []
    for (const title of ['one', 'two', 'three', 'four', 'five']) ids.push(await gina.group(title))
    for (const index of [0, 2]) await succeed(gina, 'updateChatSettings', { chatId: ids[index], pinned: true })
    const page = async (variables: Untyped) => (await gina.ask(LIST, variables)).chats
    const names = ({ nodes }: Untyped) => nodes.map(({ title }: Untyped) => title)
    expect(names(await page({}))).toEqual(['three', 'one', 'five', 'four', 'two'])

    const forward: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const chunk: Untyped = await page({ first: 2, after })
      forward.push(...names(chunk))
      ;({ endCursor: after, hasNextPage: more } = chunk.pageInfo)
    }
    expect(forward).toEqual(['three', 'one', 'five', 'four', 'two'])
    const backward: string[] = []
    for (let before: string | null = null, more = true; more; ) {
      const chunk: Untyped = await page({ last: 2, before })
      backward.unshift(...names(chunk))
      ;({ startCursor: before, hasPreviousPage: more } = chunk.pageInfo)
    }
    expect(backward).toEqual(forward)

    await gina.send(ids[0] as string, 'one is alive')
    await gina.send(ids[1] as string, 'two is alive')
    expect(names(await page({}))).toEqual(['one', 'three', 'two', 'five', 'four'])
    await succeed(gina, 'updateChatSettings', { chatId: ids[0], pinned: false })
    expect(names(await page({}))).toEqual(['three', 'two', 'one', 'five', 'four'])
  })

  test('are counted and paged within a filter', async () => {
    const hans = await server.signUp('hans')
    for (const title of ['red', 'green', 'blue', 'grey']) await hans.group(title)
    const first = (await hans.ask(LIST, { filter: { search: 'gr' }, first: 1 })).chats
    expect(first).toMatchObject({ nodes: [{ title: 'grey' }], totalCount: 2, pageInfo: { hasNextPage: true } })
    expect((await hans.ask(LIST, { filter: { search: 'gr' }, first: 5, after: first.pageInfo.endCursor })).chats).toMatchObject({ nodes: [{ title: 'green' }], totalCount: 2, pageInfo: { hasNextPage: false } })
  })
})
