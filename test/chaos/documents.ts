const FIELDS = `
  fragment C on Chat { id seq unreadCount memberCount lastMessage { number text } }
  fragment M on Message { number text deletedAt reactions { emoji count } }`

export const EVENTS = `subscription ($after: String) { events(after: $after) { cursor caughtUp reset { reason chatIds } events {
  __typename chatId seq
  ... on MessageAdded { message { ...M } chat { ...C } }
  ... on MessageChanged { change message { ...M } chat { ...C } }
  ... on MessagesErased { chat { ...C } }
  ... on ChatAdded { chat { ...C } }
  ... on ChatChanged { chat { ...C } }
  ... on MemberAdded { chat { ...C } }
  ... on MemberChanged { chat { ...C } }
  ... on MemberRemoved { chat { ...C } }
  ... on ReceiptsChanged { memberId member { readUpTo } chat { ...C } }
} } } ${FIELDS}`

/** Everything that a device shows, and the cursor behind it. */
export const SNAPSHOT = `query { eventCursor chats(first: 100) { pageInfo { hasNextPage } nodes { ...C messages(last: 5) { nodes { ...M } } } } } ${FIELDS}`

export const HISTORY = 'query ($id: ID!) { chat(id: $id) { messages(last: 20) { nodes { number text } } } }'

const PROBLEMS = 'errors { code message }'
export const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { duplicate message { id number seq } ${PROBLEMS} } }`
export const EDIT = `mutation ($input: EditMessageInput!) { editMessage(input: $input) { message { seq } ${PROBLEMS} } }`
export const DELETE = `mutation ($input: DeleteMessageInput!) { deleteMessage(input: $input) { message { seq } ${PROBLEMS} } }`
export const REACT = `mutation ($input: AddReactionInput!) { addReaction(input: $input) { message { seq } ${PROBLEMS} } }`
export const READ = `mutation ($input: MarkReadInput!) { markRead(input: $input) { ${PROBLEMS} } }`
export const ADD = `mutation ($input: AddMembersInput!) { addMembers(input: $input) { ${PROBLEMS} } }`
export const REMOVE = `mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { ${PROBLEMS} } }`
