import { randomUUID } from 'node:crypto'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import type { DocumentNode, ExecutionResult } from 'graphql'
import { createClient } from 'graphql-ws'
import type { Client as WsClient, ClientOptions } from 'graphql-ws'
import WebSocket from 'ws'

/** A document: typed by codegen, or plain text whose result nobody has described. */
export type Document<R, V> = TypedDocumentNode<R, V> | string

// Results of plain documents are looked into without types: tests assert their exact values.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Untyped = any

/** An answer as it came, with the HTTP status. */
export type Answer<R> = ExecutionResult<R> & { status: number }

/** How long a test waits for something that must come. */
const PATIENCE_MS = 10_000

/** Somebody with a real connection to a real server. */
export class Client {
  readonly #baseUrl: () => string
  readonly #sockets = new Set<WsClient>()
  /** Sent as the bearer token and in connectionParams. */
  token: string | null = null
  refreshToken: string | null = null
  /** Global ID of the user, after a sign-in. */
  id = ''

  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl
  }

  /** Runs a query or mutation over HTTP and answers whatever came. */
  async request<R = Untyped, V = Record<string, unknown>>(document: Document<R, V>, variables?: V, headers: Record<string, string> = {}): Promise<Answer<R>> {
    const response = await fetch(`${this.#baseUrl()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }), ...headers },
      body: JSON.stringify({ query: textOf(document), variables }),
    })
    return { ...((await response.json()) as ExecutionResult<R>), status: response.status }
  }

  /** Runs a query or mutation over HTTP that must succeed; answers its data. */
  async ask<R = Untyped, V = Record<string, unknown>>(document: Document<R, V>, variables?: V): Promise<R> {
    const { data, errors } = await this.request(document, variables)
    if (errors !== undefined || data == null) throw new Error(`the request failed: ${JSON.stringify(errors)}`)
    return data
  }

  /** Opens a subscription over a WebSocket of its own. Further options go to graphql-ws. */
  subscribe<R = Untyped, V extends Record<string, unknown> = Record<string, unknown>>(document: Document<R, V>, variables?: V, options: Partial<ClientOptions> = {}): Stream<R> {
    const socket = createClient({
      url: `${this.#baseUrl().replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { token: this.token ?? undefined },
      retryAttempts: 0,
      lazy: true,
      ...options,
    })
    this.#sockets.add(socket)
    return new Stream<R>(socket, textOf(document), variables)
  }

  async register(username: string, password: string): Promise<void> {
    const { register } = await this.ask('mutation ($input: RegisterInput!) { register(input: $input) { user { id } accessToken refreshToken errors { message } } }', {
      input: { username, email: `${username}@example.com`, password, displayName: username.charAt(0).toUpperCase() + username.slice(1) },
    })
    if (register.errors.length > 0) throw new Error(JSON.stringify(register.errors))
    this.id = register.user.id
    this.token = register.accessToken
    this.refreshToken = register.refreshToken
  }

  /** Finds or makes the direct chat with somebody; answers its global ID. */
  async directChat(other: Client): Promise<string> {
    const { createDirectChat } = await this.ask('mutation ($input: CreateDirectChatInput!) { createDirectChat(input: $input) { chat { id } errors { message } } }', { input: { userId: other.id } })
    return createDirectChat.chat.id as string
  }

  /** Makes a group; answers its global ID. */
  async group(title: string, ...others: Client[]): Promise<string> {
    const { createGroupChat } = await this.ask('mutation ($input: CreateGroupChatInput!) { createGroupChat(input: $input) { chat { id } errors { message } } }', {
      input: { title, memberIds: others.map((other) => other.id) },
    })
    return createGroupChat.chat.id as string
  }

  /** Sends a text into a chat; answers the message's global ID. */
  async send(chatId: string, text: string, more: { clientId?: string; replyToId?: string } = {}): Promise<string> {
    const { sendMessage } = await this.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { message path } } }', {
      input: { chatId, text, clientId: randomUUID(), ...more },
    })
    if (sendMessage.errors.length > 0) throw new Error(JSON.stringify(sendMessage.errors))
    return sendMessage.message.id as string
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) await socket.dispose()
  }
}

function textOf(document: string | DocumentNode): string {
  return typeof document === 'string' ? document : print(document)
}

/** What a subscription brings, kept until a test asks for it: nothing is missed. */
export class Stream<R> {
  readonly #results: ExecutionResult<R>[] = []
  #end: { error: unknown } | null = null
  #wake: (() => void) | null = null
  readonly #unsubscribe: () => void

  constructor(socket: WsClient, query: string, variables: Record<string, unknown> | undefined) {
    this.#unsubscribe = socket.subscribe<R>(
      { query, variables },
      {
        next: (result) => {
          this.#results.push(result as ExecutionResult<R>)
          this.#wake?.()
        },
        error: (error) => {
          this.#finish(error)
        },
        complete: () => {
          this.#finish(null)
        },
      },
    )
  }

  #finish(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** The next result as it came. Fails where the subscription ended or nothing came in time. */
  async result(): Promise<ExecutionResult<R>> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const result = this.#results.shift()
      if (result !== undefined) return result
      if (this.#end !== null) throw new Error(`the subscription ended: ${describe(this.#end.error)}`)
      await this.#wait(deadline)
    }
  }

  /** The next result's data. */
  async next(): Promise<R> {
    const { data, errors } = await this.result()
    if (errors !== undefined || data == null) throw new Error(`the subscription brought errors: ${JSON.stringify(errors)}`)
    return data
  }

  /** Waits for the end; answers the error or close event, null where it completed. */
  async ended(): Promise<Untyped> {
    const deadline = Date.now() + PATIENCE_MS
    while (this.#end === null) await this.#wait(deadline)
    return this.#end.error
  }

  /** Results that came and were not asked for yet. */
  get waiting(): number {
    return this.#results.length
  }

  unsubscribe(): void {
    this.#unsubscribe()
  }

  async #wait(deadline: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('nothing came in time'))
      }, Math.max(0, deadline - Date.now()))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.message
  if (error !== null && typeof error === 'object' && 'code' in error) return `closed with ${String(error.code)}`
  return JSON.stringify(error)
}
