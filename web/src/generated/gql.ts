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
    "\n  mutation Register($input: RegisterInput!) { register(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": typeof types.RegisterDocument,
    "\n  mutation Login($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": typeof types.LoginDocument,
    "\n  mutation Refresh { refreshSession(input: {}) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": typeof types.RefreshDocument,
    "mutation Logout { logout { errors { ...Fault } } }": typeof types.LogoutDocument,
    "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { ...Fault } } }": typeof types.SendDocument,
    "mutation Edit($input: EditMessageInput!) { deed: editMessage(input: $input) { errors { ...Fault } } }": typeof types.EditDocument,
    "mutation Delete($input: DeleteMessageInput!) { deed: deleteMessage(input: $input) { errors { ...Fault } } }": typeof types.DeleteDocument,
    "mutation React($input: AddReactionInput!) { deed: addReaction(input: $input) { errors { ...Fault } } }": typeof types.ReactDocument,
    "mutation Unreact($input: RemoveReactionInput!) { deed: removeReaction(input: $input) { errors { ...Fault } } }": typeof types.UnreactDocument,
    "mutation Pin($input: PinMessageInput!) { deed: pinMessage(input: $input) { errors { ...Fault } } }": typeof types.PinDocument,
    "mutation Unpin($input: UnpinMessageInput!) { deed: unpinMessage(input: $input) { errors { ...Fault } } }": typeof types.UnpinDocument,
    "mutation MarkRead($input: MarkReadInput!) { deed: markRead(input: $input) { errors { ...Fault } } }": typeof types.MarkReadDocument,
    "mutation MarkDelivered($input: MarkDeliveredInput!) { deed: markDelivered(input: $input) { errors { ...Fault } } }": typeof types.MarkDeliveredDocument,
    "mutation SetTyping($input: SetTypingInput!) { deed: setTyping(input: $input) { errors { ...Fault } } }": typeof types.SetTypingDocument,
    "mutation CreateDirect($input: CreateDirectChatInput!) { deed: createDirectChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": typeof types.CreateDirectDocument,
    "mutation CreateGroup($input: CreateGroupChatInput!) { deed: createGroupChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": typeof types.CreateGroupDocument,
    "mutation UpdateChat($input: UpdateChatInput!) { deed: updateChat(input: $input) { chat { id title description } errors { ...Fault } } }": typeof types.UpdateChatDocument,
    "\n  mutation UpdateChatSettings($input: UpdateChatSettingsInput!) { deed: updateChatSettings(input: $input) { chat { id viewerMember { id pinned archived mutedUntil } } errors { ...Fault } } }\n": typeof types.UpdateChatSettingsDocument,
    "mutation DeleteChat($input: DeleteChatInput!) { deed: deleteChat(input: $input) { errors { ...Fault } } }": typeof types.DeleteChatDocument,
    "mutation LeaveChat($input: LeaveChatInput!) { deed: leaveChat(input: $input) { errors { ...Fault } } }": typeof types.LeaveChatDocument,
    "mutation AddMembers($input: AddMembersInput!) { deed: addMembers(input: $input) { errors { ...Fault } } }": typeof types.AddMembersDocument,
    "mutation RemoveMember($input: RemoveMemberInput!) { deed: removeMember(input: $input) { errors { ...Fault } } }": typeof types.RemoveMemberDocument,
    "mutation SetMemberRole($input: SetMemberRoleInput!) { deed: setMemberRole(input: $input) { errors { ...Fault } } }": typeof types.SetMemberRoleDocument,
    "mutation CreateInvite($input: CreateInviteInput!) { deed: createInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }": typeof types.CreateInviteDocument,
    "mutation RevokeInvite($input: RevokeInviteInput!) { deed: revokeInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }": typeof types.RevokeInviteDocument,
    "mutation JoinChat($input: JoinChatInput!) { deed: joinChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": typeof types.JoinChatDocument,
    "mutation UpdateProfile($input: UpdateProfileInput!) { deed: updateProfile(input: $input) { user { ...PersonParts email bio } errors { ...Fault } } }": typeof types.UpdateProfileDocument,
    "mutation SetPresence($input: SetPresenceInput!) { deed: setPresence(input: $input) { user { id presence { state availability statusText } } errors { ...Fault } } }": typeof types.SetPresenceDocument,
    "mutation ChangePassword($input: ChangePasswordInput!) { deed: changePassword(input: $input) { errors { ...Fault } } }": typeof types.ChangePasswordDocument,
    "mutation DeleteAccount($input: DeleteAccountInput!) { deed: deleteAccount(input: $input) { errors { ...Fault } } }": typeof types.DeleteAccountDocument,
    "mutation RevokeSession($input: RevokeSessionInput!) { deed: revokeSession(input: $input) { revokedSessionId errors { ...Fault } } }": typeof types.RevokeSessionDocument,
    "mutation RevokeOthers { deed: revokeOtherSessions { revokedCount errors { ...Fault } } }": typeof types.RevokeOthersDocument,
    "mutation Block($input: BlockUserInput!) { deed: blockUser(input: $input) { user { id } errors { ...Fault } } }": typeof types.BlockDocument,
    "mutation Unblock($input: UnblockUserInput!) { deed: unblockUser(input: $input) { user { id } errors { ...Fault } } }": typeof types.UnblockDocument,
    "fragment PersonParts on User { id username displayName deletedAt }": typeof types.PersonPartsFragmentDoc,
    "\n  fragment MessageParts on Message {\n    id seq number cursor clientId kind text revision createdAt editedAt deletedAt pinnedAt forwarded\n    sender { __typename id displayName }\n    location { name address latitude longitude }\n    mentions { id username displayName }\n    reactions { emoji count viewerReacted }\n    replyTo { id number text kind deletedAt sender { __typename id displayName } }\n  }\n": typeof types.MessagePartsFragmentDoc,
    "\n  fragment ChatParts on Chat {\n    id seq kind title description memberCount unreadCount unreadMentionCount lastActivityAt deliveredUpTo readUpTo\n    lastMessage { ...MessageParts }\n    viewerMember { id role pinned archived mutedUntil readUpTo deliveredUpTo }\n  }\n": typeof types.ChatPartsFragmentDoc,
    "\n  fragment ChatLineParts on Chat {\n    ...ChatParts\n    members(first: 2) { nodes { id user { ...PersonParts } } }\n  }\n": typeof types.ChatLinePartsFragmentDoc,
    "fragment Fault on UserError { __typename code message path }": typeof types.FaultFragmentDoc,
    "\n  query Start($first: Int!, $after: String, $filter: ChatFilter) {\n    eventCursor\n    me { ...PersonParts email bio presence { state availability statusText } }\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n": typeof types.StartDocument,
    "\n  query Chats($first: Int!, $after: String, $filter: ChatFilter) {\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n": typeof types.ChatsDocument,
    "query Chat($id: ID!) { chat(id: $id) { ...ChatLineParts } }": typeof types.ChatDocument,
    "query DirectChat($userId: ID!) { directChat(userId: $userId) { ...ChatLineParts } }": typeof types.DirectChatDocument,
    "\n  query History($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) {\n    chat(id: $chatId) {\n      id\n      seq\n      messages(first: $first, after: $after, last: $last, before: $before, around: $around) {\n        nodes { ...MessageParts }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": typeof types.HistoryDocument,
    "\n  subscription Events {\n    events {\n      cursor\n      caughtUp\n      reset { reason chatIds }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessagesErased { chat { ...ChatParts } }\n        ... on ChatAdded { chat { ...ChatParts } }\n        ... on ChatChanged { chat { ...ChatParts } }\n        ... on MemberAdded { chat { ...ChatParts } }\n        ... on MemberChanged { memberId member { id role pinned archived mutedUntil } chat { ...ChatParts } }\n        ... on MemberRemoved { memberId chat { ...ChatParts } }\n        ... on ReceiptsChanged { chat { ...ChatParts } }\n        ... on UserChanged { user { ...PersonParts bio } }\n      }\n    }\n  }\n": typeof types.EventsDocument,
    "subscription Typing { typing { chatId typing actor { __typename id displayName } } }": typeof types.TypingDocument,
    "\n  subscription Presences($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } presence { state availability statusText lastSeenAt } } }\n": typeof types.PresencesDocument,
    "\n  query SearchMessages($query: String!, $chatId: ID, $first: Int!) {\n    searchMessages(query: $query, chatId: $chatId, first: $first) {\n      edges { snippet highlights { start end } node { id number createdAt sender { __typename id displayName } chat { id title } } }\n    }\n  }\n": typeof types.SearchMessagesDocument,
    "\n  query People($search: String, $first: Int!) { users(search: $search, first: $first) { nodes { ...PersonParts } } }\n": typeof types.PeopleDocument,
    "query Person($id: ID!) { user(id: $id) { ...PersonParts bio createdAt } }": typeof types.PersonDocument,
    "\n  query Members($chatId: ID!, $after: String) {\n    chat(id: $chatId) {\n      id\n      invite { code url }\n      members(first: 100, after: $after) {\n        nodes { id role joinedAt user { ...PersonParts } }\n        pageInfo { hasNextPage endCursor }\n        totalCount\n      }\n    }\n  }\n": typeof types.MembersDocument,
    "query Pinned($chatId: ID!) { chat(id: $chatId) { id pinnedMessages { ...MessageParts } } }": typeof types.PinnedDocument,
    "\n  query Receipts($messageId: ID!) {\n    message(id: $messageId) { id receipts(first: 100) { edges { node { readAt deliveredAt user { ...PersonParts } } } } }\n  }\n": typeof types.ReceiptsDocument,
    "\n  query Account {\n    me {\n      ...PersonParts email bio\n      presence { state availability statusText }\n      sessions { id createdAt lastUsedAt userAgent current }\n      blockedUsers(first: 100) { nodes { ...PersonParts } }\n    }\n  }\n": typeof types.AccountDocument,
    "query InvitePreview($code: String!) { chatByInvite(code: $code) { title description memberCount } }": typeof types.InvitePreviewDocument,
    "query Server { serverInfo { registrationOpen version maxTextLength } }": typeof types.ServerDocument,
};
const documents: Documents = {
    "\n  mutation Register($input: RegisterInput!) { register(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": types.RegisterDocument,
    "\n  mutation Login($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": types.LoginDocument,
    "\n  mutation Refresh { refreshSession(input: {}) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n": types.RefreshDocument,
    "mutation Logout { logout { errors { ...Fault } } }": types.LogoutDocument,
    "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { ...Fault } } }": types.SendDocument,
    "mutation Edit($input: EditMessageInput!) { deed: editMessage(input: $input) { errors { ...Fault } } }": types.EditDocument,
    "mutation Delete($input: DeleteMessageInput!) { deed: deleteMessage(input: $input) { errors { ...Fault } } }": types.DeleteDocument,
    "mutation React($input: AddReactionInput!) { deed: addReaction(input: $input) { errors { ...Fault } } }": types.ReactDocument,
    "mutation Unreact($input: RemoveReactionInput!) { deed: removeReaction(input: $input) { errors { ...Fault } } }": types.UnreactDocument,
    "mutation Pin($input: PinMessageInput!) { deed: pinMessage(input: $input) { errors { ...Fault } } }": types.PinDocument,
    "mutation Unpin($input: UnpinMessageInput!) { deed: unpinMessage(input: $input) { errors { ...Fault } } }": types.UnpinDocument,
    "mutation MarkRead($input: MarkReadInput!) { deed: markRead(input: $input) { errors { ...Fault } } }": types.MarkReadDocument,
    "mutation MarkDelivered($input: MarkDeliveredInput!) { deed: markDelivered(input: $input) { errors { ...Fault } } }": types.MarkDeliveredDocument,
    "mutation SetTyping($input: SetTypingInput!) { deed: setTyping(input: $input) { errors { ...Fault } } }": types.SetTypingDocument,
    "mutation CreateDirect($input: CreateDirectChatInput!) { deed: createDirectChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": types.CreateDirectDocument,
    "mutation CreateGroup($input: CreateGroupChatInput!) { deed: createGroupChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": types.CreateGroupDocument,
    "mutation UpdateChat($input: UpdateChatInput!) { deed: updateChat(input: $input) { chat { id title description } errors { ...Fault } } }": types.UpdateChatDocument,
    "\n  mutation UpdateChatSettings($input: UpdateChatSettingsInput!) { deed: updateChatSettings(input: $input) { chat { id viewerMember { id pinned archived mutedUntil } } errors { ...Fault } } }\n": types.UpdateChatSettingsDocument,
    "mutation DeleteChat($input: DeleteChatInput!) { deed: deleteChat(input: $input) { errors { ...Fault } } }": types.DeleteChatDocument,
    "mutation LeaveChat($input: LeaveChatInput!) { deed: leaveChat(input: $input) { errors { ...Fault } } }": types.LeaveChatDocument,
    "mutation AddMembers($input: AddMembersInput!) { deed: addMembers(input: $input) { errors { ...Fault } } }": types.AddMembersDocument,
    "mutation RemoveMember($input: RemoveMemberInput!) { deed: removeMember(input: $input) { errors { ...Fault } } }": types.RemoveMemberDocument,
    "mutation SetMemberRole($input: SetMemberRoleInput!) { deed: setMemberRole(input: $input) { errors { ...Fault } } }": types.SetMemberRoleDocument,
    "mutation CreateInvite($input: CreateInviteInput!) { deed: createInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }": types.CreateInviteDocument,
    "mutation RevokeInvite($input: RevokeInviteInput!) { deed: revokeInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }": types.RevokeInviteDocument,
    "mutation JoinChat($input: JoinChatInput!) { deed: joinChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }": types.JoinChatDocument,
    "mutation UpdateProfile($input: UpdateProfileInput!) { deed: updateProfile(input: $input) { user { ...PersonParts email bio } errors { ...Fault } } }": types.UpdateProfileDocument,
    "mutation SetPresence($input: SetPresenceInput!) { deed: setPresence(input: $input) { user { id presence { state availability statusText } } errors { ...Fault } } }": types.SetPresenceDocument,
    "mutation ChangePassword($input: ChangePasswordInput!) { deed: changePassword(input: $input) { errors { ...Fault } } }": types.ChangePasswordDocument,
    "mutation DeleteAccount($input: DeleteAccountInput!) { deed: deleteAccount(input: $input) { errors { ...Fault } } }": types.DeleteAccountDocument,
    "mutation RevokeSession($input: RevokeSessionInput!) { deed: revokeSession(input: $input) { revokedSessionId errors { ...Fault } } }": types.RevokeSessionDocument,
    "mutation RevokeOthers { deed: revokeOtherSessions { revokedCount errors { ...Fault } } }": types.RevokeOthersDocument,
    "mutation Block($input: BlockUserInput!) { deed: blockUser(input: $input) { user { id } errors { ...Fault } } }": types.BlockDocument,
    "mutation Unblock($input: UnblockUserInput!) { deed: unblockUser(input: $input) { user { id } errors { ...Fault } } }": types.UnblockDocument,
    "fragment PersonParts on User { id username displayName deletedAt }": types.PersonPartsFragmentDoc,
    "\n  fragment MessageParts on Message {\n    id seq number cursor clientId kind text revision createdAt editedAt deletedAt pinnedAt forwarded\n    sender { __typename id displayName }\n    location { name address latitude longitude }\n    mentions { id username displayName }\n    reactions { emoji count viewerReacted }\n    replyTo { id number text kind deletedAt sender { __typename id displayName } }\n  }\n": types.MessagePartsFragmentDoc,
    "\n  fragment ChatParts on Chat {\n    id seq kind title description memberCount unreadCount unreadMentionCount lastActivityAt deliveredUpTo readUpTo\n    lastMessage { ...MessageParts }\n    viewerMember { id role pinned archived mutedUntil readUpTo deliveredUpTo }\n  }\n": types.ChatPartsFragmentDoc,
    "\n  fragment ChatLineParts on Chat {\n    ...ChatParts\n    members(first: 2) { nodes { id user { ...PersonParts } } }\n  }\n": types.ChatLinePartsFragmentDoc,
    "fragment Fault on UserError { __typename code message path }": types.FaultFragmentDoc,
    "\n  query Start($first: Int!, $after: String, $filter: ChatFilter) {\n    eventCursor\n    me { ...PersonParts email bio presence { state availability statusText } }\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n": types.StartDocument,
    "\n  query Chats($first: Int!, $after: String, $filter: ChatFilter) {\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n": types.ChatsDocument,
    "query Chat($id: ID!) { chat(id: $id) { ...ChatLineParts } }": types.ChatDocument,
    "query DirectChat($userId: ID!) { directChat(userId: $userId) { ...ChatLineParts } }": types.DirectChatDocument,
    "\n  query History($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) {\n    chat(id: $chatId) {\n      id\n      seq\n      messages(first: $first, after: $after, last: $last, before: $before, around: $around) {\n        nodes { ...MessageParts }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": types.HistoryDocument,
    "\n  subscription Events {\n    events {\n      cursor\n      caughtUp\n      reset { reason chatIds }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessagesErased { chat { ...ChatParts } }\n        ... on ChatAdded { chat { ...ChatParts } }\n        ... on ChatChanged { chat { ...ChatParts } }\n        ... on MemberAdded { chat { ...ChatParts } }\n        ... on MemberChanged { memberId member { id role pinned archived mutedUntil } chat { ...ChatParts } }\n        ... on MemberRemoved { memberId chat { ...ChatParts } }\n        ... on ReceiptsChanged { chat { ...ChatParts } }\n        ... on UserChanged { user { ...PersonParts bio } }\n      }\n    }\n  }\n": types.EventsDocument,
    "subscription Typing { typing { chatId typing actor { __typename id displayName } } }": types.TypingDocument,
    "\n  subscription Presences($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } presence { state availability statusText lastSeenAt } } }\n": types.PresencesDocument,
    "\n  query SearchMessages($query: String!, $chatId: ID, $first: Int!) {\n    searchMessages(query: $query, chatId: $chatId, first: $first) {\n      edges { snippet highlights { start end } node { id number createdAt sender { __typename id displayName } chat { id title } } }\n    }\n  }\n": types.SearchMessagesDocument,
    "\n  query People($search: String, $first: Int!) { users(search: $search, first: $first) { nodes { ...PersonParts } } }\n": types.PeopleDocument,
    "query Person($id: ID!) { user(id: $id) { ...PersonParts bio createdAt } }": types.PersonDocument,
    "\n  query Members($chatId: ID!, $after: String) {\n    chat(id: $chatId) {\n      id\n      invite { code url }\n      members(first: 100, after: $after) {\n        nodes { id role joinedAt user { ...PersonParts } }\n        pageInfo { hasNextPage endCursor }\n        totalCount\n      }\n    }\n  }\n": types.MembersDocument,
    "query Pinned($chatId: ID!) { chat(id: $chatId) { id pinnedMessages { ...MessageParts } } }": types.PinnedDocument,
    "\n  query Receipts($messageId: ID!) {\n    message(id: $messageId) { id receipts(first: 100) { edges { node { readAt deliveredAt user { ...PersonParts } } } } }\n  }\n": types.ReceiptsDocument,
    "\n  query Account {\n    me {\n      ...PersonParts email bio\n      presence { state availability statusText }\n      sessions { id createdAt lastUsedAt userAgent current }\n      blockedUsers(first: 100) { nodes { ...PersonParts } }\n    }\n  }\n": types.AccountDocument,
    "query InvitePreview($code: String!) { chatByInvite(code: $code) { title description memberCount } }": types.InvitePreviewDocument,
    "query Server { serverInfo { registrationOpen version maxTextLength } }": types.ServerDocument,
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
export function graphql(source: "\n  mutation Register($input: RegisterInput!) { register(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"): (typeof documents)["\n  mutation Register($input: RegisterInput!) { register(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Login($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"): (typeof documents)["\n  mutation Login($input: LoginInput!) { login(input: $input) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Refresh { refreshSession(input: {}) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"): (typeof documents)["\n  mutation Refresh { refreshSession(input: {}) { accessToken accessTokenExpiresAt user { id } errors { ...Fault } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Logout { logout { errors { ...Fault } } }"): (typeof documents)["mutation Logout { logout { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { ...Fault } } }"): (typeof documents)["mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Edit($input: EditMessageInput!) { deed: editMessage(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation Edit($input: EditMessageInput!) { deed: editMessage(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Delete($input: DeleteMessageInput!) { deed: deleteMessage(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation Delete($input: DeleteMessageInput!) { deed: deleteMessage(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation React($input: AddReactionInput!) { deed: addReaction(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation React($input: AddReactionInput!) { deed: addReaction(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Unreact($input: RemoveReactionInput!) { deed: removeReaction(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation Unreact($input: RemoveReactionInput!) { deed: removeReaction(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Pin($input: PinMessageInput!) { deed: pinMessage(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation Pin($input: PinMessageInput!) { deed: pinMessage(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Unpin($input: UnpinMessageInput!) { deed: unpinMessage(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation Unpin($input: UnpinMessageInput!) { deed: unpinMessage(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation MarkRead($input: MarkReadInput!) { deed: markRead(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation MarkRead($input: MarkReadInput!) { deed: markRead(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation MarkDelivered($input: MarkDeliveredInput!) { deed: markDelivered(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation MarkDelivered($input: MarkDeliveredInput!) { deed: markDelivered(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SetTyping($input: SetTypingInput!) { deed: setTyping(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation SetTyping($input: SetTypingInput!) { deed: setTyping(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateDirect($input: CreateDirectChatInput!) { deed: createDirectChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"): (typeof documents)["mutation CreateDirect($input: CreateDirectChatInput!) { deed: createDirectChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateGroup($input: CreateGroupChatInput!) { deed: createGroupChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"): (typeof documents)["mutation CreateGroup($input: CreateGroupChatInput!) { deed: createGroupChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation UpdateChat($input: UpdateChatInput!) { deed: updateChat(input: $input) { chat { id title description } errors { ...Fault } } }"): (typeof documents)["mutation UpdateChat($input: UpdateChatInput!) { deed: updateChat(input: $input) { chat { id title description } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateChatSettings($input: UpdateChatSettingsInput!) { deed: updateChatSettings(input: $input) { chat { id viewerMember { id pinned archived mutedUntil } } errors { ...Fault } } }\n"): (typeof documents)["\n  mutation UpdateChatSettings($input: UpdateChatSettingsInput!) { deed: updateChatSettings(input: $input) { chat { id viewerMember { id pinned archived mutedUntil } } errors { ...Fault } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DeleteChat($input: DeleteChatInput!) { deed: deleteChat(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation DeleteChat($input: DeleteChatInput!) { deed: deleteChat(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation LeaveChat($input: LeaveChatInput!) { deed: leaveChat(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation LeaveChat($input: LeaveChatInput!) { deed: leaveChat(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation AddMembers($input: AddMembersInput!) { deed: addMembers(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation AddMembers($input: AddMembersInput!) { deed: addMembers(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RemoveMember($input: RemoveMemberInput!) { deed: removeMember(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation RemoveMember($input: RemoveMemberInput!) { deed: removeMember(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SetMemberRole($input: SetMemberRoleInput!) { deed: setMemberRole(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation SetMemberRole($input: SetMemberRoleInput!) { deed: setMemberRole(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CreateInvite($input: CreateInviteInput!) { deed: createInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }"): (typeof documents)["mutation CreateInvite($input: CreateInviteInput!) { deed: createInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RevokeInvite($input: RevokeInviteInput!) { deed: revokeInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }"): (typeof documents)["mutation RevokeInvite($input: RevokeInviteInput!) { deed: revokeInvite(input: $input) { chat { id invite { code url } } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation JoinChat($input: JoinChatInput!) { deed: joinChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"): (typeof documents)["mutation JoinChat($input: JoinChatInput!) { deed: joinChat(input: $input) { chat { ...ChatLineParts } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation UpdateProfile($input: UpdateProfileInput!) { deed: updateProfile(input: $input) { user { ...PersonParts email bio } errors { ...Fault } } }"): (typeof documents)["mutation UpdateProfile($input: UpdateProfileInput!) { deed: updateProfile(input: $input) { user { ...PersonParts email bio } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation SetPresence($input: SetPresenceInput!) { deed: setPresence(input: $input) { user { id presence { state availability statusText } } errors { ...Fault } } }"): (typeof documents)["mutation SetPresence($input: SetPresenceInput!) { deed: setPresence(input: $input) { user { id presence { state availability statusText } } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation ChangePassword($input: ChangePasswordInput!) { deed: changePassword(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation ChangePassword($input: ChangePasswordInput!) { deed: changePassword(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DeleteAccount($input: DeleteAccountInput!) { deed: deleteAccount(input: $input) { errors { ...Fault } } }"): (typeof documents)["mutation DeleteAccount($input: DeleteAccountInput!) { deed: deleteAccount(input: $input) { errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RevokeSession($input: RevokeSessionInput!) { deed: revokeSession(input: $input) { revokedSessionId errors { ...Fault } } }"): (typeof documents)["mutation RevokeSession($input: RevokeSessionInput!) { deed: revokeSession(input: $input) { revokedSessionId errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RevokeOthers { deed: revokeOtherSessions { revokedCount errors { ...Fault } } }"): (typeof documents)["mutation RevokeOthers { deed: revokeOtherSessions { revokedCount errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Block($input: BlockUserInput!) { deed: blockUser(input: $input) { user { id } errors { ...Fault } } }"): (typeof documents)["mutation Block($input: BlockUserInput!) { deed: blockUser(input: $input) { user { id } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Unblock($input: UnblockUserInput!) { deed: unblockUser(input: $input) { user { id } errors { ...Fault } } }"): (typeof documents)["mutation Unblock($input: UnblockUserInput!) { deed: unblockUser(input: $input) { user { id } errors { ...Fault } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment PersonParts on User { id username displayName deletedAt }"): (typeof documents)["fragment PersonParts on User { id username displayName deletedAt }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment MessageParts on Message {\n    id seq number cursor clientId kind text revision createdAt editedAt deletedAt pinnedAt forwarded\n    sender { __typename id displayName }\n    location { name address latitude longitude }\n    mentions { id username displayName }\n    reactions { emoji count viewerReacted }\n    replyTo { id number text kind deletedAt sender { __typename id displayName } }\n  }\n"): (typeof documents)["\n  fragment MessageParts on Message {\n    id seq number cursor clientId kind text revision createdAt editedAt deletedAt pinnedAt forwarded\n    sender { __typename id displayName }\n    location { name address latitude longitude }\n    mentions { id username displayName }\n    reactions { emoji count viewerReacted }\n    replyTo { id number text kind deletedAt sender { __typename id displayName } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ChatParts on Chat {\n    id seq kind title description memberCount unreadCount unreadMentionCount lastActivityAt deliveredUpTo readUpTo\n    lastMessage { ...MessageParts }\n    viewerMember { id role pinned archived mutedUntil readUpTo deliveredUpTo }\n  }\n"): (typeof documents)["\n  fragment ChatParts on Chat {\n    id seq kind title description memberCount unreadCount unreadMentionCount lastActivityAt deliveredUpTo readUpTo\n    lastMessage { ...MessageParts }\n    viewerMember { id role pinned archived mutedUntil readUpTo deliveredUpTo }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ChatLineParts on Chat {\n    ...ChatParts\n    members(first: 2) { nodes { id user { ...PersonParts } } }\n  }\n"): (typeof documents)["\n  fragment ChatLineParts on Chat {\n    ...ChatParts\n    members(first: 2) { nodes { id user { ...PersonParts } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment Fault on UserError { __typename code message path }"): (typeof documents)["fragment Fault on UserError { __typename code message path }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Start($first: Int!, $after: String, $filter: ChatFilter) {\n    eventCursor\n    me { ...PersonParts email bio presence { state availability statusText } }\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  query Start($first: Int!, $after: String, $filter: ChatFilter) {\n    eventCursor\n    me { ...PersonParts email bio presence { state availability statusText } }\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Chats($first: Int!, $after: String, $filter: ChatFilter) {\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n"): (typeof documents)["\n  query Chats($first: Int!, $after: String, $filter: ChatFilter) {\n    chats(first: $first, after: $after, filter: $filter) {\n      edges { cursor node { ...ChatLineParts } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Chat($id: ID!) { chat(id: $id) { ...ChatLineParts } }"): (typeof documents)["query Chat($id: ID!) { chat(id: $id) { ...ChatLineParts } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query DirectChat($userId: ID!) { directChat(userId: $userId) { ...ChatLineParts } }"): (typeof documents)["query DirectChat($userId: ID!) { directChat(userId: $userId) { ...ChatLineParts } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query History($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) {\n    chat(id: $chatId) {\n      id\n      seq\n      messages(first: $first, after: $after, last: $last, before: $before, around: $around) {\n        nodes { ...MessageParts }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"): (typeof documents)["\n  query History($chatId: ID!, $first: Int, $after: String, $last: Int, $before: String, $around: ID) {\n    chat(id: $chatId) {\n      id\n      seq\n      messages(first: $first, after: $after, last: $last, before: $before, around: $around) {\n        nodes { ...MessageParts }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Events {\n    events {\n      cursor\n      caughtUp\n      reset { reason chatIds }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessagesErased { chat { ...ChatParts } }\n        ... on ChatAdded { chat { ...ChatParts } }\n        ... on ChatChanged { chat { ...ChatParts } }\n        ... on MemberAdded { chat { ...ChatParts } }\n        ... on MemberChanged { memberId member { id role pinned archived mutedUntil } chat { ...ChatParts } }\n        ... on MemberRemoved { memberId chat { ...ChatParts } }\n        ... on ReceiptsChanged { chat { ...ChatParts } }\n        ... on UserChanged { user { ...PersonParts bio } }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription Events {\n    events {\n      cursor\n      caughtUp\n      reset { reason chatIds }\n      events {\n        __typename\n        chatId\n        seq\n        ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }\n        ... on MessagesErased { chat { ...ChatParts } }\n        ... on ChatAdded { chat { ...ChatParts } }\n        ... on ChatChanged { chat { ...ChatParts } }\n        ... on MemberAdded { chat { ...ChatParts } }\n        ... on MemberChanged { memberId member { id role pinned archived mutedUntil } chat { ...ChatParts } }\n        ... on MemberRemoved { memberId chat { ...ChatParts } }\n        ... on ReceiptsChanged { chat { ...ChatParts } }\n        ... on UserChanged { user { ...PersonParts bio } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription Typing { typing { chatId typing actor { __typename id displayName } } }"): (typeof documents)["subscription Typing { typing { chatId typing actor { __typename id displayName } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Presences($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } presence { state availability statusText lastSeenAt } } }\n"): (typeof documents)["\n  subscription Presences($userIds: [ID!]!) { presence(userIds: $userIds) { user { id } presence { state availability statusText lastSeenAt } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SearchMessages($query: String!, $chatId: ID, $first: Int!) {\n    searchMessages(query: $query, chatId: $chatId, first: $first) {\n      edges { snippet highlights { start end } node { id number createdAt sender { __typename id displayName } chat { id title } } }\n    }\n  }\n"): (typeof documents)["\n  query SearchMessages($query: String!, $chatId: ID, $first: Int!) {\n    searchMessages(query: $query, chatId: $chatId, first: $first) {\n      edges { snippet highlights { start end } node { id number createdAt sender { __typename id displayName } chat { id title } } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query People($search: String, $first: Int!) { users(search: $search, first: $first) { nodes { ...PersonParts } } }\n"): (typeof documents)["\n  query People($search: String, $first: Int!) { users(search: $search, first: $first) { nodes { ...PersonParts } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Person($id: ID!) { user(id: $id) { ...PersonParts bio createdAt } }"): (typeof documents)["query Person($id: ID!) { user(id: $id) { ...PersonParts bio createdAt } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Members($chatId: ID!, $after: String) {\n    chat(id: $chatId) {\n      id\n      invite { code url }\n      members(first: 100, after: $after) {\n        nodes { id role joinedAt user { ...PersonParts } }\n        pageInfo { hasNextPage endCursor }\n        totalCount\n      }\n    }\n  }\n"): (typeof documents)["\n  query Members($chatId: ID!, $after: String) {\n    chat(id: $chatId) {\n      id\n      invite { code url }\n      members(first: 100, after: $after) {\n        nodes { id role joinedAt user { ...PersonParts } }\n        pageInfo { hasNextPage endCursor }\n        totalCount\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Pinned($chatId: ID!) { chat(id: $chatId) { id pinnedMessages { ...MessageParts } } }"): (typeof documents)["query Pinned($chatId: ID!) { chat(id: $chatId) { id pinnedMessages { ...MessageParts } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Receipts($messageId: ID!) {\n    message(id: $messageId) { id receipts(first: 100) { edges { node { readAt deliveredAt user { ...PersonParts } } } } }\n  }\n"): (typeof documents)["\n  query Receipts($messageId: ID!) {\n    message(id: $messageId) { id receipts(first: 100) { edges { node { readAt deliveredAt user { ...PersonParts } } } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Account {\n    me {\n      ...PersonParts email bio\n      presence { state availability statusText }\n      sessions { id createdAt lastUsedAt userAgent current }\n      blockedUsers(first: 100) { nodes { ...PersonParts } }\n    }\n  }\n"): (typeof documents)["\n  query Account {\n    me {\n      ...PersonParts email bio\n      presence { state availability statusText }\n      sessions { id createdAt lastUsedAt userAgent current }\n      blockedUsers(first: 100) { nodes { ...PersonParts } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query InvitePreview($code: String!) { chatByInvite(code: $code) { title description memberCount } }"): (typeof documents)["query InvitePreview($code: String!) { chatByInvite(code: $code) { title description memberCount } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Server { serverInfo { registrationOpen version maxTextLength } }"): (typeof documents)["query Server { serverInfo { registrationOpen version maxTextLength } }"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;