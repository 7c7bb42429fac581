import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { readableLog } from '../support/log-lines.ts'

let server: TestServer
let alice: Client
const { log, lines } = readableLog()

beforeAll(async () => {
  server = await startServer({ log })
  alice = await server.signUp('alice')
})
afterAll(() => server.close())

const MASKED = { message: 'Unexpected error.', path: ['users'], locations: [expect.anything()], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/^[\da-f-]{36}$/) } }

test('a fault is masked, and logged once with the request’s id', async () => {
  await server.sql`alter table users rename column search_text to elsewhere`
  try {
    const answer = await alice.request('{ users(search: "bob") { nodes { id } } }')
    expect(answer).toEqual({ status: 200, data: null, errors: [MASKED] })
    expect(JSON.stringify(answer)).not.toMatch(/search_text|select|users\.ts/)
    const logged = lines.filter((line) => line.requestId === answer.errors?.[0]?.extensions?.requestId)
    expect(logged).toHaveLength(1)
    expect(JSON.stringify(logged[0])).toContain('search_text')
    expect(lines).toHaveLength(1)

    const { errors } = await alice.subscribe('{ users(search: "bob") { nodes { id } } }').result()
    expect(errors).toEqual([MASKED])
    // By whom, and over which connection.
    const [overHttp, overSocket] = lines
    expect(overHttp).toMatchObject({ userId: expect.any(Number) })
    expect(overHttp.connectionId).toBeUndefined()
    expect(overSocket).toMatchObject({ userId: overHttp.userId, connectionId: expect.stringMatching(/^[\da-f-]{36}$/), requestId: errors?.[0]?.extensions?.requestId })
    expect(lines).toHaveLength(2)
  } finally {
    await server.sql`alter table users rename column elsewhere to search_text`
  }
})

test.each([
  ['out of reach', '57P03', 'the database system is starting up'],
  ['still a standby, which takes no writes,', '25006', 'cannot execute INSERT in a read-only transaction'],
  ['still a standby, which has no log of its own,', '55000', 'recovery is in progress'],
])('a database that is %s is a fault that passes: the code says so', async (_, code, message) => {
  await server.sql`alter table users rename to away`
  await server.sql.unsafe(`create function gone() returns setof away language plpgsql as $$ begin raise exception using errcode = $q$${code}$q$, message = $q$${message}$q$; end $$`)
  await server.sql.unsafe('create view users as select * from gone()')
  try {
    const answer = await alice.request('{ users(search: "bob") { nodes { id } } }')
    expect(answer.status).toBe(503)
    expect(answer.errors?.[0]).toMatchObject({ extensions: { code: 'UNAVAILABLE', retryable: true } })
  } finally {
    await server.sql.unsafe('drop view users; drop function gone(); alter table away rename to users')
  }
})
