import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { numberIn } from './groups.ts'
import { succeed } from './refusal.ts'
import { startS3 } from './s3.ts'

/** Where a server may keep files. */
export const STORES = ['disk', 's3'] as const

/** A place for files, and what is kept there. */
export interface FileStore {
  /** The settings of a server that keeps its files here. */
  settings: Record<string, string>
  /** Under which keys something is kept, in their order. */
  keys(): Promise<string[]>
  /** Where files lie that are on their way, or were left. */
  incoming(): Promise<string[]>
  close(): Promise<void>
}

export async function openStore(kind: (typeof STORES)[number]): Promise<FileStore> {
  const s3 = kind === 's3' ? await startS3() : null
  const folder = await mkdtemp(join(tmpdir(), 'parley-files-'))
  const incoming = join(folder, 'incoming')
  const all = async () => (await readdir(folder, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
  const names = async () => (await all()).filter((file) => !file.parentPath.startsWith(incoming)).map(({ name }) => name).sort()
  return {
    settings: { FILES_DIR: folder, ...s3?.settings },
    keys: () => s3?.keys() ?? names(),
    incoming: async () => (await all()).filter((file) => file.parentPath.startsWith(incoming)).map((file) => join(file.parentPath, file.name)),
    async close() {
      await s3?.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Three people, two of them in a garden, and a store of which it is seen at once what it keeps. */
export interface GardenWithFiles extends Pick<FileStore, 'keys' | 'incoming' | 'close'> {
  server: TestServer
  alice: Client
  bob: Client
  carol: Client
  garden: string
  /** Under which key an attachment is kept. */
  keyOf(id: string): Promise<string>
  /** Waits until nothing is kept under a key. */
  goes(key: string): Promise<void>
}

export async function startGarden(kind: (typeof STORES)[number]): Promise<GardenWithFiles> {
  const store = await openStore(kind)
  const server = await startServer({ settings: store.settings, keepFilesMs: 100 })
  const [alice, bob, carol] = [await server.signUp('alice'), await server.signUp('bob'), await server.signUp('carol')]
  return {
    server, alice, bob, carol, keys: store.keys, incoming: store.incoming,
    garden: await alice.group('Garden', bob),
    async keyOf(id) {
      const [row] = await server.sql<{ key: string }[]>`select key from attachment where id = ${numberIn(id)}`
      return row?.key ?? ''
    },
    async goes(key) {
      await vi.waitFor(async () => { expect((await store.keys()).filter((one) => one.startsWith(key))).toEqual([]) }, { timeout: 10_000 })
    },
    async close() {
      await server.close()
      await store.close()
    },
  }
}

export const someBytes = () => randomBytes(100)

export const statusOf = async (url: string) => (await fetch(url)).status

/** Announces a file; answers where its bytes are to be sent. */
export async function announce(client: Client, file: { fileName?: string; mimeType?: string; byteSize: number }): Promise<{ attachmentId: string; url: string }> {
  const { upload } = await succeed(client, 'createUpload', { fileName: 'file.bin', mimeType: 'application/octet-stream', ...file })
  return upload
}

/** Sends bytes as an upload's answer tells. */
export function put(url: string, bytes: Uint8Array | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'PUT', body: bytes as BodyInit, headers: { 'content-type': 'application/octet-stream', ...headers } })
}

/** Uploads a file; answers its global ID. */
export async function upload(client: Client, bytes: Uint8Array | string, file: { fileName?: string; mimeType?: string } = {}): Promise<string> {
  const { attachmentId, url } = await announce(client, { ...file, byteSize: Buffer.byteLength(bytes) })
  const response = await put(url, bytes)
  expect([response.status, await response.text()]).toEqual([201, expect.any(String)])
  return attachmentId
}

/** Sends files into a chat; answers the message's global ID. */
export async function sendFiles(client: Client, chatId: string, attachmentIds: string[], more: object = {}): Promise<string> {
  return (await succeed(client, 'sendMessage', { chatId, clientId: randomUUID(), attachmentIds, ...more })).message.id
}

export const ATTACHMENT = 'id kind state fileName mimeType byteSize width height durationSeconds blurhash url thumbnailUrl'

/** The files of a message as somebody sees them. */
export async function filesOf(client: Client, id: string): Promise<Untyped[]> {
  return (await client.ask(`query ($id: ID!) { message(id: $id) { attachments { ${ATTACHMENT} } } }`, { id })).message?.attachments ?? []
}

/** Where somebody fetches the first file of a message. */
export async function urlOf(client: Client, id: string): Promise<string> {
  return (await filesOf(client, id))[0]?.url
}

/** What is at an address, which must be there. */
export async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url)
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}
