import WebSocket from 'ws'
import { createParley } from '../../src/client/index.ts'
import type { Draft, Feed, FeedOptions, Outbox, Parley, ParleyOptions, Store } from '../../src/client/index.ts'
import type { Client } from '../client.ts'

/** The events as the tests' app asks for them. */
export interface AppEvent {
  __typename: string
  chatId: string | null
  seq: number | null
  message?: { text: string | null; clientId: string | null }
}

const EVENT = '__typename chatId seq ... on MessageAdded { message { text clientId } }'
export const EVENTS = `subscription ($chatId: ID) { events(chatId: $chatId) { cursor caughtUp reset { chatIds } events { ${EVENT} } } }`
export const GAP = `query Gap($chatId: ID!, $afterSeq: Int!) { chatEvents(chatId: $chatId, afterSeq: $afterSeq) { reset { chatIds } events { ${EVENT} } } }`

/** A tab of somebody's browser, with the app in it that the helper is made for. */
export interface Tab {
  parley: Parley
  outbox: Outbox
  feed: Feed
  /** Every call of `apply`, such as `MessageAdded 2 Hello`. */
  applied: string[]
  /** The texts of the messages that came, of all chats. */
  texts(): (string | null)[]
  /** The drafts as they are shown: what is among the messages that came is none any more. */
  drafts(chatId: string): Draft[]
  /** Every call of `forget` and `fetch`. */
  refetched: string[]
  ended: unknown[]
  states: string[]
}

interface TabOptions extends Partial<ParleyOptions> {
  url: string
  user: Client
  storage: Store
  feed?: Partial<FeedOptions<AppEvent, Record<string, unknown>>>
}

export function openTab({ url, user, feed: feedOptions, ...options }: TabOptions): Tab {
  const parley = createParley({ url: `${url}/graphql`, token: () => Promise.resolve(user.token), webSocketImpl: WebSocket, ...options })
  const came: AppEvent[] = []
  const applied: string[] = []
  const refetched: string[] = []
  const ended: unknown[] = []
  const states: string[] = []
  parley.connection.subscribe(() => states.push(parley.connection.state))
  const feed = parley.feed<AppEvent>({
    document: EVENTS,
    apply(event) {
      came.push(event)
      applied.push([event.__typename, event.seq, event.message?.text].filter((part) => part != null).join(' '))
    },
    forget: (chatIds) => refetched.push(`forget ${chatIds?.join() ?? 'everything'}`),
    fetch: (chatIds) => Promise.resolve(refetched.push(`fetch ${chatIds?.join() ?? 'everything'}`)),
    onEnd: (error) => ended.push(error),
    ...feedOptions,
  })
  const outbox = parley.outbox({ userId: user.id })
  const messages = () => came.flatMap(({ message }) => (message === undefined ? [] : [message]))
  return {
    parley,
    outbox,
    feed,
    applied,
    texts: () => messages().map(({ text }) => text),
    drafts: (chatId) => outbox.below(chatId, messages()),
    refetched,
    ended,
    states,
  }
}

/** What tabs of one browser share besides their storage: one at a time, by name. */
export function createLocks(): { request<T>(name: string, work: () => Promise<T>): Promise<T> } {
  const last = new Map<string, Promise<unknown>>()
  return {
    request(name, work) {
      const result = (last.get(name) ?? Promise.resolve()).then(work)
      last.set(name, result.catch(() => undefined))
      return result
    },
  }
}
