import { connect } from 'node:net'
import type { Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const CHUNKED_END = Buffer.from('0\r\n\r\n')

/** One connection of HTTP/1.1 that is kept alive, with one request under way at most; answers are handed over as bytes. */
export class RawHttp {
  #socket: Socket
  #parts: Buffer[] = []
  #size = 0
  /** Bytes of the whole answer; -1 until its head has come, -2 where it comes in chunks. */
  #wanted = -1
  #done: ((answer: Buffer) => void) | null = null
  #failed: ((error: Error) => void) | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => { this.#take(chunk) })
    const fail = (error?: Error) => this.#failed?.(error ?? new Error('the server ended the connection'))
    socket.on('error', fail)
    socket.on('close', () => { fail() })
  }

  static open(port: number): Promise<RawHttp> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => { resolve(new RawHttp(socket)) })
      socket.once('error', reject)
    })
  }

  /** Sends a request and calls `done` with the whole answer, head and body. */
  ask(request: string, done: (answer: Buffer) => void, failed: (error: Error) => void): void {
    this.#done = done
    this.#failed = failed
    if (this.#socket.destroyed) failed(new Error('the server had ended the connection'))
    else this.#socket.write(request, 'latin1')
  }

  end(): void {
    this.#failed = null
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
    if (this.#wanted === -1) {
      const head = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
      const end = head.indexOf(HEAD_END)
      if (end < 0) return
      const length = /content-length: *(\d+)/i.exec(head.toString('latin1', 0, end))?.[1]
      this.#wanted = length === undefined ? -2 : end + 4 + Number(length)
    }
    const complete = this.#wanted === -2 ? endsWith(chunk.length < CHUNKED_END.length ? Buffer.concat(this.#parts) : chunk, CHUNKED_END) : this.#size >= this.#wanted
    if (!complete) return
    const answer = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    this.#wanted = -1
    this.#done?.(answer)
  }
}

function endsWith(data: Buffer, end: Buffer): boolean {
  return data.length >= end.length && data.compare(end, 0, end.length, data.length - end.length) === 0
}

/** A POST to /graphql, of ASCII text. */
export function graphqlPost(token: string, body: string): string {
  return `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
