import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyPassword } from '../../../src/auth/password.ts'
import type { Client } from '../../client.ts'
import { PASSWORD, startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { conflict, contentOf, expectRefused, invalid, mutation, succeed, wrongCredentials } from '../../support/refusal.ts'
import type { Fault } from '../../support/refusal.ts'

let server: TestServer
let alice: Client
let nobody: Client

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  nobody = server.anonymous()
})
afterAll(() => server.close())

const BOB = { username: 'bob', email: 'bob@example.com', password: PASSWORD }
const NAME_TAKEN = conflict(['username'], 'This username is taken.')
const EMAIL_TAKEN = conflict(['email'], 'This e-mail address has an account already.')
const NAME_RULE = 'username may hold letters a to z, digits, dots, hyphens and underscores, and begins and ends with a letter or digit.'

describe('an account is not made', () => {
  const CASES: [string, object, ...Fault[]][] = [
    ['with a name that is taken', { username: 'alice' }, NAME_TAKEN],
    ['with a name that is taken in another case', { username: 'ALICE' }, NAME_TAKEN],
    ['with an address that has an account', { email: 'alice@example.com' }, EMAIL_TAKEN],
    ['with an address that has one in another case', { email: 'Alice@EXAMPLE.com' }, EMAIL_TAKEN],
    ['with a name and an address that are both taken', { username: 'Alice', email: 'ALICE@example.com' }, NAME_TAKEN, EMAIL_TAKEN],
    ['with a name of one letter', { username: 'b' }, invalid(['username'], 'username must have at least 2 characters.')],
    ['with a name of 33 letters', { username: 'b'.repeat(33) }, invalid(['username'], 'username must have at most 32 characters, it has 33.')],
    ['with an empty name', { username: ' ' }, invalid(['username'], 'username must not be empty.')],
    ['with a name of other letters', { username: 'bób' }, invalid(['username'], NAME_RULE)],
    ['with a name that looks like an address', { username: 'bob@example' }, invalid(['username'], NAME_RULE)],
    ['with a name like a deleted account', { username: 'Deleted-7' }, invalid(['username'], 'username must not begin with "deleted-".')],
    ['with a NUL in the name', { username: 'b\0b' }, invalid(['username'], 'username must not contain the NUL character.')],
    ['with an empty name to show', { displayName: '\n' }, invalid(['displayName'], 'displayName must not be empty.')],
    ['with a NUL in the name to show', { displayName: 'B\0b' }, invalid(['displayName'], 'displayName must not contain the NUL character.')],
    ['with half of a surrogate pair in the name to show', { displayName: 'B\udf39b' }, invalid(['displayName'], 'displayName must be well-formed Unicode (it contains half of a surrogate pair).')],
    ['with an address that is none', { email: 'bob' }, invalid(['email'], 'email must be an e-mail address.')],
    ['with a NUL in the address', { email: 'bob\0@example.com' }, invalid(['email'], 'email must be an e-mail address.')],
    ['with an address of 300 letters', { email: `${'b'.repeat(300)}@example.com` }, invalid(['email'], 'email must be an e-mail address.')],
    ['with a password of seven letters', { password: 'secret7' }, invalid(['password'], 'password must have at least 8 characters.')],
    ['with a password of 129 letters', { password: 'b'.repeat(129) }, invalid(['password'], 'password must have at most 128 characters, it has 129.')],
    ['with a password of spaces', { password: ' '.repeat(8) }, invalid(['password'], 'password must not be empty.')],
    [
      'with all faults at once, each told',
      { username: 'b b', displayName: 'b'.repeat(81), email: '@', password: 'short' },
      invalid(['username'], NAME_RULE),
      invalid(['displayName'], 'displayName must have at most 80 characters, it has 81.'),
      invalid(['email'], 'email must be an e-mail address.'),
      invalid(['password'], 'password must have at least 8 characters.'),
    ],
  ]
  test.each(CASES)('%s', async (_name, change, ...faults) => {
    await expectRefused(server, nobody, 'register', { ...BOB, ...change }, ...faults)
  })

  test('twice, by ten at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => nobody.ask(mutation('register'), { input: { username: n % 2 ? 'carol' : 'CAROL', email: `carol${n}@example.com`, password: PASSWORD } })),
    )
    expect(answers.flatMap((answer) => answer.register.errors)).toEqual(Array.from({ length: 9 }, () => NAME_TAKEN))
    const [row] = await server.sql<{ count: number }[]>`select count(*)::int as count from users where lower(username) = 'carol'`
    expect(row?.count).toBe(1)
  })

  test('over WebSocket with a cookie, which cannot be set there', async () => {
    const before = await contentOf(server)
    const { data } = await nobody.subscribe(mutation('register'), { input: { ...BOB, cookie: true } }).result()
    expect(data.register.errors).toEqual([invalid(['cookie'], 'cookie needs a request over HTTP: over WebSocket none can be set.')])
    expect(await contentOf(server)).toEqual(before)
  })
})

