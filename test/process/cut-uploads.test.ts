import { randomBytes, randomUUID } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { STORES, announce, fetchBytes, openStore, put } from '../support/files.ts'
import type { FileStore } from '../support/files.ts'
import { plain } from '../support/pictures.ts'
import { besides, register } from './files-support.ts'
import { makeFolder, serve } from './support.ts'
import type { Server } from './support.ts'

vi.setConfig({ testTimeout: 180_000 })

/** So many uploads are cut, each at a byte by chance, and the server is ended by force so often in the middle of more of them. */
const CUTS = Number(process.env.UPLOAD_CUTS ?? 100)
const KILLS = Number(process.env.UPLOAD_KILLS ?? 3)
/** So many at once. */
const WIDTH = 12

interface Cut {
  attachmentId: string
  url: string
  bytes: Buffer
  isPicture: boolean
}

test.each(STORES)('an upload that was cut at any byte can be finished, is never seen in part, and leaves nothing behind: %s', async (kind) => {
  const store = await openStore(kind)
  const cwd = await makeFolder()
  const { sql, settings } = await besides()
  const start = () => serve({ cwd, settings: { ...settings, ...store.settings } })
  let server = await start()
  let alice = await register(server)
  const { token } = alice
  const chat = await alice.group('Garden')
  const picture = await plain('png')
  let made = 0
  const newCut = async (): Promise<Cut> => {
    const isPicture = made++ % 4 === 0
    const bytes = isPicture ? picture : randomBytes(20_000)
    return { ...(await announce(alice, { byteSize: bytes.length })), bytes, isPicture }
  }
  const all: Cut[] = []

  await inLanes(kind === 'disk' ? CUTS : Math.ceil(CUTS / 4), async () => {
    const cut = await newCut()
    all.push(cut)
    await sendAndCut(cut)
  })
  await expectWholeOrNothing(all, alice, chat)
  await expectKept(store, sql)
  // Some go on where they were.
  await inLanes(Math.ceil(all.length / 5), async (n) => { await finish(all[n * 5] as Cut, server, alice, chat) })

  for (let round = 0; round < (kind === 'disk' ? KILLS : 1); round++) {
    const cuts = await Promise.all(Array.from({ length: WIDTH }, newCut))
    const enough = Math.floor(Math.random() * WIDTH)
    const finished = new Set<Cut>()
    await new Promise<void>((resolve) => {
      const ends = cuts.map(async (cut) => {
        const { status } = await put(cut.url, cut.bytes).catch(() => ({ status: 0 }))
        if (status === 201) finished.add(cut)
        if (finished.size >= enough) resolve()
      })
      void Promise.all([...ends, ...cuts.map((cut) => sendAndCut(cut))]).then(() => { resolve() })
    })
    server.process.signal('SIGKILL')
    await server.process.exited()
    server = await start()
    alice = Object.assign(server.client(), { token })
    const states = await expectWholeOrNothing(cuts, alice, chat)
    for (const [n, cut] of cuts.entries()) if (finished.has(cut)) expect(states[n]).toBe('READY')
    for (const cut of cuts.slice(0, 3)) await finish(cut, server, alice, chat)
    all.push(...cuts)
  }

  // What is not in a message is a day old now: the server looks for such when it starts, and then from time to time.
  await server.stop('SIGKILL')
  const old = new Date(Date.now() - 26 * 3600_000)
  await sql`update attachment set touched_at = ${old} where chat_id is null`
  for (const path of await store.incoming()) await utimes(path, old, old)
  server = await start()
  await vi.waitFor(async () => { expect(await sql`select id from attachment where chat_id is null union all select 0 from discarded_file`).toEqual([]) }, { timeout: 30_000 })
  await vi.waitFor(async () => { expect(await store.incoming()).toEqual([]) }, { timeout: 30_000 })
  await expectKept(store, sql)
  expect((await sql`select id from attachment`).length).toBeGreaterThan(all.length / 10)
  await server.stop()
  await sql.end()
  await store.close()
})

/** Does something so often, some of it at once. */
async function inLanes(times: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: WIDTH }, async () => {
    while (next < times) await work(next++)
  }))
}

/** Sends an upload up to some byte of its head or body, and goes away, politely or not. */
function sendAndCut({ url, bytes }: Cut): Promise<void> {
  const { pathname, search, host, hostname, port } = new URL(url)
  const request = Buffer.concat([Buffer.from(`PUT ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${bytes.length}\r\n\r\n`), bytes])
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(request.subarray(0, Math.floor(Math.random() * (request.length + 1))), () => {
        if (Math.random() < 0.5) socket.resetAndDestroy()
        else socket.end()
      })
    })
    socket.resume()
    socket.on('error', () => undefined)
    socket.on('close', () => { resolve() })
  })
}

/** What of an attachment can be fetched, if anything, is all of it; and what is not all there cannot be sent. Answers their states. */
async function expectWholeOrNothing(cuts: Cut[], alice: Client, chatId: string): Promise<string[]> {
  const states: string[] = []
  await inLanes(cuts.length, async (n) => {
    const { attachmentId, bytes, isPicture } = cuts[n] as Cut
    const { node } = await alice.ask('query ($id: ID!) { node(id: $id) { ... on Attachment { state url thumbnailUrl } } }', { id: attachmentId })
    states[n] = node.state as string
    if (node.state === 'READY') {
      if (isPicture) await fetchBytes(node.thumbnailUrl as string)
      const kept = await fetchBytes(node.url as string)
      expect(isPicture || kept.equals(bytes)).toBe(true)
      return
    }
    expect(node).toEqual({ state: 'PENDING', url: null, thumbnailUrl: null })
    const { message, errors } = await trySend(alice, chatId, attachmentId)
    // The last byte may have come a moment ago.
    if (message === null) expect(errors).toEqual([{ message: 'The upload has not ended yet.' }])
  })
  return states
}

async function trySend(alice: Client, chatId: string, attachmentId: string): Promise<Untyped> {
  const document = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { message } } }'
  return (await alice.ask(document, { input: { chatId, clientId: randomUUID(), attachmentIds: [attachmentId] } })).sendMessage
}

/** The store has what attachments that are there have, and nothing else. */
async function expectKept(store: FileStore, sql: Awaited<ReturnType<typeof besides>>['sql']): Promise<void> {
  await vi.waitFor(async () => {
    const rows = await sql<{ key: string; small: boolean }[]>`select key, thumbnail_size is not null as small from attachment where state = 'READY' order by key`
    expect(await store.keys()).toEqual(rows.flatMap(({ key, small }) => (small ? [key, `${key}.t`] : [key])))
  }, { timeout: 10_000 })
}

/** Goes on with an upload where it was, and sends it. */
async function finish({ attachmentId, url: link, bytes, isPicture }: Cut, server: Server, alice: Client, chatId: string): Promise<void> {
  // The server may have another port now; its links are as good as before.
  const url = link.replace(/^http:\/\/[^/]+/, server.url)
  const asked = await put(url, '', { 'content-range': `bytes */${bytes.length}` })
  if (asked.status !== 201) {
    expect(asked.status).toBe(308)
    const from = Number(/-(\d+)$/.exec(asked.headers.get('range') ?? '')?.[1] ?? -1) + 1
    expect((await put(url, bytes.subarray(from), { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })).status).toBe(201)
  }
  const { node } = await alice.ask('query ($id: ID!) { node(id: $id) { ... on Attachment { url } } }', { id: attachmentId })
  const kept = await fetchBytes(node.url as string)
  expect(isPicture || kept.equals(bytes)).toBe(true)
  // It may have been sent before.
  await trySend(alice, chatId, attachmentId)
}
