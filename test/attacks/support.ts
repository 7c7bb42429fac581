import { expect } from 'vitest'
import type { GraphQLFormattedError } from 'graphql'
import type { Client } from '../client.ts'
import type { TestServer } from '../harness.ts'
import { Line } from '../support/line.ts'

/** The errors that a document came to, and the status over HTTP. */
export interface Outcome {
  status: number
  errors: readonly GraphQLFormattedError[]
  data: unknown
}

/** Asks over HTTP and over a WebSocket, and over an event stream where the two could be answered; answers what came of each. */
export async function askAll(server: TestServer, client: Client, query: string, variables: Record<string, unknown> = {}): Promise<{ http: Outcome; ws: Outcome }> {
  const { status, errors = [], data } = await client.request(query, variables)
  const line = await new Line(server).greet(client)
  line.send({ type: 'subscribe', id: '1', payload: { query, variables } })
  const { type, payload } = await line.next()
  line.socket.terminate()
  const ws = type === 'error' ? { errors: payload, data: undefined } : { errors: payload.errors ?? [], data: payload.data }
  return { http: { status, errors, data }, ws: { status, ...ws } }
}

/** A document is refused over HTTP with 400 and over WebSocket by an error frame: with this message and code, at most five errors, and nothing answered. */
export async function expectRefusedDocument(server: TestServer, client: Client, query: string, message: string | RegExp, variables: Record<string, unknown> = {}): Promise<void> {
  const { http, ws } = await askAll(server, client, query, variables)
  expect(http.status).toBe(400)
  for (const { errors, data } of [http, ws]) {
    expect(errors.length).toBeLessThanOrEqual(5)
    expect(errors[0]).toMatchObject({ message: typeof message === 'string' ? message : expect.stringMatching(message), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
    expect(data ?? null).toBeNull()
  }
  expect(ws.errors).toEqual(http.errors)
}

/** `times` of a text, with `#` as the number of each. */
export function many(times: number, text: string): string {
  return Array.from({ length: times }, (_, index) => text.replaceAll('#', String(index))).join(' ')
}
