import { createParley } from 'parley/client'
import type { Feed, Outbox } from 'parley/client'
import { Client, fetchExchange, formatDocument, mapExchange, stringifyDocument, subscriptionExchange } from 'urql'
import type { AnyVariables, TypedDocumentNode } from 'urql'
import { History } from '../chat/history.ts'
import { createFaces } from '../files/faces.ts'
import { createLinks } from '../files/links.ts'
import { createParcels } from '../files/parcels.ts'
import type { Announce } from '../files/upload.ts'
import { Chat, DirectChat, Events, History as HistoryQuery, Links, Start } from '../graphql/documents.ts'
import * as deeds from '../graphql/deeds.ts'
import type { ChatPartsFragment, FaultFragment, StartQuery } from '../generated/graphql.ts'
import { filterOf, PAGE } from '../list/filters.ts'
import { createNotices } from '../live/notices.ts'
import { createPresence } from '../live/presence.ts'
import { createTyping } from '../live/typing.ts'
import { createSignal } from './signal.ts'
import { createCache } from './cache.ts'
import type { ChatEvent } from './cache.ts'
import { API } from './session.ts'
import type { Session } from './session.ts'

export type Me = NonNullable<StartQuery['me']>

/** Everything that the page of somebody who is signed in works with. */
export type App = ReturnType<typeof createApp>

type Sink = { next: (result: { data: unknown }) => void }

