import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { expressMiddleware } from '@as-integrations/express5'
import { makeExecutableSchema } from '@graphql-tools/schema'
import express from 'express'
import { PubSub } from 'graphql-subscriptions'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { addMessage, checkMember, resolvers, typeDefs, userOf } from './naive.mjs'

// Apollo Server as its documentation sets it up, subscriptions with it.

const pubsub = new PubSub()
pubsub.ee.setMaxListeners(0)
const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    ...resolvers,
    Mutation: {
      sendMessage: async (_root, { chatId, text }, { userId }) => {
        const message = await addMessage(chatId, userId, text)
        await pubsub.publish(`chat ${chatId}`, { messageAdded: message })
        return message
      },
    },
    Subscription: {
      messageAdded: {
        subscribe: async (_root, { chatId }, { userId }) => {
          await checkMember(chatId, userId)
          return pubsub.asyncIterableIterator(`chat ${chatId}`)
        },
      },
    },
  },
})

const app = express()
const server = createServer(app)
useServer({ schema, context: (ctx) => ({ userId: userOf(ctx.connectionParams.token) }) }, new WebSocketServer({ server, path: '/graphql' }))
const apollo = new ApolloServer({ schema })
await apollo.start()
app.use('/graphql', express.json(), expressMiddleware(apollo, { context: async ({ req }) => ({ userId: userOf(req.headers.authorization.slice(7)) }) }))
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
