import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { announce, fetchBytes, filesOf, put, sendFiles, upload, urlOf } from '../support/files.ts'
import { expectRefused, invalid, succeed } from '../support/refusal.ts'
import { startS3 } from '../support/s3.ts'
import type { S3Server } from '../support/s3.ts'

describe.each(['disk', 's3'])('files kept by %s', (kind) => {
  let s3: S3Server | null = null
  let server: TestServer
  let alice: Client
  let bob: Client
  let garden: string

  beforeAll(async () => {
    s3 = kind === 's3' ? await startS3() : null
    server = await startServer({ settings: { MAX_UPLOAD_BYTES: '10000000', ...s3?.settings } })
    alice = await server.signUp('alice')
    bob = await server.signUp('bob')
    garden = await alice.group('Garden', bob)
  })
  afterAll(async () => {
    await server.close()
    await s3?.close()
  })

  test('a file is announced, sent, attached to a message and fetched', async () => {
    const bytes = randomBytes(1_000_000)
    const { upload: there } = await succeed(alice, 'createUpload', { fileName: 'seeds.bin', mimeType: 'text/html', byteSize: bytes.length })
    expect(there).toEqual({
      attachmentId: expect.any(String),
      url: expect.stringContaining(`${server.url}/uploads/`),
      method: 'PUT',
      headers: [{ name: 'content-type', value: 'application/octet-stream' }],
      expiresAt: expect.any(String),
    })
    const response = await put(there.url, bytes)
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ attachmentId: there.attachmentId, kind: 'FILE', mimeType: 'application/octet-stream', byteSize: 1_000_000 })
    const message = await sendFiles(alice, garden, [there.attachmentId], { text: 'what I sow' })
    const [file] = await filesOf(bob, message)
    expect(file).toMatchObject({ id: there.attachmentId, kind: 'FILE', state: 'READY', fileName: 'seeds.bin', mimeType: 'application/octet-stream', byteSize: 1_000_000, width: null, thumbnailUrl: null })
    expect((await fetchBytes(file.url)).equals(bytes)).toBe(true)
  })

  test('an upload in parts goes on where it was, and tells how far it has come', async () => {
    const bytes = randomBytes(300_000)
    const { attachmentId, url } = await announce(alice, { byteSize: bytes.length })
    const ask = () => put(url, '', { 'content-range': 'bytes */300000' })
    const nothing = await ask()
    expect([nothing.status, nothing.headers.get('range')]).toEqual([308, null])
    const first = await put(url, bytes.subarray(0, 100_000), { 'content-range': 'bytes 0-99999/300000' })
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-99999'])
    expect((await ask()).headers.get('range')).toBe('bytes=0-99999')
    const gap = await put(url, bytes.subarray(200_000), { 'content-range': 'bytes 200000-299999/300000' })
    expect([gap.status, gap.headers.get('range')]).toEqual([409, 'bytes=0-99999'])
    const last = await put(url, bytes.subarray(100_000), { 'content-range': 'bytes 100000-299999/300000' })
    expect(last.status).toBe(201)
    // Whoever did not hear of the end asks, or sends it all again.
    expect((await ask()).status).toBe(201)
    expect((await put(url, bytes)).status).toBe(201)
    expect((await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [attachmentId])))).equals(bytes)).toBe(true)
  })

  test('it may begin anew, and its sum is checked', async () => {
    const [right, wrong] = [randomBytes(50_000), randomBytes(50_000)]
    const { attachmentId, url } = await announce(alice, { byteSize: 50_000 })
    const digest = { 'repr-digest': `sha-256=:${createHash('sha256').update(right).digest('base64')}:` }
    expect((await put(url, wrong.subarray(0, 100), { 'content-range': 'bytes 0-99/50000' })).status).toBe(308)
    expect((await put(url, wrong, digest)).status).toBe(422)
    expect((await put(url, '', { 'content-range': 'bytes */50000' })).headers.get('range')).toBeNull()
    expect((await put(url, right, digest)).status).toBe(201)
    expect(await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [attachmentId])))).toEqual(right)
  })

  test.each([
    ['more bytes than were announced', 101, {}, 413],
    ['fewer', 99, {}, 400],
    ['a range of another file', 100, { 'content-range': 'bytes 0-99/200' }, 400],
    ['more bytes than the range has', 100, { 'content-range': 'bytes 0-49/100' }, 413],
    ['a range that is none', 100, { 'content-range': 'bytes 99-0/100' }, 400],
    ['bytes that are packed', 100, { 'content-encoding': 'gzip' }, 400],
  ])('%s are refused, and nothing is kept', async (_name, count, headers, status) => {
    const { attachmentId, url } = await announce(alice, { byteSize: 100 })
    expect((await put(url, randomBytes(count), headers)).status).toBe(status)
    expect((await put(url, '', { 'content-range': 'bytes */100' })).headers.get('range')).toBeNull()
    await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: crypto.randomUUID(), attachmentIds: [attachmentId] }, invalid(['attachmentIds', '0'], 'The upload has not ended yet.'))
  })

  test('bytes whose number nobody says are counted', async () => {
    const { url } = await announce(alice, { byteSize: 100 })
    const chunked = (count: number) => fetch(url, { method: 'PUT', body: new Blob([randomBytes(count)]).stream(), duplex: 'half' } as RequestInit)
    await expect(chunked(500_000).then(({ status }) => status, () => 413)).resolves.toBe(413)
    expect((await chunked(100)).status).toBe(201)
  })

  test('a part of a file, and none where nothing changed', async () => {
    const bytes = randomBytes(10_000)
    const url = await urlOf(bob, await sendFiles(alice, garden, [await upload(alice, bytes)]))
    const part = async (range: string, more: Record<string, string> = {}) => {
      const response = await fetch(url, { headers: { range, ...more } })
      return { status: response.status, range: response.headers.get('content-range'), bytes: Buffer.from(await response.arrayBuffer()) }
    }
    expect(await part('bytes=0-99')).toEqual({ status: 206, range: 'bytes 0-99/10000', bytes: bytes.subarray(0, 100) })
    expect(await part('bytes=9990-')).toEqual({ status: 206, range: 'bytes 9990-9999/10000', bytes: bytes.subarray(9990) })
    expect(await part('bytes=-5')).toEqual({ status: 206, range: 'bytes 9995-9999/10000', bytes: bytes.subarray(9995) })
    expect(await part('bytes=5000-99999')).toMatchObject({ status: 206, range: 'bytes 5000-9999/10000' })
    expect(await part('bytes=10000-')).toMatchObject({ status: 416, range: 'bytes */10000' })
    expect(await part('bytes=0-1,5-6')).toEqual({ status: 200, range: null, bytes })
    const whole = await fetch(url, { method: 'HEAD' })
    const etag = whole.headers.get('etag') ?? ''
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('accept-ranges')]).toEqual([200, '10000', 'bytes'])
    expect(etag).toMatch(/^"\w{16}"$/)
    expect(await part('bytes=0-99', { 'if-range': etag })).toMatchObject({ status: 206 })
    expect(await part('bytes=0-99', { 'if-range': '"another"' })).toMatchObject({ status: 200 })
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })
})
