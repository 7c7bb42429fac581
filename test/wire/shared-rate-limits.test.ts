import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { mutation } from '../support/refusal.ts'
import { TestRedis, hasRedis } from '../support/redis.ts'

describe.skipIf(!hasRedis)('two servers beside one Redis', () => {
  const POINTS = 20
  let redis: TestRedis
  let one: TestServer
  let two: TestServer
  let alice: Client
  let chatId: string
  beforeAll(async () => {
    redis = await TestRedis.start()
    const settings = { RATE_LIMITS: `sendMessage=${POINTS}/3600, login=3/3600`, REDIS_URL: redis.url }
    one = await startServer({ settings })
    two = await startServer({ settings, databaseUrl: one.databaseUrl })
    alice = await one.signUp('alice')
    chatId = await alice.directChat(await one.signUp('bob'))
  })
  afterAll(async () => {
    await Promise.all([one.close(), two.close()])
    await redis.close()
  })

  /** The same person at the other server. */
  function at(server: TestServer, person: Client): Client {
    const client = server.anonymous()
    client.token = person.token
    return client
  }

  /** Sends so often; answers how many got through. */
  async function send(client: Client, times: number): Promise<number> {
    let sent = 0
    for (let n = 0; n < times; n++) {
      const { sendMessage } = await client.ask(mutation('sendMessage'), { input: { chatId, text: 'hello', clientId: randomUUID() } })
      if (sendMessage.errors.length === 0) sent += 1
      else expect(sendMessage.errors).toMatchObject([{ code: 'RATE_LIMITED' }])
    }
    return sent
  }

  test('share their counts', async () => {
    expect(await send(alice, POINTS - 5)).toBe(POINTS - 5)
    expect(await send(at(two, alice), POINTS)).toBe(5)
    expect(await send(alice, 1)).toBe(0)
  })

  test('share the guesses at a log-in name, and a success forgets them for both', async () => {
    const guess = async (server: TestServer, password: string) => (await server.anonymous().ask(mutation('login'), { input: { login: 'bob', password } })).login.errors.map(({ code }: { code: string }) => code)
    expect([await guess(one, 'a guess'), await guess(two, 'a guess'), await guess(one, 'correct horse battery')]).toEqual([['INVALID_CREDENTIALS'], ['INVALID_CREDENTIALS'], []])
    for (const server of [two, one, two]) expect(await guess(server, 'a guess')).toEqual(['INVALID_CREDENTIALS'])
    expect(await guess(one, 'correct horse battery')).toEqual(['RATE_LIMITED'])
  })

  test('share them again as soon as Redis answers, be it late', async () => {
    const dave = await one.signUp('dave')
    chatId = await dave.directChat(alice)
    expect(await send(dave, POINTS - 1)).toBe(POINTS - 1)
    redis.freeze()
    expect(await send(at(two, dave), 1)).toBe(1)
    redis.thaw()
    // Its late answer is waited for by sending; whoever counted alone for longer would let as many more through as one server may.
    expect(await send(at(two, dave), POINTS)).toBeLessThan(POINTS / 2)
  })

  test('count alone while Redis is frozen, gone or coming back, and nobody waits for it', async () => {
    const carol = await one.signUp('carol')
    chatId = await carol.directChat(alice)
    redis.freeze()
    const began = performance.now()
    // A quota of their own, as long as it takes.
    expect(await send(carol, POINTS + 3)).toBe(POINTS)
    expect(await send(at(two, carol), POINTS + 3)).toBe(POINTS)
    await redis.kill()
    expect(await send(carol, 3)).toBe(0)
    // Were each of these 49 to wait for an answer from Redis until its socket counts as dead, it would take longer.
    expect(performance.now() - began).toBeLessThan(10_000)
    await redis.startAgain()
    // A new Redis knows of nothing: it is asked again once a send gets through.
    await expect.poll(() => send(carol, 1), { timeout: 15_000, interval: 200 }).toBe(1)
    // And both ask it.
    const shared = async () => (await Promise.all([send(carol, POINTS), send(at(two, carol), POINTS)])).reduce((a, b) => a + b)
    expect(await shared()).toBeLessThan(2 * POINTS)
    expect(await send(carol, 1)).toBe(0)
    expect(await send(at(two, carol), 1)).toBe(0)
  }, 40_000)
})

test.skipIf(!hasRedis)('a server starts and counts alone where its Redis is not there, and shares as soon as it is', async () => {
  const redis = await TestRedis.start()
  await redis.kill()
  const began = performance.now()
  const settings = { RATE_LIMITS: 'setTyping=3/3600', REDIS_URL: redis.url }
  const one = await startServer({ settings })
  expect(performance.now() - began).toBeLessThan(10_000)
  const two = await startServer({ settings, databaseUrl: one.databaseUrl })
  try {
    const alice = await one.signUp('alice')
    const other = two.anonymous()
    other.token = alice.token
    const type = async (client: Client) => (await client.ask('mutation { setTyping(input: { chatId: "none", typing: true }) { errors { code } } }')).setTyping.errors[0].code as string
    for (let n = 0; n < 3; n++) expect(await type(alice)).toBe('INVALID_INPUT')
    expect(await type(alice)).toBe('RATE_LIMITED')
    expect(await type(other)).toBe('INVALID_INPUT')
    await redis.startAgain()
    await expect.poll(() => type(alice), { timeout: 15_000, interval: 200 }).toBe('INVALID_INPUT')
    await expect.poll(() => type(other), { timeout: 15_000, interval: 200 }).toBe('RATE_LIMITED')
    expect(await type(alice)).toBe('RATE_LIMITED')
  } finally {
    await Promise.all([one.close(), two.close()])
    await redis.close()
  }
}, 60_000)
