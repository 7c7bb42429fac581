// What a client keeps of things, as it asks for them in a query and in events alike.

const MESSAGE = `
  fragment UserParts on User { id username displayName bio deletedAt }
  fragment MessageParts on Message {
    id seq number clientId kind text forwarded revision createdAt editedAt deletedAt pinnedAt status
    sender { id ...UserParts } replyTo { id } mentions { ...UserParts } attachments { id kind state fileName mimeType byteSize width height blurhash } location { latitude longitude name address }
    reactions { emoji count viewerReacted actors(first: 20) { nodes { id ...UserParts } } } editHistory { revision text at }
  }`

const CHAT = `${MESSAGE}
  fragment MemberParts on ChatMember { id role joinedAt deliveredUpTo readUpTo mutedUntil archived pinned }
  fragment ChatParts on Chat {
    id kind title description createdAt updatedAt lastActivityAt seq memberCount unreadCount unreadMentionCount deliveredUpTo readUpTo
    lastMessage { id } pinnedMessages { id } viewerMember { ...MemberParts } invite { code url createdAt }
  }
  fragment WholeChat on Chat {
    ...ChatParts members(first: 100) { nodes { ...MemberParts user { ...UserParts } } }
    messages(last: 100) { nodes { ...MessageParts } pageInfo { hasPreviousPage startCursor } }
  }`

const OWN = 'fragment OwnParts on User { ...UserParts email roles sessions { id } blockedUsers(first: 100) { nodes { id } } }'

/** Everything at once, and where events go on from it. */
export const EVERYTHING = `{ eventCursor me { ...OwnParts } chats(first: 100) { nodes { ...WholeChat } } } ${OWN} ${CHAT}`

export const OLDER = `query ($id: ID!, $before: String!) {
  chat(id: $id) { id messages(last: 100, before: $before) { nodes { ...MessageParts } pageInfo { hasPreviousPage startCursor } } }
} ${MESSAGE}`

export const ONE_CHAT = `query ($id: ID!) { chat(id: $id) { ...WholeChat } } ${CHAT}`

/** Each event with the whole objects that it carries. */
export const EVENTS = `subscription ($after: String) {
  events(after: $after) {
    cursor caughtUp reset { reason chatIds }
    events {
      __typename chatId seq
      ... on MessageAdded { message { ...MessageParts } chat { ...ChatParts } }
      ... on MessageChanged { change message { ...MessageParts } chat { ...ChatParts } }
      ... on MessagesErased { at sender { ...UserParts } upToNumber chat { ...ChatParts } }
      ... on ChatAdded { chat { ...WholeChat } }
      ... on ChatChanged { chat { ...ChatParts } }
      ... on MemberAdded { member { ...MemberParts user { ...UserParts } } chat { ...ChatParts } }
      ... on MemberChanged { member { ...MemberParts user { ...UserParts } } chat { ...ChatParts } }
      ... on MemberRemoved { memberId user { ...UserParts } chat { ...ChatParts } }
      ... on ReceiptsChanged { member { ...MemberParts user { ...UserParts } } chat { ...ChatParts } }
      ... on UserChanged { user { ...OwnParts } }
    }
  }
} ${OWN} ${CHAT}`
