import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

let server: TestServer
let alice: Client
let bob: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
})
afterAll(() => server.close())

const PAGE = `query ($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) { chat(id: $chatId) {
  messages(first: $first, after: $after, last: $last, before: $before, around: $around) { edges { cursor } nodes { number cursor } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`

describe('the history of a chat', () => {
  let chatId: string
  let ids: string[]

  beforeAll(async () => {
    chatId = await alice.group('Long', bob)
    ids = []
    for (let n = 1; n <= 45; n++) ids.push(await alice.send(chatId, `message ${n}`))
  })

  async function page(variables: Untyped): Promise<Untyped> {
    const { chat } = await bob.ask(PAGE, { chatId, ...variables })
    return { ...chat.messages, numbers: chat.messages.nodes.map((node: Untyped) => node.number) }
  }

  test('pages back from the newest without a gap or a repeat', async () => {
    const seen: number[] = []
    let before: string | null = null
    do {
      const { numbers, pageInfo }: Untyped = await page({ last: 20, before })
      seen.unshift(...numbers)
      before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null
    } while (before !== null)
    expect(seen).toEqual(Array.from({ length: 45 }, (_, i) => i + 1))
  })

  test('pages forward from the oldest likewise', async () => {
    const first = await page({})
    expect(first).toMatchObject({ numbers: Array.from({ length: 20 }, (_, i) => i + 1), totalCount: 45, pageInfo: { hasNextPage: true, hasPreviousPage: false } })
    const last = await page({ first: 100, after: first.pageInfo.endCursor })
    expect(last).toMatchObject({ numbers: Array.from({ length: 25 }, (_, i) => i + 21), pageInfo: { hasNextPage: false, hasPreviousPage: true } })
  })

  test('jumps to a message by its own cursor, which is that of its edge', async () => {
    const { edges, nodes } = await page({ first: 5 })
    expect(edges.map((edge: Untyped) => edge.cursor)).toEqual(nodes.map((node: Untyped) => node.cursor))
    const { message } = await bob.ask('query ($id: ID!) { message(id: $id) { cursor } }', { id: ids[29] })
    expect((await page({ first: 2, after: message.cursor })).numbers).toEqual([31, 32])
    expect((await page({ last: 2, before: message.cursor })).numbers).toEqual([28, 29])
  })

  test('centres on a message, and moves inward at the ends', async () => {
    expect((await page({ first: 5, around: ids[19] })).numbers).toEqual([18, 19, 20, 21, 22])
    expect((await page({ last: 5, around: ids[0] })).numbers).toEqual([1, 2, 3, 4, 5])
    expect(await page({ first: 5, around: ids[44] })).toMatchObject({ numbers: [41, 42, 43, 44, 45], pageInfo: { hasNextPage: false, hasPreviousPage: true } })
  })

  test('keeps its place when messages are deleted: tombstones stay, and replies still name them', async () => {
    const gone = await alice.send(chatId, 'never mind')
    await bob.send(chatId, 'what was it?', { replyToId: gone })
    await alice.ask('mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { errors { message } } }', { input: { messageId: gone } })
    const { chat } = await bob.ask('query ($chatId: ID!) { chat(id: $chatId) { messages(last: 2) { nodes { text deletedAt replyTo { id text } } } } }', { chatId })
    expect(chat.messages.nodes).toEqual([
      { text: null, deletedAt: expect.any(String), replyTo: null },
      { text: 'what was it?', deletedAt: null, replyTo: { id: gone, text: null } },
    ])
    // Its words are nowhere any more.
    const [{ count } = { count: -1 }] = await server.sql<{ count: number }[]>`select count(*)::int as count from message where body like '%never mind%'`
    expect(count).toBe(0)
  })
})

