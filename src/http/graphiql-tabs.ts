/** One tab of the editor, as GraphiQL's `defaultTabs` takes it. */
export interface Tab {
  query: string
}

/** The tabs of a first visit, in the order in which a newcomer needs them. Whoever has been here before keeps their own. */
export const tabs: Tab[] = [
  {
    query: `# 1. Sign up, sign in
#
# Press the run button and choose an operation:
# SignUpAlice the first time, SignInAlice later.
#
# This page remembers the accessToken of the
# answer and sends it with all that you run next,
# subscriptions too: there is nothing to copy.
# You are whoever signed up or in last.
# To be two people at the same time, open this
# page in a second browser tab and be Bob there.
#
# To use another token, write it into the Headers
# tab below: { "authorization": "Bearer ..." }

mutation SignUpAlice(
  $username: String! = "alice"
  $email: String! = "alice@example.com"
  $password: String! = "seven-quiet-lanterns"
) {
  register(
    input: {
      username: $username
      email: $email
      password: $password
      displayName: "Alice"
    }
  ) {
    user { id username displayName }
    accessToken
    accessTokenExpiresAt
    errors { code message path }
  }
}

mutation SignUpBob(
  $username: String! = "bob"
  $email: String! = "bob@example.com"
  $password: String! = "nine-merry-kettles"
) {
  register(
    input: {
      username: $username
      email: $email
      password: $password
      displayName: "Bob"
    }
  ) {
    user { id username displayName }
    accessToken
    accessTokenExpiresAt
    errors { code message path }
  }
}

mutation SignInAlice(
  $login: String! = "alice"
  $password: String! = "seven-quiet-lanterns"
) {
  login(input: { login: $login, password: $password }) {
    user { id username displayName }
    accessToken
    accessTokenExpiresAt
    errors { code message path }
  }
}

mutation SignInBob(
  $login: String! = "bob"
  $password: String! = "nine-merry-kettles"
) {
  login(input: { login: $login, password: $password }) {
    user { id username displayName }
    accessToken
    accessTokenExpiresAt
    errors { code message path }
  }
}
`,
  },
  {
    query: `# 2. Read: who am I, what is new in my chats?
#
# Sign up or in first (tab 1), then press the run
# button. A new account has no chats yet: the next
# tab starts one.

query MyChats {
  me { id username displayName }
  chats(first: 10) {
    nodes {
      id
      kind
      title
      unreadCount
      messages(last: 5) {
        nodes {
          id
          number
          text
          createdAt
          sender { id displayName }
        }
      }
    }
  }
}
`,
  },
  {
    query: `# 3. Write to somebody
#
# Run FindRecipient, then SendMessage. It looks
# for Bob, who must have signed up; for somebody
# else, write into the Variables tab below:
#   { "username": "alice" }
#
# This page fills in two variables of SendMessage,
# unless you give them:
#   $recipientId  whom FindRecipient found last
#   $clientId     a fresh UUID, as every client
#                 makes one for each new message:
#                 sent again, the same one answers
#                 the first message

query FindRecipient($username: String! = "bob") {
  userByUsername(username: $username) {
    id
    username
    displayName
  }
}

mutation SendMessage(
  $recipientId: ID!
  $clientId: String!
  $text: String! = "Hello from GraphiQL!"
) {
  sendMessage(
    input: {
      recipientId: $recipientId
      clientId: $clientId
      text: $text
    }
  ) {
    message {
      id
      number
      text
      createdAt
      chat { id title }
    }
    duplicate
    errors { code message path }
  }
}
`,
  },
  {
    query: `# 4. Listen: your chats, as things happen
#
# Press the run button and leave this open. Then,
# in a second browser tab, be somebody else and
# write to the person you are here (tab 3 there).
# Each new answer replaces the one before it.
#
# To go on later without missing anything, give
# the last cursor in the Variables tab below:
#   { "after": "..." }

subscription Events($after: String) {
  events(after: $after) {
    events {
      __typename
      chatId
      seq
      at
      actor { id displayName }
      ... on MessageAdded {
        message {
          id
          number
          text
          sender { id displayName }
        }
        chat { id title unreadCount }
      }
      ... on MessageChanged {
        change
        message { id number text }
      }
      ... on ChatAdded {
        chat { id title }
      }
    }
    cursor
    caughtUp
    reset { reason chatIds }
  }
}
`,
  },
]
