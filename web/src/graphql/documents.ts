import { graphql } from '../generated/gql.ts'

// Everything that the client asks for, typed by `npm run generate`.

export const PersonParts = graphql(`fragment PersonParts on User { id username displayName deletedAt }`)

export const MessageParts = graphql(`
  fragment MessageParts on Message {
    id seq number cursor clientId kind text revision createdAt editedAt deletedAt pinnedAt forwarded
    sender { __typename id displayName }
    location { name address latitude longitude }
    mentions { id username displayName }
    reactions { emoji count viewerReacted }
    replyTo { id number text kind deletedAt sender { __typename id displayName } }
  }
`)

/** What events bring of a chat too, so nothing that is dear to read. */
export const ChatParts = graphql(`
  fragment ChatParts on Chat {
    id seq kind title description memberCount unreadCount unreadMentionCount lastActivityAt deliveredUpTo readUpTo
    lastMessage { ...MessageParts }
    viewerMember { id role pinned archived mutedUntil readUpTo deliveredUpTo }
  }
`)

/** A line of the list: with the other person of a direct chat, whose presence is shown. */
export const ChatLineParts = graphql(`
  fragment ChatLineParts on Chat {
    ...ChatParts
    members(first: 2) { nodes { id user { ...PersonParts } } }
  }
`)

export const Fault = graphql(`fragment Fault on UserError { __typename code message path }`)

export const Start = graphql(`
  query Start($first: Int!, $after: String, $filter: ChatFilter) {
    eventCursor
    me { ...PersonParts email bio presence { state availability statusText } }
    chats(first: $first, after: $after, filter: $filter) {
      edges { cursor node { ...ChatLineParts } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
`)

export const Chats = graphql(`
  query Chats($first: Int!, $after: String, $filter: ChatFilter) {
    chats(first: $first, after: $after, filter: $filter) {
      edges { cursor node { ...ChatLineParts } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
  }
`)

export const Chat = graphql(`query Chat($id: ID!) { chat(id: $id) { ...ChatLineParts } }`)

export const DirectChat = graphql(`query DirectChat($userId: ID!) { directChat(userId: $userId) { ...ChatLineParts } }`)

export const History = graphql(`
  query History($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) {
    chat(id: $chatId) {
      id
      seq
      messages(first: $first, after: $after, last: $last, before: $before, around: $around) {
        nodes { ...MessageParts }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`)

export const Events = graphql(`
  subscription Events {
    events {
      cursor
      caughtUp
      reset { reason chatIds }
      events {
        __typename
        chatId
        seq
        ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }
        ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }
        ... on MessagesErased { chat { ...ChatParts } }
        ... on ChatAdded { chat { ...ChatParts } }
        ... on ChatChanged { chat { ...ChatParts } }
        ... on MemberAdded { chat { ...ChatParts } }
        ... on MemberChanged { memberId member { id role pinned archived mutedUntil } chat { ...ChatParts } }
        ... on MemberRemoved { memberId chat { ...ChatParts } }
        ... on ReceiptsChanged { chat { ...ChatParts } }
        ... on UserChanged { user { ...PersonParts bio } }
      }
    }
  }
`)

export const Typing = graphql(`subscription Typing { typing { chatId typing actor { __typename id displayName } } }`)
export const Presences = graphql(`
  subscription Presences($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } presence { state availability statusText lastSeenAt } } }
`)

export const SearchMessages = graphql(`
  query SearchMessages($query: String!, $chatId: ID, $first: Int!) {
    searchMessages(query: $query, chatId: $chatId, first: $first) {
      edges { snippet highlights { start end } node { id number createdAt sender { __typename id displayName } chat { id title } } }
    }
  }
`)

export const People = graphql(`
  query People($search: String, $first: Int!) { users(search: $search, first: $first) { nodes { ...PersonParts } } }
`)

export const Person = graphql(`query Person($id: ID!) { user(id: $id) { ...PersonParts bio createdAt } }`)

export const Members = graphql(`
  query Members($chatId: ID!, $after: String) {
    chat(id: $chatId) {
      id
      invite { code url }
      members(first: 100, after: $after) {
        nodes { id role joinedAt user { ...PersonParts } }
        pageInfo { hasNextPage endCursor }
        totalCount
      }
    }
  }
`)

export const Pinned = graphql(`query Pinned($chatId: ID!) { chat(id: $chatId) { id pinnedMessages { ...MessageParts } } }`)
export const Receipts = graphql(`
  query Receipts($messageId: ID!) {
    message(id: $messageId) { id receipts(first: 100) { edges { node { readAt deliveredAt user { ...PersonParts } } } } }
  }
`)

export const Account = graphql(`
  query Account {
    me {
      ...PersonParts email bio
      presence { state availability statusText }
      sessions { id createdAt lastUsedAt userAgent current }
      blockedUsers(first: 100) { nodes { ...PersonParts } }
    }
  }
`)
export const InvitePreview = graphql(`query InvitePreview($code: String!) { chatByInvite(code: $code) { title description memberCount } }`)
export const Server = graphql(`query Server { serverInfo { registrationOpen version maxTextLength } }`)