describe('the list of chats', () => {
  test('has the newest activity first and pages by it', async () => {
    const carol = await server.signUp('carol')
    const chatIds: string[] = []
    for (const title of ['one', 'two', 'three', 'four']) chatIds.push(await carol.group(title, bob))
    await carol.send(chatIds[1] as string, 'two is alive')
    const list = async (args: string) => (await carol.ask(`{ chats(${args}) { nodes { title } totalCount pageInfo { endCursor hasNextPage } } }`)).chats
    const first = await list('first: 3')
    expect(first).toMatchObject({ nodes: [{ title: 'two' }, { title: 'four' }, { title: 'three' }], totalCount: 4, pageInfo: { hasNextPage: true } })
    expect((await list(`first: 3, after: "${first.pageInfo.endCursor}"`)).nodes).toEqual([{ title: 'one' }])
  })

  test('tells the last message and what is unread, exactly', async () => {
    const chatId = await alice.directChat(bob)
    const first = await alice.send(chatId, 'one')
    await alice.send(chatId, 'two')
    await bob.send(chatId, 'mine does not count')
    const third = await alice.send(chatId, 'three')
    const unread = async () => (await bob.ask('query ($chatId: ID!) { chat(id: $chatId) { unreadCount lastMessage { text } viewerMember { readUpTo } } }', { chatId })).chat
    expect(await unread()).toEqual({ unreadCount: 3, lastMessage: { text: 'three' }, viewerMember: { readUpTo: 0 } })
    const markRead = (messageId: string) => bob.ask('mutation ($input: MarkReadInput!) { markRead(input: $input) { chat { unreadCount viewerMember { readUpTo } } errors { message } } }', { input: { messageId } })
    expect((await markRead(first)).markRead).toEqual({ chat: { unreadCount: 2, viewerMember: { readUpTo: 1 } }, errors: [] })
    await alice.ask('mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { errors { message } } }', { input: { messageId: third } })
    expect((await unread()).unreadCount).toBe(1)
    await markRead(third)
    // A mark never goes back.
    expect((await markRead(first)).markRead.chat).toEqual({ unreadCount: 0, viewerMember: { readUpTo: 4 } })
  })

  test('titles a direct chat by the other person, and finds it instead of making a second', async () => {
    const [dora, erin] = [await server.signUp('dora'), await server.signUp('erin')]
    const made = await Promise.all([dora.directChat(erin), erin.directChat(dora), dora.directChat(erin)])
    expect(new Set(made).size).toBe(1)
    expect(await dora.ask('query ($userId: ID!) { directChat(userId: $userId) { id title kind memberCount members { nodes { user { username } role } totalCount } } }', { userId: erin.id })).toEqual({
      directChat: { id: made[0], title: 'Erin', kind: 'DIRECT', memberCount: 2, members: { nodes: [{ user: { username: 'dora' }, role: 'MEMBER' }, { user: { username: 'erin' }, role: 'MEMBER' }], totalCount: 2 } },
    })
    expect(await dora.ask('query ($userId: ID!) { directChat(userId: $userId) { id } }', { userId: bob.id })).toEqual({ directChat: null })
  })

  test('a message to somebody new makes the chat in the same step, once for both', async () => {
    const [frank, grace] = [await server.signUp('frank'), await server.signUp('grace')]
    const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { number chat { id title } } errors { message } } }'
    const say = (from: Client, to: Client) => from.ask(SEND, { input: { recipientId: to.id, clientId: randomUUID(), text: 'hi' } })
    const [one, two] = await Promise.all([say(frank, grace), say(grace, frank)])
    expect(one.sendMessage.message.chat).toEqual({ id: two.sendMessage.message.chat.id, title: 'Grace' })
    expect([one.sendMessage.message.number, two.sendMessage.message.number].sort()).toEqual([1, 2])
  })

  test('a group is made once per clientId', async () => {
    const CREATE = 'mutation ($input: CreateGroupChatInput!) { createGroupChat(input: $input) { chat { id title description viewerMember { role } } errors { __typename path } } }'
    const input = { clientId: randomUUID(), title: 'Once', description: 'only', memberIds: [bob.id, bob.id, alice.id] }
    const [first, second] = await Promise.all([alice.ask(CREATE, { input }), alice.ask(CREATE, { input })])
    expect(first.createGroupChat).toMatchObject({ chat: { title: 'Once', description: 'only', viewerMember: { role: 'OWNER' } }, errors: [] })
    expect(second).toEqual(first)
    expect((await alice.ask(CREATE, { input: { ...input, title: 'Twice' } })).createGroupChat).toEqual({ chat: null, errors: [{ __typename: 'Conflict', path: ['clientId'] }] })
  })
})

