import { graphql } from '../generated/index.ts'

export const Register = graphql(`
  mutation Register($input: RegisterInput!) {
    register(input: $input) {
      user { id displayName }
      accessToken
      refreshToken
      errors { ...Fault }
    }
  }
  fragment Fault on UserError { __typename code path }
`)

export const Login = graphql(`
  mutation Login($input: LoginInput!) {
    login(input: $input) {
      user { id displayName }
      accessToken
      errors { ...Fault }
    }
  }
`)

export const Refresh = graphql(`
  mutation Refresh($input: RefreshSessionInput!) {
    refreshSession(input: $input) {
      accessToken
      refreshToken
      errors { ...Fault }
    }
  }
`)

export const Me = graphql(`
  query Me {
    me { id username displayName email }
  }
`)

/** The list to begin with, and the cursor from which events continue it. */
export const Chats = graphql(`
  query Chats($first: Int!, $after: String) {
    eventCursor
    chats(first: $first, after: $after) {
      edges { cursor node { id title kind unreadCount lastMessage { ...MessageParts } } }
      pageInfo { ...PageParts }
    }
  }
  fragment PageParts on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }
`)

/** A page of a chat's history; the sender is read by what users and contacts share. */
export const History = graphql(`
  query History($chatId: ID!, $last: Int, $before: String) {
    chat(id: $chatId) {
      id
      messages(last: $last, before: $before) {
        edges { cursor node { ...MessageParts } }
        pageInfo { ...PageParts }
      }
    }
  }
  fragment MessageParts on Message { id number text revision editedAt deletedAt sender { ... on Actor { id displayName } } }
`)

export const SendMessage = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      message { ...MessageParts }
      duplicate
      errors { ...Fault }
    }
  }
`)

export const Events = graphql(`
  subscription Events($after: String, $chatId: ID) {
    events(after: $after, chatId: $chatId) {
      cursor
      caughtUp
      reset { reason }
      events {
        __typename
        chatId
        seq
        ... on MessageAdded { message { ...MessageParts } chat { id unreadCount } }
        ... on MessageChanged { change message { ...MessageParts } }
      }
    }
  }
`)

export const MessageAdded = graphql(`
  subscription MessageAdded($chatId: ID!) {
    messageAdded(chatId: $chatId) { ...MessageParts }
  }
`)

export const EditMessage = graphql(`
  mutation EditMessage($input: EditMessageInput!) {
    editMessage(input: $input) {
      message { ...MessageParts }
      errors { ...Fault }
    }
  }
`)

export const DeleteMessage = graphql(`
  mutation DeleteMessage($input: DeleteMessageInput!) {
    deleteMessage(input: $input) {
      message { ...MessageParts }
      errors { ...Fault }
    }
  }
`)
