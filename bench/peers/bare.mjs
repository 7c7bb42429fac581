import { Buffer } from 'node:buffer'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

// The limit for everything that goes over sockets: the ws package and nothing else. Whoever connects gets one frame. At /group one is in the
// group; at /push each message, a number and a number of bytes, writes so many Buffers of so many bytes to everyone in the group. At
// /group/N one gets N such frames at once.

const group = new Set()
const server = createServer((req, res) => res.end('bare ws'))
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })

sockets.on('connection', (socket, req) => {
  const [, path, count] = req.url.split('/')
  if (path === 'push') {
    socket.on('message', (data) => {
      const [times, bytes] = String(data).split(' ').map(Number)
      for (let i = 0; i < times; i++) {
        const frame = frameOf(bytes)
        for (const member of group) member.send(frame, { binary: false })
      }
    })
    return
  }
  if (path === 'group' && count === undefined) {
    group.add(socket)
    socket.on('close', () => group.delete(socket))
  }
  socket.send('{"hello":true}')
  for (let i = 0; i < Number(count ?? 0); i++) socket.send(frameOf(400), { binary: false })
})

let frame = Buffer.alloc(0)

/** As large as one of ours, with the one part that the client counts. */
function frameOf(bytes) {
  if (frame.length !== bytes) {
    const text = '{"number":1,"text":"'
    frame = Buffer.from(`${text}${'x'.repeat(Math.max(0, bytes - text.length - 2))}"}`)
  }
  return frame
}

server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
