import { generate } from '@graphql-codegen/cli'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import codegen from '../../codegen.ts'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { Line, closeLines } from '../support/line.ts'

// Nothing is run but what was listed ahead, by a file as codegen writes it.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ME = 'query Me {\n  me {\n    username\n  }\n}'
const ID = 'the id of Me'
let folder: string
let manifest: Record<string, string>
let server: TestServer
let alice: Client
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-documents-'))
  const made = (await generate(
    { ...codegen, cwd: ROOT, silent: true, generates: { [`${folder}/`]: { documents: ['test/clients/documents.ts'], preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } } } } },
    false,
  )) as { filename: string; content: string }[]
  const text = made.find(({ filename }) => filename.endsWith('persisted-documents.json'))?.content ?? '{}'
  manifest = JSON.parse(text) as Record<string, string>
  const register = 'mutation ($input: RegisterInput!) { register(input: $input) { user { id } accessToken refreshToken errors { message } } }'
  await writeFile(join(folder, 'web.json'), text)
  await writeFile(join(folder, 'more.json'), JSON.stringify({ [ID]: ME, register, events: 'subscription Live { events { cursor } }' }))
  await writeFile(join(folder, 'apollo.json'), JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id: 'apollo', name: 'Info', type: 'query', body: 'query Info { serverInfo { version } }' }] }))
  server = await startServer({ settings: { PERSISTED_ONLY: 'true', PERSISTED_DOCUMENTS: ['web.json', 'more.json', 'apollo.json'].map((name) => join(folder, name)).join(',') } })
  alice = await server.signUp('alice')
})
afterEach(() => {
  closeLines()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const headers = () => ({ 'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${alice.token ?? ''}` })
const post = (body: object, path = '/graphql') => exchange(`${server.url}${path}`, { headers: headers(), body: JSON.stringify(body) })
const over = async (payload: object) => {
  const line = await new Line(server).greet(alice)
  line.send({ type: 'subscribe', id: '1', payload })
  return line.next()
}

describe('a listed document', () => {
  test('is run, however it is written', async () => {
    for (const query of [ME, 'query Me { me { username } }', '# a comment\nquery Me{me{username}}']) {
      expect(JSON.parse((await post({ query })).body)).toEqual({ data: { me: { username: 'alice' } } })
      expect((await over({ query })).payload).toEqual({ data: { me: { username: 'alice' } } })
    }
  })

  test('is run by its id, as several sorts of clients say it; over GET too', async () => {
    const byHash = { extensions: { persistedQuery: { version: 1, sha256Hash: ID } } }
    for (const path of ['/graphql', '/graphql?by=yoga']) for (const body of [{ documentId: ID }, byHash, { ...byHash, query: '' }]) expect(JSON.parse((await post(body, path)).body)).toEqual({ data: { me: { username: 'alice' } } })
    expect((await over({ query: '', ...byHash })).payload).toEqual({ data: { me: { username: 'alice' } } })
    const { body } = await exchange(`${server.url}/graphql?extensions=${encodeURIComponent(JSON.stringify(byHash.extensions))}`, { method: 'GET', headers: headers() })
    expect(JSON.parse(body)).toEqual({ data: { me: { username: 'alice' } } })
    expect(JSON.parse((await post({ documentId: 'apollo' })).body)).toMatchObject({ data: { serverInfo: {} } })
  })

  test('may be any that codegen has written down', async () => {
    expect(Object.keys(manifest).length).toBeGreaterThan(3)
    for (const [id, query] of Object.entries(manifest)) {
      expect(id).toMatch(/^sha256:[\da-f]{64}$/)
      const { body } = await post(query.startsWith('subscription') ? { query, operationName: 'None' } : { documentId: id.slice('sha256:'.length), variables: {} })
      expect(body).not.toMatch(/listed ahead|PersistedQueryNotFound/)
    }
  })
})

test('any other is refused, over HTTP, event streams and WebSocket, and an unknown id says what clients know', async () => {
  for (const query of ['{ me { username } }', 'query Me { me { username id } }', '{ __typename }', `${ME} query Other { chats { totalCount } }`]) {
    expect(await post({ query })).toMatchObject({ status: 400, body: expect.stringContaining('was listed ahead'.slice(4)) })
    expect(await over({ query })).toMatchObject({ type: 'error', payload: [{ message: 'This server runs only the documents that were listed ahead, and this is none of them.' }] })
  }
  const events = await exchange(`${server.url}/graphql`, { headers: { ...headers(), accept: 'text/event-stream' }, body: JSON.stringify({ query: 'subscription { events { cursor caughtUp } }' }) })
  expect(events.body).toContain('listed ahead')
  for (const path of ['/graphql', '/graphql?by=yoga']) expect(JSON.parse((await post({ documentId: 'nothing' }, path)).body)).toMatchObject({ errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] })
  for (const id of ['__proto__', 'constructor', 'toString']) expect((await post({ documentId: id })).body).toContain('PersistedQueryNotFound')
})