/** Puts the parts together: one connection, one cache, the histories, the outbox. Nothing is asked before `start`. */
export function createApp(session: Session) {
  const parley = createParley({ url: API, token: session.token, onTokenRefused: session.refused, print: stringifyDocument as (document: never) => string })
  const histories = new Map<string, History>()
  const drafts = createSignal()
  let sayings = 0
  let feed: Feed | null = null
  let outbox: Outbox | null = null
  const userId = session.userId() ?? ''

  // Events are read off the connection by the feed, in order and once; from there they go into the cache, a batch at a time.
  const sinks = new Set<Sink>()
  let waiting: ChatEvent[] = []
  function bring(batch: object): void {
    for (const sink of sinks) sink.next({ data: { events: { __typename: 'EventBatch', cursor: '', caughtUp: true, reset: null, events: [], ...batch } } })
  }
  function flush(): void {
    const events = waiting
    waiting = []
    bring({ events })
  }
  function apply(event: ChatEvent): void {
    if (waiting.push(event) === 1) queueMicrotask(flush)
    if (event.chatId !== null) histories.get(event.chatId)?.apply(event)
    if (event.__typename === 'MessagesErased' && event.chatId !== null) feed?.refetch([event.chatId])
    // Whoever comes (back) into a chat begins its history anew.
    const history = histories.get(event.chatId ?? '')
    const isBack = event.__typename === 'ChatAdded' || (event.__typename === 'MessageAdded' && history?.run().state === 'gone')
    if (isBack && history !== undefined) feed?.owe(() => history.open())
    if (event.__typename === 'UserChanged') {
      const { user } = event
      for (const history of histories.values()) history.rename(user)
      // A direct chat bears the other's name.
      if (user.id !== userId) feed?.owe(() => ask(DirectChat, { userId: user.id }))
    }
    if (event.__typename === 'MessageAdded') {
      typing.over(event.chatId ?? '', event.message.sender?.id ?? '')
      if (event.message.sender?.id !== userId) {
        received(event.chatId ?? '', event.message.id)
        if (feed?.caughtUp !== false) notices.tell(event.message, event.chat)
      }
    }
  }

  /** One mark per chat, however many messages came at once. */
  const arrived = new Map<string, string>()
  function received(chatId: string, messageId: string): void {
    if (arrived.size === 0) setTimeout(markArrived, 50)
    arrived.set(chatId, messageId)
  }
  function markArrived(): void {
    const ids = [...arrived.values()]
    arrived.clear()
    for (const messageId of ids) void parley.request(deeds.MarkDelivered, { input: { messageId } }).catch(() => undefined)
  }

  /** Answers to questions that events have overtaken: those are put on top once more. */
  const asked = new Map<number, ReturnType<Feed['asking']>>()
  async function signedFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const send = async (token: string | null) => {
      const headers = new Headers(init.headers)
      if (token !== null) headers.set('authorization', `Bearer ${token}`)
      return fetch(input, { ...init, headers })
    }
    const first = await session.token()
    const response = await send(first)
    if (response.status !== 401 || first === null) return response
    session.refused(first)
    return send(await session.token())
  }
  const client = new Client({
    url: API,
    preferGetMethod: false,
    fetch: signedFetch,
    exchanges: [
      mapExchange({
        onOperation: ({ kind, key }) => {
          if (kind === 'query' && feed !== null) asked.set(key, feed.asking())
        },
        onResult: ({ operation: { key }, data }) => {
          const answered = asked.get(key)
          asked.delete(key)
          if (answered !== undefined && data !== undefined) answered(chatsIn(data as object))
        },
      }),
      createCache({ userId, fetchChat: (id) => void feed?.owe(() => ask(Chat, { id })) }),
      fetchExchange,
      subscriptionExchange({
        // The one subscription of the cache is what the feed brings; others have stores of their own.
        forwardSubscription: () => ({
          subscribe(sink) {
            sinks.add(sink as Sink)
            return { unsubscribe: () => sinks.delete(sink as Sink) }
          },
        }),
      }),
    ],
  })

  /** Asks the server, whatever the cache has. @throws where there is no answer. */
  async function ask<R, V extends AnyVariables>(document: TypedDocumentNode<R, V>, variables: V): Promise<R> {
    const { data, error } = await client.query(document, variables, { requestPolicy: 'network-only' }).toPromise()
    if (data === undefined) throw error ?? new Error('The server gave no answer.')
    return data
  }

  function historyOf(chatId: string): History {
    const there = histories.get(chatId)
    if (there !== undefined) return there
    const history = new History(chatId, async (variables) => {
      const answered = feed?.asking()
      const { chat } = await parley.request(HistoryQuery, variables)
      return { chat, shown: () => chat !== null && answered?.([chat]) }
    })
    histories.set(chatId, history)
    return history
  }

  const announce: Announce = async (input) => (await parley.request(deeds.CreateUpload, { input })).createUpload
  const askLinks = (ids: string[]) => parley.request(Links, { ids })
  const parcels = createParcels({ announce, send: (said) => outbox?.send(said) })

  const typing = createTyping(parley.socket, userId)
  const presence = createPresence(parley.socket)
  const notices = createNotices(userId)
  let listening: { unsubscribe(): void } | null = null

  return {
    userId,
    client,
    connection: parley.connection,
    typing,
    presence,
    notices,
    historyOf,
    announce,
    parcels,
    links: createLinks(askLinks),
    faces: createFaces(askLinks),

    /** Reads the start and listens from there on. @throws where the server does not answer. */
    async start(): Promise<Me | null> {
      const { me, eventCursor, chats } = await ask(Start, { first: PAGE, after: null, filter: filterOf('all') })
      if (me === null) {
        session.end()
        return null
      }
      listening ??= client.subscription(Events, {}).subscribe(() => undefined)
      feed ??= parley.feed({
        document: formatDocument(Events) as typeof Events,
        startAt: eventCursor,
        apply: apply as (event: object) => void,
        forget(chatIds) {
          flush()
          // Of single chats every part is fetched again, over what is there.
          if (chatIds === null) bring({ reset: { __typename: 'EventReset', reason: 'INVALID_CURSOR', chatIds } })
        },
        async fetch(chatIds) {
          if (chatIds === null) await ask(Start, { first: PAGE, after: null, filter: filterOf('all') })
          else for (const id of chatIds) await ask(Chat, { id })
          await Promise.all([...histories].filter(([id]) => chatIds?.includes(id) ?? true).map(([, history]) => history.open()))
        },
        onEnd: session.end,
      })
      outbox ??= parley.outbox({
        userId: me.id,
        changed: () => {
          sayings++
          drafts.tell()
        },
      })
      typing.start()
      for (const { node } of chats.edges) if (isNew(node, me.id)) received(node.id, node.lastMessage?.id ?? '')
      return me
    },

    /** What was said and is not among the messages yet. */
    outbox: {
      subscribe: drafts.subscribe,
      version: () => sayings,
      get here() {
        if (outbox === null) throw new Error('Nothing can be said before the start.')
        return outbox
      },
    },

    /** Does a mutation; answers what was wrong, and an error of its own where the server could not be asked. */
    async act<R extends { deed: { errors: readonly FaultFragment[] } }, V extends AnyVariables>(document: TypedDocumentNode<R, V>, variables: V): Promise<{ data: R['deed'] | null; faults: readonly FaultFragment[] }> {
      const { data } = await client.mutation(document, variables).toPromise()
      if (data === undefined) return { data: null, faults: [{ __typename: 'NotAllowed', code: 'NOT_ALLOWED', message: '', path: ['away'] }] }
      return { data: data.deed, faults: data.deed.errors }
    },

    /** Mutations that nobody waits for, such as marks. */
    tell: parley.request,

    /** Asks past the cache, for what one part of the page looks at alone. @throws where there is no answer. */
    ask: parley.request,

    stop(): void {
      typing.stop()
      presence.stop()
      parcels.stop()
      listening?.unsubscribe()
      parley.close()
    },
  }
}

function isNew({ lastMessage, viewerMember }: ChatPartsFragment, userId: string): boolean {
  return lastMessage !== null && lastMessage.sender?.id !== userId && lastMessage.number > (viewerMember?.deliveredUpTo ?? 0)
}

/** The chats of an answer, by which one knows how old it is. */
function chatsIn(data: { chat?: unknown; directChat?: unknown; chats?: unknown }): { id: string; seq: number }[] {
  const edges = (data.chats as { edges?: { node: unknown }[] } | undefined)?.edges ?? []
  const all = [data.chat, data.directChat, ...edges.map(({ node }) => node)] as ({ id: string; seq?: number } | null | undefined)[]
  return all.flatMap((chat) => (chat?.seq === undefined ? [] : [{ id: chat.id, seq: chat.seq }]))
}
