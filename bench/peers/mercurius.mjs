import Fastify from 'fastify'
import mercurius from 'mercurius'
import { addMessage, checkMember, resolvers, typeDefs, userOf } from './naive.mjs'

// Mercurius as its documentation sets it up.

const app = Fastify()
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    ...resolvers,
    Mutation: {
      sendMessage: async (_root, { chatId, text }, { userId, pubsub }) => {
        const message = await addMessage(chatId, userId, text)
        pubsub.publish({ topic: `chat ${chatId}`, payload: { messageAdded: message } })
        return message
      },
    },
    Subscription: {
      messageAdded: {
        subscribe: async (_root, { chatId }, { userId, pubsub }) => {
          await checkMember(chatId, userId)
          return pubsub.subscribe(`chat ${chatId}`)
        },
      },
    },
  },
  context: (request) => ({ userId: userOf(request.headers.authorization.slice(7)) }),
  // The writer sends by its socket too.
  subscription: { fullWsTransport: true, onConnect: ({ payload }) => ({ userId: userOf(payload.token) }) },
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
process.on('SIGTERM', () => process.exit(0))
