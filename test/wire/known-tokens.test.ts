import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { numberOf } from '../support/live.ts'
import { whileHeld } from '../support/locks.ts'
import { startStatementProxy } from '../support/statement-proxy.ts'
import type { StatementProxy } from '../support/statement-proxy.ts'

// A token that was found good is not looked up at each request; and yet nobody gets anything by one whose session has ended.

let here: TestServer
let proxy: StatementProxy
/** On the same database, without a Redis: it hears of nothing but by its sweep of the log. */
let there: TestServer
beforeAll(async () => {
  here = await startServer()
  proxy = await startStatementProxy(here.databaseUrl)
  there = await startServer({ databaseUrl: proxy.databaseUrl })
})
afterAll(async () => {
  await there.close()
  await proxy.close()
  await here.close()
})

const ROLES = '{ me { roles } }'
const SLOW = { timeout: 5000 }

function away(person: Client): Client {
  const client = there.anonymous()
  client.token = person.token
  return client
}

/** Asks until that costs no look at the session any more; the log is swept in between now and then. */
async function becomeKnown(client: Client): Promise<void> {
  await expect.poll(async () => (await proxy.during(() => client.request('{ serverInfo { version } }'))).length, SLOW).toBe(0)
}

const rolesOf = async (client: Client): Promise<string[] | null> => ((await client.request(ROLES)).data?.me?.roles as string[] | undefined) ?? null

test('what another server does to a session or to its user is heard of within the next look into the log', async () => {
  const [admin, alice] = [await here.signUp('admin'), await here.signUp('alice')]
  const client = away(alice)
  await becomeKnown(client)
  await admin.ask('mutation ($id: ID!) { setUserRoles(input: { userId: $id, roles: [AGENT] }) { errors { message } } }', { id: alice.id })
  await expect.poll(() => rolesOf(client), SLOW).toEqual(['AGENT'])
  await becomeKnown(client)
  await alice.ask('mutation { logout { errors { message } } }')
  expect(await rolesOf(alice)).toBeNull()
  await expect.poll(() => rolesOf(client), SLOW).toBeNull()
})

test('a server that cannot look into the log looks at every session', async () => {
  const bob = await here.signUp('bob')
  const client = away(bob)
  await becomeKnown(client)
  await whileHeld(here, async ({ tx, waiters }) => {
    await tx`lock table event in access exclusive mode`
    // Both servers sweep as soon as somebody is known.
    await waiters(1)
    // So nobody hears of it in any way.
    await here.sql`update session set ended_at = now() where user_id = ${numberOf(bob.id)}`
    await expect.poll(() => rolesOf(client), SLOW).toBeNull()
    return {}
  })
})
