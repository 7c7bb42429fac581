import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { addMessage, chatsOf, findUser, userOf } from './naive.mjs'

// A chat over Socket.IO: a room for each chat, an acknowledgement for each message.

const server = createServer((req, res) => res.end('Socket.IO'))
// Nobody is asked whether they are still there: the clients that only count messages would not answer, and be closed after 45 seconds.
const io = new Server(server, { pingInterval: 3_600_000, transports: ['websocket'], perMessageDeflate: false })

io.use((socket, next) => {
  try {
    socket.data.userId = userOf(socket.handshake.auth.token)
    next()
  } catch (error) {
    next(error)
  }
})
io.on('connection', async (socket) => {
  const { userId } = socket.data
  socket.on('send', async ({ chatId, text }, answer) => {
    try {
      const { id, created_at: createdAt } = await addMessage(chatId, userId, text)
      const number = Number(id)
      io.to(`chat ${chatId}`).emit('message', { id, number, seq: number, createdAt, text, sender: await findUser(userId), replyTo: null, reactions: [], chatId })
      answer({ message: { id, number } })
    } catch (error) {
      answer({ error: error.message })
    }
  })
  for (const { chat_id: chatId } of await chatsOf(userId)) socket.join(`chat ${chatId}`)
  socket.emit('ready')
})
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
