import { RawWebSocket } from '../lib/websocket.ts'

/** A client of the Socket.IO peer, on the same raw sockets as ours: Engine.IO 4 over WebSocket, Socket.IO 5 within. */
export class IoSocket {
  readonly socket: RawWebSocket
  #id = 0
  #pending = new Map<string, { done: () => void; failed: (error: Error) => void }>()
  #ready: () => void = () => undefined

  private constructor(socket: RawWebSocket) {
    this.socket = socket
  }

  /** Resolves when the server has let it into the rooms of its chats. */
  static async open(port: number, token: string): Promise<IoSocket> {
    const socket = await RawWebSocket.open(port, '/socket.io/?EIO=4&transport=websocket')
    const client = new IoSocket(socket)
    await new Promise<void>((resolve, reject) => {
      client.#ready = resolve
      socket.onClose = (reason) => { reject(new Error(reason)) }
      socket.onMessage = (data, start, end) => { client.#take(data, start, end, token) }
    })
    socket.onClose = (reason) => { for (const { failed } of client.#pending.values()) failed(new Error(reason)) }
    return client
  }

  /** Emits an event and waits for its acknowledgement. */
  ask(event: string, data: string, done: () => void, failed: (error: Error) => void): void {
    const id = String(this.#id++)
    this.#pending.set(id, { done, failed })
    this.socket.send(`42${id}["${event}",${data}]`)
  }

  #take(data: Buffer, start: number, end: number, token: string): void {
    const head = data.toString('latin1', start, Math.min(end, start + 20))
    if (head.startsWith('0')) this.socket.send(`40${JSON.stringify({ token })}`)
    else if (head.startsWith('2')) this.socket.send('3')
    else if (head.startsWith('42["ready"')) this.#ready()
    else if (head.startsWith('43')) {
      const id = /^43(\d+)/.exec(head)?.[1] ?? ''
      const pending = this.#pending.get(id)
      this.#pending.delete(id)
      const answer = data.toString('latin1', start, end)
      if (answer.includes('"message":{"id":')) pending?.done()
      else pending?.failed(new Error(`a wrong answer: ${answer}`))
    }
  }
}
