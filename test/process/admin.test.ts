import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PASSWORD } from '../harness.ts'
import type { Client } from '../client.ts'
import { makeFolder, postgresIn, refusal, rolesOf, run, serve } from './support.ts'

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { message } } }'

async function login(client: Client, password: string): Promise<string | null> {
  return (await client.ask(LOGIN, { input: { login: 'alice', password } })).login.accessToken as string | null
}

test('roles and passwords are set from the machine, while the server runs and while it does not', async () => {
  const cwd = await makeFolder()
  const admin = async (...args: string[]) => {
    const process = run('admin', { cwd, args })
    await process.closed()
    expect(process.stderr).toBe('')
    expect(await process.exited()).toEqual({ code: 0, signal: null })
    return process.stdout
  }
  const refused = (...args: string[]) => refusal(run('admin', { cwd, args }))
  const passwordIn = (printed: string) => /^The new password of alice is (\S{12,})\nAll of alice's sessions have ended\.\n$/.exec(printed)?.[1] ?? ''

  const server = await serve({ cwd })
  const [first, alice] = [server.client(), server.client()]
  await first.register('first', PASSWORD)
  await alice.register('alice', PASSWORD)
  const stream = alice.subscribe('subscription { events { cursor } }')
  await stream.next()

  expect(await admin('roles', 'alice', 'ADMIN,AGENT')).toBe('alice has ADMIN and AGENT now.\n')
  expect(await rolesOf(alice)).toEqual(['ADMIN', 'AGENT'])
  // Who answers customers comes again, and reads their chats too.
  expect(await stream.ended()).toMatchObject({ code: 1012 })
  const asAgent = alice.subscribe('subscription { events { cursor } }')
  await asAgent.next()

  const password = passwordIn(await admin('reset-password', 'alice'))
  expect(await asAgent.ended()).toMatchObject({ code: 4403 })
  expect((await alice.request('{ chats { nodes { id } } }')).status).toBe(401)
  const back = server.client()
  expect(await login(back, PASSWORD)).toBeNull()
  expect(await login(back, password)).toEqual(expect.any(String))

  expect((await refused('roles', 'alice'))[0]).toBe('name the roles')
  expect(await refused('roles', 'alice', 'KING')).toEqual(['There is no role KING: the roles are ADMIN and AGENT, or none.'])
  expect(await refused('reset-password', 'nobody')).toEqual(['Nobody is called nobody.'])
  expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
  expect(await server.stop()).toEqual({ code: 0, signal: null })

  expect(await admin('roles', 'alice', 'none')).toBe('alice has no role now.\n')
  const offline = passwordIn(await admin('reset-password', 'alice'))
  expect(await postgresIn(join(cwd, 'data'))).toBeNull()

  const again = (await serve({ cwd })).client()
  expect(await login(again, password)).toBeNull()
  again.token = await login(again, offline)
  expect(await rolesOf(again)).toEqual([])
})
