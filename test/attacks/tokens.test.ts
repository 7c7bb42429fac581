import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CompactEncrypt, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'
import { mutation } from '../support/refusal.ts'

const KEY = 'a secret key for tests, long enough'
let server: TestServer
let alice: Client
let asked = 0
// Where tokens say that their key is.
const elsewhere = createServer((_req, res) => {
  asked++
  res.end(JSON.stringify({ keys: [] }))
})
let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys`
  server = await startServer()
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(async () => {
  await server.close()
  await new Promise((resolve) => elsewhere.close(resolve))
})

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claims = () => JSON.parse(Buffer.from((alice.token ?? '').split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
/** Signed by our own key, whatever the header says. */
const forged = (header: object, more: object = {}, key: string | Buffer = KEY) => {
  const text = `${part({ alg: 'HS256', typ: 'at+jwt', ...header })}.${part({ ...claims(), ...more })}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}
const now = () => Math.floor(Date.now() / 1000)
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

describe('rows 53 to 61: a token that somebody made', () => {
  const CASES: [row: string, name: string, token: () => string | Promise<string>][] = [
    ['53', 'with alg none', () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims())}.`],
    ['53', 'with alg None and a signature', () => forged({ alg: 'None' })],
    ['54', 'signed by a public key as a secret', () => forged({}, {}, publicKey.export({ type: 'spki', format: 'pem' }))],
    ['54', 'signed by RS256 with a key of their own', () => new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' }).sign(privateKey)],
    ['55', 'signed by another key', () => forged({}, {}, 'another key, as long as it must be')],
    ['55', 'signed by an empty key', () => forged({}, {}, '')],
    ['56', 'that brings its key along', () => forged({ jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, {}, 'mine')],
    ['56', 'that says where its key is', () => forged({ jku: url, x5u: url }, {}, 'mine')],
    ['56', 'that brings a certificate', () => forged({ x5c: ['MIIB'] }, {}, 'mine')],
    ['57', 'whose key’s name is a path', () => forged({ kid: '../../../../dev/null' }, {}, '')],
    ['57', 'whose key’s name is a statement', () => forged({ kid: "' union select 'mine' --" }, {}, 'mine')],
    ['58', 'that is encrypted, at the cost of millions of rounds', async () => {
      const compact = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(claims()))).setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM' }).encrypt(new TextEncoder().encode(KEY))
      return compact.replace(/^[^.]+/, part({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', zip: 'DEF', p2c: 2_147_483_647, p2s: 'AAAA' }))
    }],
    ['58', 'of a header that says that it is packed', () => forged({ zip: 'DEF', crit: ['zip'] })],
    ['58', 'of 200 KB', () => `${part({ alg: 'HS256' })}.${'A'.repeat(8000)}.A`],
    ['59', 'of another issuer', () => forged({}, { iss: 'https://evil.example' })],
    ['59', 'for another audience', () => forged({}, { aud: ['parley', 'other'] })],
    ['59', 'of another type', () => forged({ typ: 'JWT' })],
    ['60', 'that is a refresh token', () => alice.refreshToken ?? ''],
    ['61', 'that ended half a minute ago', () => forged({}, { exp: now() - 31 })],
    ['61', 'that begins later', () => forged({}, { nbf: now() + 60 })],
    ['61', 'without an end', () => forged({}, { exp: undefined })],
    ['61', 'without a user', () => forged({}, { sub: undefined })],
    ['61', 'without a session', () => forged({}, { sid: undefined })],
    ['61', 'of another user than its session’s', () => forged({}, { sub: '999999' })],
    ['61', 'changed after it was signed', () => (alice.token ?? '').replace(/\.[^.]+\./, `.${part({ ...claims(), sub: '1', sid: '2' })}.`)],
  ]
  test.each(CASES)('row %s: %s is as none over HTTP, and closes a WebSocket with 4403', async (_row, _name, makeToken) => {
    const token = await makeToken()
    const mallory = server.anonymous()
    mallory.token = token
    expect((await mallory.request('{ me { id } }')).data).toEqual({ me: null })
    const refused = await mallory.request('{ chats { totalCount } }')
    expect([refused.status, refused.errors?.[0]?.extensions?.code]).toEqual([401, 'UNAUTHENTICATED'])
    const line = await new Line(server).init({ token })
    expect(await line.ended).toBe(4403)
    expect(asked).toBe(0)
  })

  test('row 60: an access token is no refresh token', async () => {
    const { refreshSession } = await alice.ask(mutation('refreshSession'), { input: { refreshToken: alice.token } })
    expect(refreshSession.errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }])
  })

  test('the honest one is good all the while', async () => {
    expect((await alice.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
    const own = server.anonymous()
    own.token = forged({})
    expect((await own.ask('{ me { username } }')).me).toEqual({ username: 'alice' })
  })
})
