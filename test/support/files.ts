import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Client, Untyped } from '../client.ts'
import { succeed } from './refusal.ts'

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
