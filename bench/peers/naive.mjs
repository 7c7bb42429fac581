import jwt from 'jsonwebtoken'
import pg from 'pg'

// A chat as a first version of one usually is: plain SQL through a pool, one query for each thing that is asked for, a token checked with each
// request. Apollo Server and Mercurius serve the same schema over it, Socket.IO its own events.

// Connections that nobody uses are given back soon: all peers and 64 of pgbench share the hundred that the server has.
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 500 })

const one = async (sql, values) => (await pool.query(sql, values)).rows[0] ?? null
const all = async (sql, values) => (await pool.query(sql, values)).rows

/** The user of a token; throws where it is none. */
export function userOf(token) {
  return Number(jwt.verify(token, process.env.JWT_SECRET_KEY, { algorithms: ['HS256'] }).sub)
}

export async function checkMember(chatId, userId) {
  const member = await one('select role from member where chat_id = $1 and user_id = $2', [chatId, userId])
  if (member === null) throw new Error('Not a member of this chat.')
}

export const chatsOf = (userId) => all('select chat_id from member where user_id = $1', [userId])
export const findUser = (id) => one('select id, display_name as "displayName" from users where id = $1', [id])
export const findMessage = (id) => one('select * from message where id = $1', [id])
export const reactionsOf = (id) => all('select emoji, count(*)::int as count from reaction where message_id = $1 group by emoji', [id])
export const pageOf = async (chatId, last, before) => (await all('select * from message where chat_id = $1 and id < $2 order by id desc limit $3', [chatId, before, last])).reverse()

export async function addMessage(chatId, userId, text) {
  await checkMember(chatId, userId)
  const message = await one('insert into message (chat_id, sender_id, text) values ($1, $2, $3) returning *', [chatId, userId, text])
  await pool.query('update chat set updated_at = now() where id = $1', [chatId])
  return message
}

export const typeDefs = `
  type Query { messages(chatId: ID!, last: Int!, before: Int!): [Message!]! }
  type Mutation { sendMessage(chatId: ID!, text: String!): Message! }
  type Subscription { messageAdded(chatId: ID!): Message! }
  type User { id: ID!, displayName: String! }
  type Reaction { emoji: String!, count: Int! }
  type Message { id: ID!, number: Int!, seq: Int!, createdAt: String!, text: String!, sender: User!, replyTo: Message, reactions: [Reaction!]! }
`

/** How the fields of the schema are read; sending and subscribing differ by the server. */
export const resolvers = {
  Query: {
    messages: async (_root, { chatId, last, before }, { userId }) => {
      await checkMember(chatId, userId)
      return pageOf(chatId, last, before)
    },
  },
  Message: {
    number: ({ id }) => Number(id),
    seq: ({ id }) => Number(id),
    // What is published may have been made text on its way.
    createdAt: ({ created_at: at }) => new Date(at).toISOString(),
    sender: ({ sender_id: id }) => findUser(id),
    replyTo: ({ reply_to: id }) => (id === null ? null : findMessage(id)),
    reactions: ({ id }) => reactionsOf(id),
  },
}
