import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { STORES, announce, fetchBytes, filesOf, openStore, put, sendFiles, upload } from '../support/files.ts'
import type { FileStore } from '../support/files.ts'
import { numberIn } from '../support/groups.ts'
import { photo, plain, seen } from '../support/pictures.ts'
import { expectRefused, invalid } from '../support/refusal.ts'

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(document.domain)</script></svg>'
const HTML = '<!doctype html><html><body><script>alert(document.cookie)</script></body></html>'
const PDF = '%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF'

describe.each(STORES)('files kept by %s', (kind) => {
  let store: FileStore
  let server: TestServer
  let mallory: Client
  let group: string

  beforeAll(async () => {
    store = await openStore(kind)
    server = await startServer({ settings: { MAX_UPLOAD_BYTES: '10485760', CORS_ORIGINS: 'https://app.example.com', ...store.settings }, keepFilesMs: 100 })
    mallory = await server.signUp('mallory')
    group = await mallory.group('Group')
  })
  afterAll(async () => {
    await server.close()
    await store.close()
  })

  const sent = async (bytes: Buffer | string, file: { fileName?: string; mimeType?: string } = {}) => (await filesOf(mallory, await sendFiles(mallory, group, [await upload(mallory, bytes, file)])))[0]

  test.each<[string, () => Promise<Buffer | string>, { fileName: string; mimeType: string }, string]>([
    ['a picture with a script', () => Promise.resolve(SVG), { fileName: 'a.svg', mimeType: 'image/svg+xml' }, 'text/plain; charset=utf-8'],
    ['the same, as XML begins', () => Promise.resolve(`<?xml version="1.0"?>${SVG}`), { fileName: 'a.svg', mimeType: 'image/svg+xml' }, 'application/xml'],
    ['a page that calls itself a picture', () => Promise.resolve(HTML), { fileName: 'a.png', mimeType: 'image/png' }, 'text/plain; charset=utf-8'],
    ['a page that says so', () => Promise.resolve(HTML), { fileName: 'a.html', mimeType: 'text/html' }, 'text/plain; charset=utf-8'],
    ['a document that runs', () => Promise.resolve(PDF), { fileName: 'a.pdf', mimeType: 'text/html' }, 'application/pdf'],
    ['a script', () => Promise.resolve('alert(1)'), { fileName: 'a.js', mimeType: 'text/javascript' }, 'text/plain; charset=utf-8'],
    ['bytes that are nothing', () => Promise.resolve(Buffer.concat([Buffer.from([0, 1, 2, 3]), Buffer.from(HTML)])), { fileName: 'a', mimeType: 'text/html' }, 'application/octet-stream'],
    ['what is packed small and is large', () => Promise.resolve(gzipSync(Buffer.alloc(20_000_000))), { fileName: 'a.gz', mimeType: 'image/png' }, 'application/gzip'],
  ])('%s is given to be saved, never shown, and runs nothing', async (_name, make, file, type) => {
    const bytes = await make()
    const { url, kind: found } = await sent(bytes, file)
    const response = await fetch(url)
    expect(found).toBe('FILE')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; /)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox$/)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(bytes))
  })

  test('a picture that is a script as well is shown as a picture alone', async () => {
    const gif = await plain('gif')
    const both = Buffer.concat([gif, Buffer.from(`/*${HTML}*/=1;alert(1)`)])
    const { url, mimeType } = await sent(both, { fileName: 'a.js', mimeType: 'text/javascript' })
    const response = await fetch(url)
    expect([mimeType, response.headers.get('content-type'), response.headers.get('x-content-type-options')]).toEqual(['image/gif', 'image/gif', 'nosniff'])
    expect(response.headers.get('content-security-policy')).toMatch(/sandbox$/)
    // What a browser shows may be asked for to be saved.
    expect(response.headers.get('content-disposition')).toMatch(/^inline; /)
    expect((await fetch(`${url}&download=1`)).headers.get('content-disposition')).toMatch(/^attachment; /)
    const jpeg = await sent(Buffer.concat([await plain('jpeg'), Buffer.from(HTML)]), { fileName: 'b.jpg' })
    expect((await fetchBytes(jpeg.url)).toString('latin1')).not.toContain('script')
  })

  test('a picture does not tell where it was taken', async () => {
    const { url } = await sent(await photo(), { fileName: 'home.jpg' })
    expect(await seen(await fetchBytes(url), async (picture) => (await picture.metadata()).exif)).toBeUndefined()
  })

  test('one byte too many, and none at all', async () => {
    const range = 'byteSize must be from 1 to 10485760.'
    for (const byteSize of [10_485_761, 0, -1]) await expectRefused(server, mallory, 'createUpload', { fileName: 'a', mimeType: 'b', byteSize }, invalid(['byteSize'], range))
    expect((await mallory.ask('{ serverInfo { maxUploadBytes } }')).serverInfo.maxUploadBytes).toBe(10_485_760)
    const { url } = await announce(mallory, { byteSize: 10_485_760 })
    expect((await put(url, Buffer.alloc(10_485_761))).status).toBe(413)
    expect((await put(url, '')).status).toBe(400)
  })

  test.each([
    ['../../../etc/passwd', 'passwd', 'filename="passwd"'],
    ['..\\..\\boot.ini', 'boot.ini', 'filename="boot.ini"'],
    ['a\0b.png', 'ab.png', 'filename="ab.png"'],
    ['a\r\nset-cookie: x=1\r\n\r\n<script>', 'aset-cookie: x=1<script>', 'filename="aset-cookie: x=1<script>"'],
    ['photo\u202Egnp.exe', 'photognp.exe', 'filename="photognp.exe"'],
    ['"; filename="evil.html', '"; filename="evil.html', 'filename="_; filename=_evil.html"'],
    ['Größe (1) 100%.txt', 'Größe (1) 100%.txt', 'filename="Gr__e (1) 100_.txt"; filename*=UTF-8\'\'Gr%C3%B6%C3%9Fe%20%281%29%20100%25.txt'],
    ['.htaccess', 'htaccess', 'filename="htaccess"'],
    ['/', 'file', 'filename="file"'],
    ['', 'file', 'filename="file"'],
    [`${'x'.repeat(300)}.jpeg`, `${'x'.repeat(195)}.jpeg`, `filename="${'x'.repeat(195)}.jpeg"`],
  ])('the name %j is a name and nothing more', async (fileName, kept, header) => {
    const { fileName: told, url } = await sent('text', { fileName })
    expect(told).toBe(kept)
    expect((await fetch(url)).headers.get('content-disposition')).toContain(header)
    const [row] = await server.sql<{ key: string }[]>`select key from attachment order by id desc limit 1`
    expect(row?.key).toMatch(/^[0-9a-f]{40}$/)
  })

  test('a name without end is refused', async () => {
    await expectRefused(server, mallory, 'createUpload', { fileName: 'x'.repeat(1001), mimeType: 'b', byteSize: 1 }, invalid(['fileName'], 'fileName must have at most 1000 characters.'))
    await expectRefused(server, mallory, 'createUpload', { fileName: 'x', mimeType: 'x'.repeat(201), byteSize: 1 }, invalid(['mimeType'], 'mimeType must have at most 200 characters, it has 201.'))
  })

  test('a link that somebody made up, changed, or kept for too long, opens nothing', async () => {
    const { url } = await announce(mallory, { byteSize: 10 })
    const changed = (change: (url: URL) => void) => {
      const copy = new URL(url)
      change(copy)
      return put(copy.href, randomBytes(10)).then(({ status }) => status)
    }
    expect(await changed((one) => { one.pathname = one.pathname.replace(/\d+/, (id) => String(Number(id) + 1)) })).toBe(403)
    expect(await changed((one) => { one.searchParams.set('e', '9999999999') })).toBe(403)
    expect(await changed((one) => { one.searchParams.set('s', 'x'.repeat(22)) })).toBe(403)
    expect(await changed((one) => { one.search = '' })).toBe(403)
    expect(await changed((one) => { one.searchParams.append('e', '9999999999') })).toBe(201)
    for (const path of ['/uploads/x', '/uploads/1/x', '/files/', '/files/1', '/files/1/other?g=p', '/files/-1/file', '/files/%2e%2e/file', '/files/1e3/file']) expect((await fetch(`${server.url}${path}`)).status).toBe(404)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3600_000 + 1000 })
    try {
      expect((await put(url, randomBytes(10))).status).toBe(403)
    } finally {
      vi.useRealTimers()
    }
    for (const method of ['POST', 'GET', 'DELETE', 'PATCH']) expect((await fetch(url, { method })).status).toBe(405)
    const { url: file } = await sent('text')
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await fetch(file, { method })).status).toBe(405)
  })

  test('pages of other sites cannot send or read by script', async () => {
    const { url } = await announce(mallory, { byteSize: 10 })
    for (const [origin, allowed] of [['https://app.example.com', 'https://app.example.com'], ['https://evil.example.com', null], ['null', null], ['https://app.example.com.evil.com', null]] as const) {
      const response = await fetch(url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-range,content-type' } })
      expect([response.status, response.headers.get('access-control-allow-origin'), response.headers.get('access-control-allow-credentials')]).toEqual([204, allowed, null])
      expect(response.headers.get('access-control-allow-methods')).toBe(allowed === null ? null : 'GET, HEAD, PUT')
    }
  })

  test('a sender who lies about how much comes, or stops, leaves nothing that could be sent', async () => {
    const { attachmentId, url } = await announce(mallory, { byteSize: 1000 })
    const { pathname, search, host } = new URL(url)
    const [hostname = '', port] = host.split(':')
    const socket = connect(Number(port), hostname)
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(500)}`)
    const state = () => put(url, '', { 'content-range': 'bytes */1000' })
    // Whoever comes again takes over from a line that is dead.
    await expect.poll(async () => (await server.app.services.incoming.size(String(numberIn(attachmentId)))) > 0).toBe(true)
    expect([(await state()).status, (await state()).headers.get('range')]).toEqual([308, 'bytes=0-499'])
    socket.destroy()
    await expectRefused(server, mallory, 'sendMessage', { chatId: group, clientId: crypto.randomUUID(), attachmentIds: [attachmentId] }, invalid(['attachmentIds', '0'], 'The upload has not ended yet.'))
    expect((await put(url, 'y'.repeat(500), { 'content-range': 'bytes 500-999/1000' })).status).toBe(201)
  })

  test('what was never finished, or never sent, goes after a day, and what is sent stays', async () => {
    const [unfinished, unsent, used] = [(await announce(mallory, { byteSize: 10 })).attachmentId, await upload(mallory, await plain('png')), await upload(mallory, 'text')]
    await sendFiles(mallory, group, [used])
    const ids = [unfinished, unsent, used].map(numberIn)
    const keys = async () => new Set((await server.sql<{ key: string }[]>`select key from attachment`).map(({ key }) => key))
    await server.sql`update attachment set touched_at = now() - interval '23 hours 59 minutes' where id = any (${ids})`
    const younger = await announce(mallory, { byteSize: 10 })
    await server.sql`update attachment set touched_at = now() - interval '24 hours 1 minute' where id = any (${ids})`
    await vi.waitFor(async () => { expect(await server.sql`select id from attachment where id = any (${ids})`).toEqual([{ id: ids[2] }]) }, { timeout: 10_000 })
    await vi.waitFor(async () => { expect(await server.sql`select from discarded_file`).toEqual([]) }, { timeout: 10_000 })
    expect((await mallory.ask('query ($id: ID!) { node(id: $id) { id } }', { id: younger.attachmentId })).node).not.toBeNull()
    const kept = await keys()
    expect((await store.keys()).filter((key) => !kept.has(key.replace('.t', '')))).toEqual([])
  })

  test('a form with files, as some servers of GraphQL take it, is not even read', async () => {
    for (const path of ['__proto__.x', 'query', 'variables.constructor.prototype.x']) {
      const part = (name: string, value: string) => `--b\r\ncontent-disposition: form-data; name="${name}"${name === '0' ? '; filename="a"' : ''}\r\n\r\n${value}\r\n`
      const body = `${part('operations', '{"query":"{ me { id } }","variables":{}}')}${part('map', JSON.stringify({ 0: [path] }))}${part('0', 'x')}--b--\r\n`
      const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b', authorization: `Bearer ${mallory.token ?? ''}` }, body })
      expect(response.status).toBe(415)
      expect('x' in {}).toBe(false)
    }
  })
})

test.each(STORES)('a day allows so many files and bytes, and no more; the product’s own server limits itself: %s', async (kind) => {
  const store = await openStore(kind)
  const key = 'the key of the product itself, long enough'
  const server = await startServer({ settings: { ...store.settings, UPLOADS_PER_DAY: '5', UPLOAD_BYTES_PER_DAY: '1000', MAX_UPLOAD_BYTES: '900', SERVER_KEY: key } })
  try {
    const [alice, bob] = [await server.signUp('alice'), await server.signUp('bob')]
    const create = async (client: Client, byteSize: number, headers = {}): Promise<Untyped> =>
      (await client.request('mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { url } errors { code ... on RateLimited { retryAfterSeconds } } } }', { input: { fileName: 'a', mimeType: 'b', byteSize } }, headers)).data.createUpload
    const over = { upload: null, errors: [{ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) }] }
    expect((await create(alice, 900)).errors).toEqual([])
    expect(await create(alice, 101)).toEqual(over)
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(alice, 1)))
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(4)
    expect(answers.filter(({ errors }) => errors.length > 0)).toEqual(Array(16).fill(over))
    expect((await create(bob, 900)).errors).toEqual([])
    expect((await create(alice, 900, { 'x-parley-server-key': key, 'x-parley-act-as': alice.id })).errors).toEqual([])
    // Tomorrow is another day.
    await server.sql`update upload_use set day = day - 1`
    expect((await create(alice, 900)).errors).toEqual([])
  } finally {
    await server.close()
    await store.close()
  }
})
