import type { ExecutionResult } from 'graphql'
import { createClient } from 'graphql-ws'
import type { Client as Socket } from 'graphql-ws'
import WebSocket from 'ws'
import { Stream } from '../client.ts'
import type { Client, Untyped } from '../client.ts'
import type { Operation } from './documents.ts'
import type { Values } from './world.ts'

export const TRANSPORTS = ['overHttp', 'overSocket'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** Somebody's two ways to the server. */
export interface Line {
  client: Client
  /** The GraphQL endpoint. */
  url(): string
  socket: Socket
}

/** Opens a socket with the first question, and keeps it: most rows are asked by everybody. */
export function lineOf(client: Client, url: () => string): Line {
  const socket = createClient({ url: () => url().replace(/^http/, 'ws'), webSocketImpl: WebSocket, connectionParams: { token: client.token ?? undefined }, retryAttempts: 0, lazyCloseTimeout: 60_000 })
  return { client, url, socket }
}

/** What the server says to a socket with a token that is no good. */
const TURNED_DOWN = { errors: [{ message: 'closed with 4403', extensions: { code: 'UNAUTHENTICATED' } }] } as unknown as ExecutionResult<Untyped>

/** Asks once; answers all that came. */
export async function ask(transport: Transport, { client, socket }: Line, operation: Operation, values: Values): Promise<ExecutionResult<Untyped>> {
  const variables = variablesOf(operation, values)
  if (transport === 'overHttp') return client.request(operation.document, variables)
  const stream = new Stream<Untyped>(socket, operation.document, variables)
  try {
    return await stream.result()
  } catch (error) {
    if ((await stream.ended())?.code === 4403) return TURNED_DOWN
    throw error
  } finally {
    stream.unsubscribe()
  }
}

/** A subscription that is open, and what it has brought so far. */
export interface Listener {
  answers: ExecutionResult<Untyped>[]
  close(): void
}

/** Subscribes; over HTTP by server-sent events. */
export function listen(transport: Transport, { client, url, socket }: Line, operation: Operation, values: Values): Listener {
  const answers: ExecutionResult<Untyped>[] = []
  const variables = variablesOf(operation, values)
  if (transport === 'overHttp') {
    const controller = new AbortController()
    readEvents(client, url(), { query: operation.document, variables }, controller.signal, answers).catch((error: unknown) => {
      if (!controller.signal.aborted) throw error
    })
    const close = () => {
      controller.abort()
    }
    return { answers, close }
  }
  const stream = new Stream<Untyped>(socket, operation.document, variables)
  const read = async () => {
    for (;;) answers.push(await stream.result())
  }
  read().catch(async () => {
    if ((await stream.ended())?.code === 4403) answers.push(TURNED_DOWN)
  })
  const close = () => {
    stream.unsubscribe()
  }
  return { answers, close }
}

async function readEvents(client: Client, url: string, body: object, signal: AbortSignal, answers: ExecutionResult<Untyped>[]): Promise<void> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', ...(client.token === null ? {} : { authorization: `Bearer ${client.token}` }) }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
  let text = ''
  for await (const chunk of response.body ?? []) {
    const lines = (text + Buffer.from(chunk as Uint8Array).toString()).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) answers.push(JSON.parse(line.slice(6)) as ExecutionResult)
  }
}

function variablesOf(operation: Operation, values: Values): Values {
  return Object.fromEntries(
    operation.variables.map((name) => {
      const value = values[name]
      if (value === undefined) throw new Error(`the world has no $${name}`)
      return [name, value]
    }),
  )
}
