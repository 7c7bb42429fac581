import type { TransactionSql } from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { Line, closeLines } from '../../support/line.ts'

let server: TestServer
let alice: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(() => server.close())

describe('the greeting of a socket', () => {
  test.each([
    ['a word', { token: 'alice' }],
    ['an authorization as in HTTP', { authorization: 'Bearer alice' }],
    ['headers as in HTTP', { headers: { Authorization: 'Bearer alice' } }],
  ])('with a bad token (%s) closes the socket with 4403', async (_name, payload) => {
    const line = await new Line(server).init(payload)
    expect(await line.ended).toBe(4403)
  })

  test.each([
    ['nothing', undefined],
    ['an empty token', { token: '' }],
    ['a token of null', { token: null }],
  ])('with %s is that of somebody unknown, who may sign up', async (_name, payload) => {
    const line = await new Line(server).init(payload)
    expect(await line.next()).toMatchObject({ type: 'connection_ack', payload: { expiresAt: null } })
    line.send({ type: 'subscribe', id: '1', payload: { query: '{ me { id } serverInfo { registrationOpen } }' } })
    expect(await line.next()).toEqual({ type: 'next', id: '1', payload: { data: { me: null, serverInfo: { registrationOpen: true } } } })
  })

  test('that cannot be checked just now ends with a code after which clients come again', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    await server.sql`alter table session rename to elsewhere`
    try {
      const line = await new Line(server).init({ token: alice.token })
      // Not 1011 nor 4500: these mean never again.
      expect([1012, 1013]).toContain(await line.ended)
      expect(printed.mock.calls).toEqual([])
    } finally {
      await server.sql`alter table elsewhere rename to session`
      printed.mockRestore()
    }
  })
})

describe('somebody who hangs up before it is known who they are', () => {
  /** Alice sees Bob; he calls, and is gone while the look-up of his session still waits. */
  async function expectNobody(name: string, call: (bob: Client) => Promise<() => Promise<unknown>>): Promise<void> {
    const bob = await server.signUp(name)
    await alice.directChat(bob)
    await server.sql.begin(async (tx) => {
      await tx`lock table session`
      const hangUp = await call(bob)
      await expect.poll(() => waitingFor(tx)).toBe(1)
      await hangUp()
      // Answered after the server has noticed.
      await fetch(`${server.url}/health/live`)
    })
    // By the time that this is answered, so is the look-up that waited.
    await alice.ask('{ me { id } }')
    const stateOfBob = async () => (await alice.ask('query ($id: ID!) { user(id: $id) { presence { state } } }', { id: bob.id })).user.presence.state
    await expect.poll(stateOfBob).toBe('OFFLINE')
  }

  test('is not online: by WebSocket', async () => {
    await expectNobody('bob', async (bob) => {
      const line = await new Line(server).init({ token: bob.token })
      return () => {
        line.socket.terminate()
        return line.ended
      }
    })
  })

  test('is not online: by an event stream over HTTP', async () => {
    await expectNobody('bobby', (bob) => {
      const abort = new AbortController()
      const answer = fetch(`${server.url}/graphql`, {
        method: 'POST',
        signal: abort.signal,
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${bob.token}` },
        body: JSON.stringify({ query: 'subscription { events { cursor } }' }),
      }).catch(() => null)
      return Promise.resolve(() => {
        abort.abort()
        return answer
      })
    })
  })
})

/** How many statements wait for a lock in this database. */
async function waitingFor(sql: TransactionSql<{ bigint: number }>): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`
  return row?.count ?? -1
}
