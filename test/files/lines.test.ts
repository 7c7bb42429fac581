import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { STORES, announce, fetchBytes, openStore, put, sendFiles, someBytes, upload, urlOf } from '../support/files.ts'
import type { FileStore } from '../support/files.ts'
import { freePort } from '../support/free-port.ts'
import { numberIn } from '../support/groups.ts'

// Many who send or fetch at once, who are slow, or who say one thing and do another.

describe.each(STORES)('files kept by %s', (kind) => {
  let store: FileStore
  let server: TestServer
  let alice: Client
  let garden: string
  const sockets = new Set<Socket>()

  beforeAll(async () => {
    store = await openStore(kind)
    server = await startServer({ settings: { PORT: String(await freePort()), ...store.settings, UPLOADS_PER_DAY: '100000' }, keepFilesMs: 50 })
    alice = await server.signUp('alice')
    garden = await alice.group('Garden')
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
    await store.close()
  })

  /** A request as bytes, of which nobody waits for the answer. */
  function send(method: string, url: string, headers: string, body = ''): Socket {
    const { hostname, port, host, pathname, search } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    sockets.add(socket)
    socket.write(`${method} ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n${body}`)
    return socket
  }

  const cameOf = (attachmentId: string) => server.app.services.incoming.size(String(numberIn(attachmentId)))

  test('of many who send one upload at once one is heard, and what is kept is what that one sent', async () => {
    for (let round = 0; round < 5; round++) {
      const versions = Array.from({ length: 8 }, () => randomBytes(100_000))
      const { attachmentId, url } = await announce(alice, { byteSize: 100_000 })
      const statuses = await Promise.all(versions.map((bytes) => put(url, bytes).then(({ status }) => status, () => 0)))
      expect(statuses.filter((status) => ![0, 201, 409].includes(status))).toEqual([])
      expect((await put(url, versions[0] ?? '')).status).toBe(201)
      const kept = await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [attachmentId])))
      expect(versions.filter((bytes) => bytes.equals(kept))).toHaveLength(1)
    }
    expect(await store.incoming()).toEqual([])
  })

  test('an upload that two servers take at once is there, whole', async () => {
    const other = await startServer({ databaseUrl: server.databaseUrl, settings: { ...store.settings, PORT: String(await freePort()) } })
    try {
      for (let round = 0; round < 10; round++) {
        const bytes = randomBytes(300_000)
        const { attachmentId, url } = await announce(alice, { byteSize: bytes.length })
        const statuses = await Promise.all([url, url.replace(server.url, other.url)].map((one) => put(one, bytes).then(({ status }) => status)))
        expect(statuses).toEqual([201, 201])
        await expect.poll(() => server.sql`select key from discarded_file`, { timeout: 10_000 }).toEqual([])
        expect((await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [attachmentId])))).equals(bytes)).toBe(true)
      }
      expect(await store.incoming()).toEqual([])
    } finally {
      await other.close()
    }
  })

  test('what one server has of an upload is not touched by another one', async () => {
    const other = await startServer({ databaseUrl: server.databaseUrl, settings: { ...store.settings, PORT: String(await freePort()) } })
    try {
      const { attachmentId, url } = await announce(alice, { byteSize: 100_000 })
      const there = url.replace(server.url, other.url)
      const part = (link: string, from: number, bytes: Buffer) => put(link, bytes, { 'content-range': `bytes ${from}-${from + bytes.length - 1}/100000` })
      const [here, elsewhere] = [randomBytes(100_000), randomBytes(100_000)]
      expect((await part(url, 0, here.subarray(0, 50_000))).headers.get('range')).toBe('bytes=0-49999')
      expect((await part(there, 0, elsewhere.subarray(0, 99_999))).headers.get('range')).toBe('bytes=0-99998')
      expect((await part(url, 50_000, here.subarray(50_000))).status).toBe(201)
      expect((await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [attachmentId])))).equals(here)).toBe(true)
      // Here too, it is there by now.
      expect((await part(there, 99_999, elsewhere.subarray(99_999))).status).toBe(201)
      expect((await fetchBytes(await urlOf(alice, await sendFiles(alice, garden, [await upload(alice, someBytes())])))).length).toBe(100)
    } finally {
      await other.close()
    }
  })

  test('one user sends so many files at once, and no more', async () => {
    const links = await Promise.all(Array.from({ length: 33 }, () => announce(alice, { byteSize: 1000 })))
    const lines = links.slice(0, 32).map(({ url }) => send('PUT', url, 'content-length: 1000\r\n', 'x'.repeat(10)))
    for (const { attachmentId } of links.slice(0, 32)) await expect.poll(() => cameOf(attachmentId), { timeout: 10_000 }).toBe(10)
    const last = links[32]?.url ?? ''
    const refused = await put(last, 'y'.repeat(1000))
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([429, '1', { errors: [{ message: 'Too many files of yours are coming at once.', extensions: { code: 'RATE_LIMITED' } }] }])
    // Others are not concerned.
    await upload(await server.signUp(`bob-${kind}`), someBytes())
    lines[0]?.destroy()
    await expect.poll(async () => (await put(last, 'y'.repeat(1000))).status, { timeout: 10_000 }).toBe(201)
    for (const line of lines) line.destroy()
  })

  test('who comes again puts an end to those of the same upload who wait', async () => {
    const { attachmentId, url } = await announce(alice, { byteSize: 1000 })
    const id = numberIn(attachmentId)
    // The first one is held up at the very end.
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => { release = resolve })
    let held: Promise<unknown> = Promise.resolve()
    await new Promise<void>((resolve) => {
      held = server.sql.begin(async (tx) => {
        await tx`select from attachment where id = ${id} for update`
        resolve()
        await released
      })
    })
    const first = put(url, 'y'.repeat(1000)).catch(() => null)
    const [row] = await server.sql<{ key: string }[]>`select key from attachment where id = ${id}`
    await expect.poll(() => store.keys(), { timeout: 10_000 }).toContain(row?.key)
    const lines = Array.from({ length: 20 }, () => send('PUT', url, 'content-length: 1000\r\n', 'x'.repeat(10)))
    let answer = ''
    for (const line of lines) line.on('data', (data) => { answer += String(data) })
    try {
      await expect.poll(() => lines.filter(({ closed }) => closed).length, { timeout: 10_000 }).toBe(19)
    } finally {
      release()
    }
    await held
    await first
    await expect.poll(() => answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 201 Created/)
  })

  test('who fetches and does not read keeps nobody else from files', async () => {
    const large = await urlOf(alice, await sendFiles(alice, garden, [await upload(alice, randomBytes(9_000_000))]))
    const readers = Array.from({ length: 128 }, () => send('GET', large, ''))
    await Promise.all(readers.map((reader) => new Promise<void>((resolve) => reader.once('readable', () => { resolve() }))))
    expect((await fetch(large)).status).toBe(429)
    const bob = await server.signUp(`bob2-${kind}`)
    const message = await sendFiles(bob, await bob.group('Mine'), [await upload(bob, someBytes())])
    expect(await fetchBytes(await urlOf(bob, message))).toHaveLength(100)
    for (const reader of readers) reader.destroy()
    await expect.poll(async () => {
      const response = await fetch(large)
      await response.body?.cancel()
      return response.status
    }, { timeout: 10_000 }).toBe(200)
  })

  test.each([
    ['bytes=99999999999999999999-', 200, 1000],
    ['bytes=999999999999999-', 416, null],
    ['bytes=0-99999999999999999999', 200, 1000],
    ['bytes=0-999999999999999', 206, 1000],
    ['bytes=-999999999999999', 206, 1000],
    ['bytes=-0', 416, null],
    ['bytes=999-998', 200, 1000],
    ['bytes=999-999', 206, 1],
    ['bytes=1000-1000', 416, null],
    ['bytes=--1', 200, 1000],
    ['bytes=0x0-0x5', 200, 1000],
    ['bytes=1e1-', 200, 1000],
    ['bytes=-', 200, 1000],
    ['items=0-1', 200, 1000],
    ['bytes=0-1,-1', 200, 1000],
  ])('the range %s gets %i', async (range, status, length) => {
    const response = await fetch(await urlOf(alice, await sendFiles(alice, garden, [await upload(alice, randomBytes(1000))])), { headers: { range } })
    const bytes = await response.arrayBuffer()
    expect([response.status, length === null ? null : bytes.byteLength]).toEqual([status, length])
  })

  test.each([
    ['both a length and chunks', 'content-length: 5\r\ntransfer-encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
    ['two lengths', 'content-length: 5\r\ncontent-length: 6', 'hello!'],
    ['a negative length', 'content-length: -5', 'hello'],
    ['a length that is no number', 'content-length: 0x5', 'hello'],
    ['chunks in another coding', 'transfer-encoding: gzip, chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ])('%s: refused, and nothing is kept', async (_name, header, body) => {
    const { attachmentId, url } = await announce(alice, { byteSize: 5 })
    const socket = send('PUT', url, `${header}\r\n`, body)
    const [line = ''] = String(await new Promise((resolve) => socket.once('data', resolve))).split('\r\n')
    socket.destroy()
    expect(line).toBe('HTTP/1.1 400 Bad Request')
    expect(await cameOf(attachmentId)).toBe(0)
  })
})

test('only who sends a file has time for it: any other request whose body does not come is cut', async () => {
  const server = await startServer()
  const { hostname, port } = new URL(server.url)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    for (const start of ['OPTIONS /uploads/1', 'GET /files/1/file', 'DELETE /uploads/1', 'PUT /uploads/x']) {
      const socket = connect(Number(port), hostname)
      socket.write(`${start} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n`)
      socket.on('error', () => undefined)
      // Some of it comes all the time.
      const trickle = setInterval(() => socket.write('x'), 100)
      await new Promise((resolve) => socket.once('data', resolve))
      socket.resume()
      vi.advanceTimersByTime(11_000)
      await expect.poll(() => socket.closed, { timeout: 15_000 }).toBe(true)
      clearInterval(trickle)
    }
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => { answer += bytes.toString() })
    socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{')
    await expect.poll(() => {
      vi.advanceTimersByTime(4000)
      return socket.closed
    }, { timeout: 15_000 }).toBe(true)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  } finally {
    vi.useRealTimers()
    await server.close()
  }
})
