import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { buildSchema, introspectionFromSchema, isAbstractType, print } from 'graphql'
import type { ExecutionResult } from 'graphql'
import { expect } from 'vitest'
import type { Client } from '../client.ts'
import type { EventsSubscription, HistoryQuery, RegisterInput } from '../generated/graphql.ts'
import { History } from './documents.ts'

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

/** Which types each interface stands for, as Apollo wants to know it. */
export const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap()).flatMap((type) => (isAbstractType(type) ? [[type.name, schema.getPossibleTypes(type).map(({ name }) => name)]] : [])),
)

/** The schema as graphcache wants to know it. */
export const introspection = introspectionFromSchema(schema, { descriptions: false })

/** An account of this name that is not there yet. */
export function newAccount(username: string): RegisterInput {
  return { username, email: `${username}@example.com`, password: 'correct horse battery', displayName: username.charAt(0).toUpperCase() + username.slice(1) }
}

/** The input of sendMessage for a text said for the first time. */
export function saying(chatId: string, text: string) {
  return { chatId, text, clientId: randomUUID() }
}

/** Fills a chat with numbered messages. */
export async function writeMany(author: Client, chatId: string, count: number): Promise<string[]> {
  const texts = Array.from({ length: count }, (_, index) => `Message ${index + 1}`)
  for (const text of texts) await author.send(chatId, text)
  return texts
}

/** How long a test waits for something that must come. */
const PATIENCE_MS = 10_000

/** What comes by itself, kept until a test asks for it: nothing is missed. */
export class Inbox<T> {
  readonly #items: ({ value: T } | { error: unknown })[] = []
  readonly #seen: (value: T) => void
  #wake: () => void = () => undefined

  /** `seen` is told of everything at once, before any test reads it. */
  constructor(seen: (value: T) => void = () => undefined) {
    this.#seen = seen
  }

  readonly put = (value: T): void => {
    this.#seen(value)
    this.#items.push({ value })
    this.#wake()
  }

  readonly fail = (error: unknown): void => {
    this.#items.push({ error })
    this.#wake()
  }

  /** The next one. Throws what the source failed with, or where nothing came in time. */
  async next(): Promise<T> {
    if (this.#items.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const item = this.#items.shift()
    if (item === undefined) throw new Error('nothing came in time')
    if ('error' in item) throw item.error
    return item.value
  }

  /** Passes over what comes until it fits. */
  async until(fits: (value: T) => boolean): Promise<T> {
    let value = await this.next()
    while (!fits(value)) value = await this.next()
    return value
  }
}

/** A door before which a client that comes back waits until the test opens it. */
export class Gate {
  open: () => void = () => undefined
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve
  })

  readonly pass = (): Promise<void> => this.#opened
}

/** What graphql-ws and graphql-sse have in common. */
interface Subscriber {
  subscribe<R>(request: { query: string; variables: Record<string, unknown> }, sink: { next(result: ExecutionResult<R>): void; error(error: unknown): void; complete(): void }): () => void
}

/** Subscribes; an answer with errors comes as a failure with them. */
export function listen<R, V extends object>(client: Subscriber, document: TypedDocumentNode<R, V>, variables: V, inbox = new Inbox<R>()): Inbox<R> {
  client.subscribe<R>(
    { query: print(document), variables: { ...variables } as Record<string, unknown> },
    {
      next: ({ data, errors }) => {
        if (errors !== undefined || data == null) inbox.fail(errors)
        else inbox.put(data)
      },
      error: inbox.fail,
      complete: () => {
        inbox.fail(new Error('it is complete'))
      },
    },
  )
  return inbox
}

/** Asks once: for queries and mutations, which such a client takes like a subscription. */
export function ask<R, V extends object>(client: Subscriber, document: TypedDocumentNode<R, V>, variables: V): Promise<R> {
  return listen(client, document, variables).next()
}

/** Reads a history from its newest page to its first message, as somebody who scrolls up; answers the texts in their order. */
export async function scrollUp(client: Subscriber, chatId: string): Promise<(string | null)[]> {
  const texts: (string | null)[] = []
  let before: string | null = null
  do {
    const page: HistoryQuery = await ask(client, History, { chatId, last: 50, before })
    if (page.chat === null) throw new Error('the chat cannot be seen')
    const { edges, pageInfo } = page.chat.messages
    expect(edges.length).toBeGreaterThan(0)
    texts.unshift(...edges.map(({ node }) => node.text))
    before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null
  } while (before !== null)
  return texts
}

/** `messageAdded` is silent until the first message: so somebody greets until a greeting is heard. */
export async function greetUntilHeard<T>(author: Client, chatId: string, inbox: Inbox<T>): Promise<void> {
  let heard = false
  const first = inbox.next().finally(() => {
    heard = true
  })
  while (!heard) await author.send(chatId, 'Hello?')
  await first
}

/** Reads events until this text comes; answers the texts of all new messages in their order. */
export async function textsUpTo(inbox: Inbox<EventsSubscription>, last: string): Promise<(string | null)[]> {
  const texts: (string | null)[] = []
  while (!texts.includes(last)) {
    const { events } = (await inbox.next()).events
    texts.push(...events.flatMap((event) => (event.__typename === 'MessageAdded' ? [event.message.text] : [])))
  }
  return texts
}

/** A lost connection, the same for every client: what was written meanwhile comes once, in order, and then it goes on. */
export async function expectNothingMissed(author: Client, chatId: string, inbox: Inbox<EventsSubscription>, gate: Gate, lose: () => Promise<void> | void): Promise<void> {
  await author.send(chatId, 'before')
  expect(await textsUpTo(inbox, 'before')).toEqual(['before'])
  await lose()
  await author.send(chatId, 'meanwhile')
  await author.send(chatId, 'and again')
  gate.open()
  expect(await textsUpTo(inbox, 'and again')).toEqual(['meanwhile', 'and again'])
  await author.send(chatId, 'after')
  expect(await textsUpTo(inbox, 'after')).toEqual(['after'])
}
