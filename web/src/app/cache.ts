import { gql } from 'urql'
import { keys, possibleTypes } from 'parley/client'
import { cacheExchange } from '@urql/exchange-graphcache'
import type { Cache } from '@urql/exchange-graphcache'
import { relayPagination } from '@urql/exchange-graphcache/extras'
import type { ChatFilter, ChatLinePartsFragment, ChatPartsFragment, EventsSubscription } from '../generated/graphql.ts'
import { matches } from '../list/filters.ts'

export type ChatEvent = EventsSubscription['events']['events'][number]

/** What the cache needs done that it cannot do alone. */
export interface CacheDuties {
  /** Who is signed in. */
  userId: string
  /** A chat has come that no list holds yet: it is to be fetched as the lists show it. */
  fetchChat(chatId: string): void
}

const NewChatEdge = gql`fragment NewChatEdge on ChatEdge { cursor node { id } }`

const keyOf = (chatId: string) => ({ __typename: 'Chat' as const, id: chatId })

/** A chat that a list has brought need not be asked for. */
function knownChat(_query: unknown, args: { id: string }, cache: Cache) {
  const answered = cache.resolve('Query', 'chat', args)
  if (answered !== undefined) return answered as string | null
  return cache.resolve(keyOf(args.id), 'lastActivityAt') == null ? undefined : keyOf(args.id)
}

/**
 * The state of everything but the histories: chats, people, members. Events come in as results of the subscription, so what they hold is written
 * over what was there by itself; here is what remains, the lists.
 */
export function createCache({ fetchChat, userId }: CacheDuties) {
  const listsOf = (cache: Cache) =>
    cache.inspectFields('Query').flatMap(({ fieldName, fieldKey, arguments: args }) => {
      const page = fieldName === 'chats' ? cache.resolve('Query', fieldKey) : null
      return typeof page === 'string' ? [{ page, args: args as { after?: string; filter?: ChatFilter } | null, edges: (cache.resolve(page, 'edges') as string[] | null) ?? [] }] : []
    })

  const nameOf = ({ args }: { args: { filter?: ChatFilter } | null }) => JSON.stringify(args?.filter ?? null)

  function list(cache: Cache, chat: ChatPartsFragment): void {
    const edge = `ChatEdge:${chat.id}`
    const isWhole = cache.inspectFields(keyOf(chat.id)).some(({ fieldName }) => fieldName === 'members')
    const lists = listsOf(cache)
    for (const name of new Set(lists.map(nameOf))) {
      const pages = lists.filter((page) => nameOf(page) === name)
      const first = pages.find(({ args }) => args?.after == null)
      if (first === undefined || pages.some(({ edges }) => edges.includes(edge)) || !matches(chat, first.args?.filter ?? {}, userId)) continue
      if (!isWhole) {
        fetchChat(chat.id)
        return
      }
      cache.writeFragment(NewChatEdge, { __typename: 'ChatEdge', cursor: '', node: keyOf(chat.id) })
      cache.link(first.page, 'edges', [edge, ...first.edges])
    }
  }

  function unlist(cache: Cache, chatId: string): void {
    for (const { page, edges } of listsOf(cache)) if (edges.includes(`ChatEdge:${chatId}`)) cache.link(page, 'edges', edges.filter((edge) => edge !== `ChatEdge:${chatId}`))
  }

  /** Whoever shows such a field has it fetched again; but not the whole list for the one face in each of its lines. */
  function stale(cache: Cache, chatId: string, ...names: string[]): void {
    for (const { fieldName, arguments: args } of cache.inspectFields(keyOf(chatId))) if (names.includes(fieldName) && args?.first !== 2) cache.invalidate(keyOf(chatId), fieldName, args ?? undefined)
  }

  /** Which chats there are may have changed: whoever shows a list or a chat has it fetched again. */
  function forgetChats(cache: Cache): void {
    const ids = listsOf(cache).flatMap(({ edges }) => edges.map((edge) => edge.slice('ChatEdge:'.length)))
    for (const { fieldName, arguments: args } of cache.inspectFields('Query')) {
      if (fieldName === 'chat') ids.push(String(args?.id))
      if (fieldName === 'chat' || fieldName === 'chats') cache.invalidate('Query', fieldName, args ?? undefined)
    }
    for (const id of new Set(ids)) cache.invalidate(keyOf(id))
  }

  function place(cache: Cache, event: ChatEvent): void {
    if ('chat' in event && event.chat != null) list(cache, event.chat)
    if (event.chatId === null) return
    switch (event.__typename) {
      case 'ChatRemoved':
        unlist(cache, event.chatId)
        cache.invalidate(keyOf(event.chatId))
        break
      case 'MessageChanged':
        if (event.change === 'PINNED' || event.change === 'DELETED') stale(cache, event.chatId, 'pinnedMessages')
        break
      case 'MemberAdded':
      case 'MemberRemoved':
        stale(cache, event.chatId, 'members', 'activeMembers')
        break
      case 'MemberChanged':
      case 'ChatChanged':
        stale(cache, event.chatId, 'invite')
        break
      case 'MessageAdded':
      case 'MessagesErased':
      case 'ChatAdded':
      case 'ReceiptsChanged':
      case 'UserChanged':
        // All that they change they hold.
        break
    }
  }

  function listNew(data: object, _args: unknown, cache: Cache): void {
    const { deed } = data as { deed?: { chat: ChatLinePartsFragment | null } }
    if (deed?.chat != null) list(cache, deed.chat)
  }

  return cacheExchange({
    possibleTypes,
    keys: { ...keys, ChatEdge: (edge) => (edge.node as { id: string }).id },
    resolvers: { Query: { chats: relayPagination(), chat: knownChat } },
    updates: {
      Subscription: {
        events(data, _args, cache) {
          const { reset, events } = (data as EventsSubscription).events
          if (reset !== null) forgetChats(cache)
          for (const event of events) place(cache, event)
        },
      },
      Query: {
        chat(data, _args, cache) {
          const { chat } = data as { chat: Partial<ChatLinePartsFragment> | null }
          // Only those that were asked for as the lists show them.
          if (chat?.lastActivityAt !== undefined) list(cache, chat as ChatLinePartsFragment)
        },
      },
      Mutation: { createDirectChat: listNew, startWhatsAppChat: listNew, createGroupChat: listNew, joinChat: listNew },
    },
    logger: (severity, message) => {
      if (severity === 'error') console.error(message)
    },
  })
}
