import WebSocket from 'ws'
import type { Client, Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'

const open = new Set<Line>()

/** A bare WebSocket: sends what it is told to, and keeps every frame until the test asks for it. */
export class Line {
  readonly socket: WebSocket
  readonly #frames: Untyped[] = []
  #wake: () => void = () => undefined
  readonly #opened: Promise<unknown>
  /** The close code, or the HTTP status with which the upgrade was refused. */
  readonly ended: Promise<number | undefined>

  constructor(server: TestServer, origin?: string) {
    this.socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', origin === undefined ? {} : { origin })
    open.add(this)
    this.socket.on('message', (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString()))
      this.#wake()
    })
    this.#opened = new Promise((resolve) => this.socket.once('open', resolve))
    this.ended = new Promise((resolve) => {
      this.socket.once('close', (code: number) => {
        resolve(code)
        this.#wake()
      })
      this.socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode)
      })
      // What failed is told by the close.
      this.socket.on('error', () => undefined)
    })
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The next frame. Fails where the socket was closed instead. */
  async next(): Promise<Untyped> {
    while (this.#frames.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`the socket was closed with ${await this.ended}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#frames.shift()
  }

  /** Says hello, with this payload. */
  async init(payload: unknown): Promise<this> {
    await this.#opened
    this.send({ type: 'connection_init', payload })
    return this
  }

  /** Opens the connection as somebody. */
  async greet(client: Client): Promise<this> {
    await this.init({ token: client.token })
    const { type } = await this.next()
    if (type !== 'connection_ack') throw new Error(`the greeting was answered by ${type}`)
    return this
  }
}

/** Ends every line that a test has opened. */
export function closeLines(): void {
  for (const line of open) line.socket.terminate()
  open.clear()
}
