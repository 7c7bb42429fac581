import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** What is sent of every file, again and again: no picture and no film, so that nobody looks into it for long. */
const PART = randomBytes(1024 * 1024)

/** Sends or fetches one file of so many megabytes over a connection of its own; answers the status. The client does as little as it can. */
export function transfer(method: 'PUT' | 'GET', url: string, megabytes: number): Promise<number> {
  const { hostname, port, pathname, search } = new URL(url)
  const bytes = megabytes * PART.length
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${method} ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: close\r\n${method === 'PUT' ? `content-length: ${bytes}\r\n` : ''}\r\n`)
      if (method === 'PUT') send(socket, megabytes)
    })
    let [head, size] = ['', 0]
    socket.on('data', (chunk: Buffer) => {
      if (head === '') head = chunk.toString('latin1', 0, 1024)
      size += chunk.length
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const status = Number(head.slice(9, 12))
      if (method === 'GET' && size < bytes) reject(new Error(`${url} answered ${status} with ${size} bytes`))
      else resolve(status)
    })
  })
}

function send(socket: Socket, left: number): void {
  if (left === 0) return
  if (socket.write(PART)) setImmediate(send, socket, left - 1)
  else socket.once('drain', () => { send(socket, left - 1) })
}
