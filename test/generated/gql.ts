/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      user { id displayName }\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n  fragment Fault on UserError { __typename code path }\n": typeof types.RegisterDocument,
    "\n  mutation Login($input: LoginInput!) {\n    login(input: $input) {\n      user { id displayName }\n      accessToken\n      errors { ...Fault }\n    }\n  }\n": typeof types.LoginDocument,
    "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n": typeof types.RefreshDocument,
    "\n  query Me {\n    me { id username displayName email }\n  }\n": typeof types.MeDocument,
    "\n  query Chats($first: Int!, $after: String) {\n    eventCursor\n    chats(first: $first, after: $after) {\n      edges { cursor node { id title kind unreadCount lastMessage { ...MessageParts } } }\n      pageInfo { ...PageParts }\n    }\n  }\n  fragment PageParts on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n": typeof types.ChatsDocument,
    "\n  query History($chatId: ID!, $last: Int, $before: String) {\n    chat(id: $chatId) {\n      id\n      messages(last: $last, before: $before) {\n        edges { cursor node { ...MessageParts } }\n        pageInfo { ...PageParts }\n      }\n    }\n  }\n  fragment MessageParts on Message { id number text revision editedAt deletedAt sender { ... on Actor { id displayName } } }\n": typeof types.HistoryDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message { ...MessageParts }\n      duplicate\n      errors { ...Fault }\n    }\n  }\n": typeof types.SendMessageDocument,
    "\n  subscription Events($after: String, $chatId: ID) {\n    events(after: $after, chatId: $chatId) {\n      cursor\n      caughtUp\n      reset { reason }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { id unreadCount } }\n        ... on MessageChanged { change message { ...MessageParts } }\n      }\n    }\n  }\n": typeof types.EventsDocument,
    "\n  subscription MessageAdded($chatId: ID!) {\n    messageAdded(chatId: $chatId) { ...MessageParts }\n  }\n": typeof types.MessageAddedDocument,
    "\n  mutation EditMessage($input: EditMessageInput!) {\n    editMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n": typeof types.EditMessageDocument,
    "\n  mutation DeleteMessage($input: DeleteMessageInput!) {\n    deleteMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n": typeof types.DeleteMessageDocument,
};
const documents: Documents = {
    "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      user { id displayName }\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n  fragment Fault on UserError { __typename code path }\n": types.RegisterDocument,
    "\n  mutation Login($input: LoginInput!) {\n    login(input: $input) {\n      user { id displayName }\n      accessToken\n      errors { ...Fault }\n    }\n  }\n": types.LoginDocument,
    "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n": types.RefreshDocument,
    "\n  query Me {\n    me { id username displayName email }\n  }\n": types.MeDocument,
    "\n  query Chats($first: Int!, $after: String) {\n    eventCursor\n    chats(first: $first, after: $after) {\n      edges { cursor node { id title kind unreadCount lastMessage { ...MessageParts } } }\n      pageInfo { ...PageParts }\n    }\n  }\n  fragment PageParts on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n": types.ChatsDocument,
    "\n  query History($chatId: ID!, $last: Int, $before: String) {\n    chat(id: $chatId) {\n      id\n      messages(last: $last, before: $before) {\n        edges { cursor node { ...MessageParts } }\n        pageInfo { ...PageParts }\n      }\n    }\n  }\n  fragment MessageParts on Message { id number text revision editedAt deletedAt sender { ... on Actor { id displayName } } }\n": types.HistoryDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message { ...MessageParts }\n      duplicate\n      errors { ...Fault }\n    }\n  }\n": types.SendMessageDocument,
    "\n  subscription Events($after: String, $chatId: ID) {\n    events(after: $after, chatId: $chatId) {\n      cursor\n      caughtUp\n      reset { reason }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { id unreadCount } }\n        ... on MessageChanged { change message { ...MessageParts } }\n      }\n    }\n  }\n": types.EventsDocument,
    "\n  subscription MessageAdded($chatId: ID!) {\n    messageAdded(chatId: $chatId) { ...MessageParts }\n  }\n": types.MessageAddedDocument,
    "\n  mutation EditMessage($input: EditMessageInput!) {\n    editMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n": types.EditMessageDocument,
    "\n  mutation DeleteMessage($input: DeleteMessageInput!) {\n    deleteMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n": types.DeleteMessageDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      user { id displayName }\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n  fragment Fault on UserError { __typename code path }\n"): (typeof documents)["\n  mutation Register($input: RegisterInput!) {\n    register(input: $input) {\n      user { id displayName }\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n  fragment Fault on UserError { __typename code path }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Login($input: LoginInput!) {\n    login(input: $input) {\n      user { id displayName }\n      accessToken\n      errors { ...Fault }\n    }\n  }\n"): (typeof documents)["\n  mutation Login($input: LoginInput!) {\n    login(input: $input) {\n      user { id displayName }\n      accessToken\n      errors { ...Fault }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n"): (typeof documents)["\n  mutation Refresh($input: RefreshSessionInput!) {\n    refreshSession(input: $input) {\n      accessToken\n      refreshToken\n      errors { ...Fault }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me { id username displayName email }\n  }\n"): (typeof documents)["\n  query Me {\n    me { id username displayName email }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Chats($first: Int!, $after: String) {\n    eventCursor\n    chats(first: $first, after: $after) {\n      edges { cursor node { id title kind unreadCount lastMessage { ...MessageParts } } }\n      pageInfo { ...PageParts }\n    }\n  }\n  fragment PageParts on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n"): (typeof documents)["\n  query Chats($first: Int!, $after: String) {\n    eventCursor\n    chats(first: $first, after: $after) {\n      edges { cursor node { id title kind unreadCount lastMessage { ...MessageParts } } }\n      pageInfo { ...PageParts }\n    }\n  }\n  fragment PageParts on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query History($chatId: ID!, $last: Int, $before: String) {\n    chat(id: $chatId) {\n      id\n      messages(last: $last, before: $before) {\n        edges { cursor node { ...MessageParts } }\n        pageInfo { ...PageParts }\n      }\n    }\n  }\n  fragment MessageParts on Message { id number text revision editedAt deletedAt sender { ... on Actor { id displayName } } }\n"): (typeof documents)["\n  query History($chatId: ID!, $last: Int, $before: String) {\n    chat(id: $chatId) {\n      id\n      messages(last: $last, before: $before) {\n        edges { cursor node { ...MessageParts } }\n        pageInfo { ...PageParts }\n      }\n    }\n  }\n  fragment MessageParts on Message { id number text revision editedAt deletedAt sender { ... on Actor { id displayName } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message { ...MessageParts }\n      duplicate\n      errors { ...Fault }\n    }\n  }\n"): (typeof documents)["\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      message { ...MessageParts }\n      duplicate\n      errors { ...Fault }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Events($after: String, $chatId: ID) {\n    events(after: $after, chatId: $chatId) {\n      cursor\n      caughtUp\n      reset { reason }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { id unreadCount } }\n        ... on MessageChanged { change message { ...MessageParts } }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription Events($after: String, $chatId: ID) {\n    events(after: $after, chatId: $chatId) {\n      cursor\n      caughtUp\n      reset { reason }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { id unreadCount } }\n        ... on MessageChanged { change message { ...MessageParts } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription MessageAdded($chatId: ID!) {\n    messageAdded(chatId: $chatId) { ...MessageParts }\n  }\n"): (typeof documents)["\n  subscription MessageAdded($chatId: ID!) {\n    messageAdded(chatId: $chatId) { ...MessageParts }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation EditMessage($input: EditMessageInput!) {\n    editMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n"): (typeof documents)["\n  mutation EditMessage($input: EditMessageInput!) {\n    editMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteMessage($input: DeleteMessageInput!) {\n    deleteMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteMessage($input: DeleteMessageInput!) {\n    deleteMessage(input: $input) {\n      message { ...MessageParts }\n      errors { ...Fault }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;