describe('people', () => {
  test('are found by the beginning of any word of their names, and by a whole e-mail address', async () => {
    const zoe = await server.signUp('zoe_marple')
    await zoe.ask('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { displayName bio } errors { message } } }', { input: { displayName: 'Zoë Ångström', bio: 'Detective' } })
    const find = async (search: string) => (await bob.ask('query ($search: String!) { users(search: $search) { nodes { username } } }', { search })).users.nodes.map((user: Untyped) => user.username)
    for (const search of ['zo', 'MARP', 'angstr', 'zoe ang', 'zoe_marple@example.com']) expect(await find(search), search).toEqual(['zoe_marple'])
    for (const search of ['ple', 'zoe_marple@example', '%', '_', 'zoe bob', '@']) expect(await find(search), search).toEqual([])
    expect(await bob.ask('{ userByUsername(username: "ZOE_Marple") { displayName bio email } }')).toEqual({ userByUsername: { displayName: 'Zoë Ångström', bio: 'Detective', email: null } })
  })

  test('page in the order of their names', async () => {
    const names: string[] = []
    let after: string | null = null
    do {
      const { users }: Untyped = await bob.ask('query ($after: String) { users(first: 3, after: $after) { nodes { username } pageInfo { endCursor hasNextPage } } }', { after })
      names.push(...users.nodes.map((user: Untyped) => user.username))
      after = users.pageInfo.hasNextPage ? users.pageInfo.endCursor : null
    } while (after !== null)
    expect(names).toEqual([...names].sort())
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('alice')
  })

  test('and everything else are found by node, if the viewer may see it', async () => {
    const carol = await server.signUp('carol2')
    const chatId = await alice.group('Secret', bob)
    const messageId = await alice.send(chatId, 'psst')
    const memberId = (await bob.ask('query ($id: ID!) { chat(id: $id) { viewerMember { id } } }', { id: chatId })).chat.viewerMember.id as string
    const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Message { text } ... on Chat { title } ... on ChatMember { user { username } } ... on User { username } } }'
    const ids = [chatId, messageId, memberId, alice.id]
    expect((await bob.ask(NODES, { ids })).nodes).toEqual([
      { __typename: 'Chat', id: chatId, title: 'Secret' },
      { __typename: 'Message', id: messageId, text: 'psst' },
      { __typename: 'ChatMember', id: memberId, user: { username: 'bob' } },
      { __typename: 'User', id: alice.id, username: 'alice' },
    ])
    expect((await carol.ask(NODES, { ids })).nodes).toEqual([null, null, null, { __typename: 'User', id: alice.id, username: 'alice' }])
  })
})

test('whoever reads at the same time as many others gets the pages of their own chats, and nothing of the rest', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, (_, n) => server.signUp(`reader${n}`)))
  const chats = await Promise.all(
    people.map(async (owner, n) => {
      const chatId = await owner.group(`Of ${n}`, ...people.slice(n + 1, n + 3))
      for (let m = 0; m < 4 + n; m++) await owner.send(chatId, `${m} of ${n}`)
      return chatId
    }),
  )
  const READ = 'query ($chatId: ID!, $last: Int) { chat(id: $chatId) { title messages(last: $last) { nodes { number text sender { displayName } } } } }'
  const asked = people.flatMap((reader, r) => chats.flatMap((chatId, n) => [1, 3].map((last) => ({ reader, r, chatId, n, last }))))
  const answers = await Promise.all(asked.map(({ reader, chatId, last }) => reader.ask(READ, { chatId, last })))
  for (const [index, { r, n, last }] of asked.entries()) {
    const texts = Array.from({ length: last }, (_, m) => ({ number: 5 + n - last + m, text: `${4 + n - last + m} of ${n}`, sender: { displayName: `Reader${n}` } }))
    const isMember = n <= r && r <= n + 2
    expect(answers[index]?.chat).toEqual(isMember ? { title: `Of ${n}`, messages: { nodes: texts } } : null)
  }
})
