import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Client, Stream, Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'
import { mutation } from './refusal.ts'
import type { MutationName } from './refusal.ts'

/** Hears of one chat from now on: each call brings the next event, with these fields of the message that it is about. */
export async function listen(client: Client, chatId: string, messageFields: string): Promise<() => Promise<Untyped>> {
  const stream: Stream<Untyped> = client.subscribe(
    `subscription ($chatId: ID) { events(chatId: $chatId) { events { __typename seq actor { id }
      ... on MessageAdded { message { ${messageFields} } } ... on MessageChanged { change message { ${messageFields} } } } } }`,
    { chatId },
  )
  await stream.next()
  const waiting: Untyped[] = []
  return async () => {
    while (waiting.length === 0) waiting.push(...(await stream.next()).events.events)
    return waiting.shift()
  }
}

/** Runs a mutation over a WebSocket that must succeed; answers its payload without the errors. */
export async function succeedOverSocket(client: Client, name: MutationName, input: object): Promise<Untyped> {
  const { errors, ...value } = (await client.subscribe(mutation(name), { input }).next())[name]
  expect(errors).toEqual([])
  return value
}

/** The number of a chat or user behind its global ID. */
export function numberOf(id: string): number {
  return Number(Buffer.from(id, 'base64url').toString().split(':')[1])
}

/** Closes a direct chat, as a block by one of the two does. */
export async function closeChat(server: TestServer, chatId: string): Promise<void> {
  await server.sql`update stream set closed = true where id = ${numberOf(chatId)}`
}

/** Lets somebody read a chat only from this message on, as if they had joined then. */
export async function hideHistory(server: TestServer, client: Client, chatId: string, from: number): Promise<void> {
  await server.sql`update member set history_from = ${from} where chat_id = ${numberOf(chatId)} and user_id = ${numberOf(client.id)}`
}

/** Many messages at once, by the function that every send goes through. */
export async function fill(server: TestServer, chatId: string, author: Client, count: number, textOf = (n: number) => `Message ${n}`): Promise<void> {
  const items = Array.from({ length: count }, (_, index) => {
    return { ord: index + 1, chat_id: numberOf(chatId), sender_id: numberOf(author.id), client_id: randomUUID(), client_hash: '00', kind: 0, body: textOf(index + 1), reply_to: null }
  })
  const rows = await server.sql<{ outcome: string }[]>`select outcome from send_messages(${JSON.stringify(items)}::text::jsonb, true)`
  expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['CREATED']))
}
