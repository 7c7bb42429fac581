import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { ClientRequest } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { announce, fetchBytes, put, sendFiles, upload, urlOf } from '../support/files.ts'
import { besides, register } from './files-support.ts'
import { Process, environment, makeFolder, ready, serve } from './support.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const MB = 1024 * 1024

/** To compare millions of bytes one by one would take longer than all else. */
const sum = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

/** Sends the first bytes of an upload, and leaves the line open. */
function sendSome(url: string, bytes: Buffer, total: number): ClientRequest {
  const sending = request(url, { method: 'PUT', headers: { 'content-length': total } })
  sending.on('error', () => undefined)
  sending.write(bytes)
  return sending
}

test('kill -9 in the middle of uploads leaves nothing that could be fetched, and all of it can be finished', async () => {
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  const bytes = Array.from({ length: 12 }, () => randomBytes(2 * MB))
  let server = await serve({ cwd, settings })
  let alice = await register(server)
  const chat = await alice.group('Garden')
  const links = await Promise.all(bytes.map(({ length }) => announce(alice, { byteSize: length })))
  const cut = links.map(({ url }, n) => sendSome(url, bytes[n]?.subarray(0, Math.floor(Math.random() * 2 * MB)) ?? Buffer.alloc(0), 2 * MB))
  // Some are finished just now.
  const finishing = links.slice(0, 4).map(({ url }, n) => put(url, bytes[n] ?? '').then(({ status }) => status, () => 0))
  await Promise.race(finishing)
  server.process.signal('SIGKILL')
  await server.process.exited()
  const statuses = await Promise.all(finishing)
  for (const sending of cut) sending.destroy()

  const { token } = alice
  server = await serve({ cwd, settings })
  alice = Object.assign(server.client(), { token })
  const state = async (id: string) => (await alice.ask('query ($id: ID!) { node(id: $id) { ... on Attachment { state url } } }', { id })).node
  for (const [n, { attachmentId, url: link }] of links.entries()) {
    const before = await state(attachmentId)
    if (statuses[n] === 201) expect(before.state).toBe('READY')
    if (before.state === 'PENDING') {
      expect(before.url).toBeNull()
      // The server has another port now; its links are as good as before.
      const url = link.replace(/^http:\/\/[^/]+/, server.url)
      const asked = await put(url, '', { 'content-range': `bytes */${2 * MB}` })
      const from = Number(/-(\d+)$/.exec(asked.headers.get('range') ?? '')?.[1] ?? -1) + 1
      if (asked.status === 308) expect((await put(url, bytes[n]?.subarray(from) ?? '', { 'content-range': `bytes ${from}-${2 * MB - 1}/${2 * MB}` })).status).toBe(201)
    }
    expect(sum(await fetchBytes(await urlOf(alice, await sendFiles(alice, chat, [attachmentId]))))).toBe(sum(bytes[n] ?? ''))
  }
  // What is kept is what was sent, once each, and nothing waits.
  const kept = (await readdir(join(cwd, 'data', 'files'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name)
  expect(kept.sort()).toEqual((await sql<{ key: string }[]>`select key from attachment order by key`).map(({ key }) => key))
  await sql.end()
})

test('a full disk refuses uploads for as long as it is full; chats go on, and what was taken is there', async () => {
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  // A disk of its own for the files, which ends with the process.
  const files = join(cwd, 'files')
  const start = `mkdir -p "$0" && mount -t tmpfs -o size=32m tmpfs "$0" && exec "$@"`
  const args = ['--mount', '--map-root-user', 'sh', '-c', start, files, process.execPath, '--import', import.meta.resolve('tsx'), MAIN]
  const server = await ready(new Process('unshare', args, { cwd, env: environment({ ...settings, FILES_DIR: files, LOG_LEVEL: 'silent' }) }))
  const alice = await register(server)
  const chat = await alice.group('Garden')
  const taken = new Map<string, Buffer>()
  let refused = 0
  for (let n = 0; n < 12; n++) {
    const bytes = randomBytes(5 * MB)
    const { attachmentId, url } = await announce(alice, { byteSize: bytes.length })
    const { status, headers } = await put(url, bytes).catch(() => new Response(null, { status: 507, headers: { 'retry-after': '60' } }))
    if (status === 201) taken.set(await sendFiles(alice, chat, [attachmentId]), bytes)
    else expect([++refused, status, headers.get('retry-after')]).toEqual([refused, 507, '60'])
    await alice.send(chat, 'still here')
  }
  expect(taken.size).toBeGreaterThanOrEqual(5)
  expect(refused).toBeGreaterThanOrEqual(5)
  for (const [message, bytes] of taken) expect(sum(await fetchBytes(await urlOf(alice, message)))).toBe(sum(bytes))
  // Room again: by deleting, which takes the job until its next round, or at once by an end of what waits there.
  const [message = ''] = taken.keys()
  const [row] = await sql<{ key: string }[]>`select key from attachment where number = ${Number(Buffer.from(message, 'base64url').toString().split(':')[2])}`
  await alice.ask('mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { errors { message } } }', { input: { messageId: message } })
  const key = row?.key ?? ''
  execFileSync('nsenter', ['--mount', '--user', '--preserve-credentials', '--target', String(server.process.pid), 'rm', join(files, key.slice(0, 2), key)])
  const bytes = randomBytes(5 * MB)
  expect(sum(await fetchBytes(await urlOf(alice, await sendFiles(alice, chat, [await upload(alice, bytes)]))))).toBe(sum(bytes))
  await sql.end()
})

test('a gigabyte that comes at once costs little memory', async () => {
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  const server = await serve({ cwd, settings })
  const alice = await register(server)
  const chat = await alice.group('Garden')
  await sendFiles(alice, chat, [await upload(alice, randomBytes(5 * MB))])
  const memory = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) / 1024
  const before = memory('VmRSS')
  const part = randomBytes(MB)
  const sendAll = (url: string, megabytes: number) =>
    new Promise<number>((resolve, reject) => {
      const sending = request(url, { method: 'PUT', headers: { 'content-length': megabytes * MB } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
      sending.on('error', reject)
      const write = (left: number): void => {
        if (left === 0) sending.end()
        else if (sending.write(part)) setImmediate(write, left - 1)
        else sending.once('drain', () => { write(left - 1) })
      }
      write(megabytes)
    })
  const links = await Promise.all(Array.from({ length: 16 }, () => announce(alice, { byteSize: 64 * MB })))
  expect(await Promise.all(links.map(({ url }) => sendAll(url, 64)))).toEqual(Array(16).fill(201))
  // The most that it ever had.
  expect(memory('VmHWM') - before).toBeLessThan(100)
  const whole = createHash('sha256')
  for (let n = 0; n < 64; n++) whole.update(part)
  const url = await urlOf(alice, await sendFiles(alice, chat, [links[7]?.attachmentId ?? '']))
  const came = createHash('sha256')
  for await (const chunk of (await fetch(url)).body as unknown as AsyncIterable<Uint8Array>) came.update(chunk)
  expect(came.digest('hex')).toBe(whole.digest('hex'))
  await sql.end()
})