describe('a profile is not changed', () => {
  let dora: Client
  beforeAll(async () => {
    dora = await server.signUp('dora')
  })
  const CASES: [string, object, ...Fault[]][] = [
    ['to a name that is taken in another case', { username: 'ALICE' }, NAME_TAKEN],
    ['to no name', { username: null }, invalid(['username'], 'username cannot be cleared.')],
    ['to no name to show', { displayName: null }, invalid(['displayName'], 'displayName cannot be cleared.')],
    ['to a text of 501 letters about oneself', { bio: 'd'.repeat(501) }, invalid(['bio'], 'bio must have at most 500 characters, it has 501.')],
    ['to a NUL', { bio: '\0' }, invalid(['bio'], 'bio must not contain the NUL character.')],
    [
      'with several faults, each told',
      { username: null, displayName: ' ', bio: '\ud800' },
      invalid(['username'], 'username cannot be cleared.'),
      invalid(['displayName'], 'displayName must not be empty.'),
      invalid(['bio'], 'bio must be well-formed Unicode (it contains half of a surrogate pair).'),
    ],
  ]
  test.each(CASES)('%s', async (_name, input, ...faults) => {
    await expectRefused(server, dora, 'updateProfile', input, ...faults)
  })

  test('by one’s own name in another case it is', async () => {
    expect(await succeed(dora, 'updateProfile', { username: 'DORA' })).toEqual({ user: { username: 'DORA', displayName: 'Dora' } })
  })
})

describe('a sign-in that fails', () => {
  const WRONG = wrongCredentials(null, 'The login or the password is wrong.')

  test.each([
    ['a wrong password', { login: 'alice', password: 'a wrong password' }],
    ['a wrong password for an address', { login: 'alice@example.com', password: 'a wrong password' }],
    ['an unknown name', { login: 'mallory', password: 'a wrong password' }],
    ['an unknown name with the password that stands in for unknown ones', { login: 'mallory', password: 'nobody has this password' }],
    ['an unknown address', { login: 'mallory@example.com', password: 'a wrong password' }],
    ['nothing', { login: '', password: '' }],
    ['a NUL in the name', { login: 'alice\0', password: PASSWORD }],
    ['half of a surrogate pair', { login: 'alice\ud800', password: `${PASSWORD}\ud800` }],
    ['a name of 1,000 letters', { login: 'a'.repeat(1000), password: PASSWORD }],
    ['a password of 1,000 letters', { login: 'alice', password: PASSWORD.repeat(48) }],
  ])('by %s tells nothing more', async (_name, input) => {
    await expectRefused(server, nobody, 'login', input, WRONG)
  })

  test('answers an unknown name and a wrong password byte for byte alike', async () => {
    const answerTo = async (login: string) => {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: mutation('login'), variables: { input: { login, password: 'a wrong password' } } }),
      })
      const { date: _date, 'x-request-id': _id, ...headers } = Object.fromEntries(response.headers)
      return { status: response.status, headers, body: await response.text() }
    }
    expect(await answerTo('mallory')).toEqual(await answerTo('alice'))
  })

  test('does the work of a password where there is none, and no password fits', async () => {
    expect(await verifyPassword(null, 'a wrong password')).toBe(false)
    expect(await verifyPassword(null, 'nobody has this password')).toBe(false)
    expect(await verifyPassword(null, '')).toBe(false)
  })

  test('by a refresh token that is none', async () => {
    const refused = wrongCredentials(['refreshToken'], 'The refresh token is not valid (any more). Sign in again.')
    for (const refreshToken of ['', 'token', 'A'.repeat(43), alice.token, 'A'.repeat(10_000), '\0']) await expectRefused(server, nobody, 'refreshSession', { refreshToken }, refused)
    await expectRefused(server, nobody, 'refreshSession', {}, wrongCredentials(['refreshToken'], 'There is no refresh token, neither in the input nor in a cookie.'))
  })
})

describe('a token that is not valid', () => {
  const sign = (claims: object, key = 'a secret key for tests, long enough') => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(new TextEncoder().encode(key))
  const claims = () => JSON.parse(Buffer.from((alice.token ?? '').split('.')[1] ?? '', 'base64url').toString()) as { exp: number; sub: string }
  const CASES: [string, () => Promise<string> | string][] = [
    ['garbage', () => 'garbage'],
    ['expired', () => sign({ ...claims(), exp: Math.floor(Date.now() / 1000) - 60 })],
    ['signed by another key', () => sign(claims(), 'another key, just as long as it must be')],
    ['of a session that does not exist', () => sign({ ...claims(), sid: '999999' })],
    ['of another user than the session', () => sign({ ...claims(), sub: '999999' })],
    ['without an end', () => sign({ ...claims(), exp: undefined })],
    ['not signed', () => `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${(alice.token ?? '').split('.')[1]}.`],
    ['the refresh token', () => alice.refreshToken ?? ''],
  ]

  test.each(CASES)('(%s) is as none over HTTP, so that signing in works', async (_name, token) => {
    const client = server.anonymous()
    client.token = await token()
    expect(await client.ask('{ me { id } serverInfo { version } }')).toEqual({ me: null, serverInfo: { version: expect.any(String) } })
    expect((await client.request('{ chats { totalCount } }')).errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' })
    expect((await succeed(client, 'login', { login: 'alice', password: PASSWORD })).user).toEqual({ id: alice.id })
  })

  test.each(CASES)('(%s) closes a WebSocket with 4403', async (_name, token) => {
    const client = server.anonymous()
    client.token = await token()
    expect(await client.subscribe('{ serverInfo { version } }').ended()).toMatchObject({ code: 4403, reason: 'Forbidden' })
  })
})
