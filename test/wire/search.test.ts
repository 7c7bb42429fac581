import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectBadInput, globalId, succeed } from '../support/refusal.ts'

const SEARCH = `query ($query: String!, $chatId: ID, $senderId: ID, $first: Int, $after: String) {
  searchMessages(query: $query, chatId: $chatId, senderId: $senderId, first: $first, after: $after) {
    edges { cursor snippet highlights { start end } node { id text } } pageInfo { hasNextPage endCursor }
  }
}`

let server: TestServer
let alice: Client
let bob: Client
let carol: Client
let chatId: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  carol = await server.signUp('carol')
  chatId = await alice.group('Garden', bob)
})
afterAll(() => server.close())

const search = async (client: Client, query: string, more: object = {}) => (await client.ask(SEARCH, { query, ...more })).searchMessages
const texts = async (client: Client, query: string, more: object = {}) => (await search(client, query, more)).edges.map(({ node }: Untyped) => node.text)

describe('what is looked for', () => {
  beforeAll(async () => {
    for (const text of ['The roses in the garden', 'A café on the corner', 'garden gnomes are not roses', 'Meet at 10:30 in room B12', '東京へ行きます', 'Straße nach Łódź', 'see https://example.com/roses-guide']) await alice.send(chatId, text)
  })

  test.each([
    ['garden', ['garden gnomes are not roses', 'The roses in the garden']],
    ['GARD', ['garden gnomes are not roses', 'The roses in the garden']],
    ['ros gard', ['garden gnomes are not roses', 'The roses in the garden']],
    ['"roses in the garden"', ['The roses in the garden']],
    ['"the garden roses"', []],
    ['"roses in the gar"', []],
    ['"roses in the gar', ['The roses in the garden']],
    ['“roses in the garden”', ['The roses in the garden']],
    ['garden -gnomes', ['The roses in the garden']],
    ['gnomes OR cafe', ['garden gnomes are not roses', 'A café on the corner']],
    ['CAFE', ['A café on the corner']],
    ['café', ['A café on the corner']],
    ['b12', ['Meet at 10:30 in room B12']],
    ['東京', ['東京へ行きます']],
    ['京へ', ['東京へ行きます']],
    ['strasse lodz', ['Straße nach Łódź']],
    ['guide', ['see https://example.com/roses-guide']],
    ['nothing-like-it', []],
    ['', []],
    ['!!! ???', []],
    ['-garden', []],
    ['%', []],
    ["') or true --", []],
  ])('%s', async (query, expected) => {
    expect(await texts(bob, query)).toEqual(expected)
  })

  test('shows the part that fits, and where', async () => {
    const long = `${'word '.repeat(60)}the 🌹 Café is “here”, said the gardener ${'more '.repeat(60)}`
    await alice.send(chatId, long)
    const [{ snippet, highlights }] = (await search(bob, 'cafe "said the" gardener')).edges
    expect(snippet.length).toBeLessThanOrEqual(170)
    expect(snippet.startsWith('… ')).toBe(true)
    expect(snippet.endsWith(' …')).toBe(true)
    expect(highlights.map(({ start, end }: Untyped) => snippet.slice(start, end))).toEqual(['Café', 'said the', 'gardener'])
  })

  test('follows an edit and a deletion at once', async () => {
    const messageId = await alice.send(chatId, 'the zebra is loose')
    expect(await texts(bob, 'zebra')).toEqual(['the zebra is loose'])
    await succeed(alice, 'editMessage', { messageId, text: 'the giraffe is loose' })
    expect(await texts(bob, 'zebra')).toEqual([])
    expect(await texts(bob, 'giraffe')).toEqual(['the giraffe is loose'])
    await succeed(alice, 'deleteMessage', { messageId })
    expect(await texts(bob, 'giraffe')).toEqual([])
  })

  test('in one chat, and of one sender', async () => {
    const other = await alice.directChat(bob)
    await alice.send(other, 'tulips from alice')
    await bob.send(chatId, 'tulips from bob')
    expect(await texts(alice, 'tulips')).toEqual(['tulips from bob', 'tulips from alice'])
    expect(await texts(alice, 'tulips', { chatId: other })).toEqual(['tulips from alice'])
    expect(await texts(alice, 'tulips', { senderId: bob.id })).toEqual(['tulips from bob'])
    expect(await texts(alice, 'tulips', { chatId: other, senderId: bob.id })).toEqual([])
  })
})

describe('who finds what', () => {
  test('nobody finds what is not theirs, by whatever chat they name', async () => {
    const secret = await alice.group('Secret', bob)
    await alice.send(secret, 'the xylophone is hidden')
    expect(await texts(bob, 'xylophone')).toHaveLength(1)
    expect(await texts(carol, 'xylophone')).toEqual([])
    expect(await texts(carol, 'xylophone', { chatId: secret })).toEqual([])
    expect(await texts(carol, 'xylophone', { chatId: globalId('Chat', 999_999) })).toEqual([])
    expect(await texts(carol, 'xylophone', { senderId: alice.id })).toEqual([])
  })

  test('who joined late finds what came since; who left finds nothing any more', async () => {
    const group = await alice.group('Orchestra', bob)
    await alice.send(group, 'bassoon before')
    await succeed(alice, 'addMembers', { chatId: group, userIds: [carol.id] })
    await alice.send(group, 'bassoon after')
    expect(await texts(carol, 'bassoon')).toEqual(['bassoon after'])
    await succeed(bob, 'leaveChat', { chatId: group })
    expect(await texts(bob, 'bassoon')).toEqual([])
    await succeed(alice, 'deleteChat', { chatId: group })
    expect(await texts(alice, 'bassoon')).toEqual([])
  })

  test('what was deleted from one’s list is found no more, by oneself alone', async () => {
    const direct = await alice.directChat(bob)
    await alice.send(direct, 'oboe for two')
    await succeed(bob, 'deleteChat', { chatId: direct })
    expect(await texts(bob, 'oboe')).toEqual([])
    expect(await texts(alice, 'oboe')).toEqual(['oboe for two'])
  })
})

test('pages come without a gap or a repeat while new messages arrive', async () => {
  const group = await alice.group('Many', bob)
  for (let n = 0; n < 5; n++) await Promise.all(Array.from({ length: 10 }, (_, i) => alice.send(group, `harvest number ${n * 10 + i}`)))
  const found: string[] = []
  let after: string | null = null
  do {
    const page: Untyped = await search(bob, 'harvest', { first: 7, after })
    found.push(...page.edges.map(({ node }: Untyped) => node.id))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    await alice.send(group, 'harvest that is too late for this search')
  } while (after !== null)
  const numbers = found.map((id) => Number(Buffer.from(id, 'base64url').toString().split(':')[2]))
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
})

describe('what cannot be asked for', () => {
  test.each([
    [{ query: 'x'.repeat(201) }, '`query` must have at most 200 characters, it has 201.'],
    [{ query: 'a\0b' }, '`query` must not contain the NUL character.'],
    [{ query: 'roses', first: 101 }, '`first` must be from 0 to 100, it is 101.'],
    [{ query: 'roses', after: 'nonsense' }, '`after` is not a cursor of this list.'],
    [{ query: 'roses', chatId: 'nonsense' }, '`chatId` is not the ID of a Chat.'],
    [{ query: 'roses', senderId: 'nonsense' }, '`senderId` is not the ID of a User.'],
  ])('%j', async (variables, message) => {
    await expectBadInput(bob, SEARCH, variables, message)
  })
})
