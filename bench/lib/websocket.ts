import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/**
 * A WebSocket client that costs next to nothing, so that the machine's time goes to the server: it hands out where a message lies in the
 * bytes that came, makes no strings and no objects of it, and leaves out what our servers never send (fragments, compression).
 */
export class RawWebSocket {
  /** A whole message: bytes `start` to `end` of `data`, valid during the call only. */
  onMessage: (data: Buffer, start: number, end: number) => void = () => undefined
  /** It was closed, by whomever. */
  onClose: (reason: string) => void = () => undefined
  #socket: Socket
  #rest: Buffer | null = null
  #mask = randomBytes(4)
  #reason = 'the connection ended'

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Resolves once the server has agreed to the protocol. */
  static open(port: number, path: string, protocol?: string): Promise<RawWebSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const client = new RawWebSocket(socket)
      const key = randomBytes(16).toString('base64')
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
      )
      let head: Buffer = Buffer.alloc(0)
      const onHead = (chunk: Buffer) => {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!head.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) {
          socket.destroy(new Error(`no WebSocket: ${head.subarray(0, end).toString()}`))
          return
        }
        socket.off('data', onHead)
        socket.on('data', (data: Buffer) => { client.#take(data) })
        resolve(client)
        // What came along with the answer is read after the caller has said what to do with it.
        const more = head.subarray(end + 4)
        if (more.length > 0) queueMicrotask(() => { client.#take(more) })
      }
      socket.on('data', onHead)
      socket.on('error', (error) => {
        client.#reason = error.message
        reject(error)
      })
      socket.on('close', () => {
        reject(new Error('the connection ended before the handshake'))
        client.onClose(client.#reason)
      })
    })
  }

  /** Sends a message of ASCII text. */
  send(text: string): void {
    this.#frame(0x81, Buffer.from(text, 'latin1'))
  }

  /** Cuts the line. */
  end(): void {
    this.onClose = () => undefined
    this.#socket.destroy()
  }

  #frame(first: number, payload: Buffer): void {
    const { length } = payload
    const header = length < 126 ? 2 : 4
    if (length > 0xffff) throw new Error('too long for this client')
    const frame = Buffer.allocUnsafe(header + 4 + length)
    frame[0] = first
    frame[1] = 0x80 | (length < 126 ? length : 126)
    if (header === 4) frame.writeUInt16BE(length, 2)
    this.#mask.copy(frame, header)
    const mask = this.#mask
    for (let i = 0, at = header + 4; i < length; i++, at++) frame[at] = (payload[i] as number) ^ (mask[i & 3] as number)
    this.#socket.write(frame)
  }

  #take(chunk: Buffer): void {
    const data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = null
    let at = 0
    // What is sent in answer to several messages that came together leaves together.
    this.#socket.cork()
    while (data.length - at >= 2) {
      const first = data[at] as number
      let length = (data[at + 1] as number) & 0x7f
      let start = at + 2
      if (length === 126) {
        if (data.length - at < 4) break
        length = data.readUInt16BE(at + 2)
        start = at + 4
      } else if (length === 127) {
        if (data.length - at < 10) break
        length = Number(data.readBigUInt64BE(at + 2))
        start = at + 10
      }
      const end = start + length
      if (end > data.length) break
      at = end
      if (first === 0x81 || first === 0x82) this.onMessage(data, start, end)
      else if (first === 0x89) this.#frame(0x8a, data.subarray(start, end))
      else if (first === 0x88) this.#reason = `closed with ${length >= 2 ? data.readUInt16BE(start) : 'no code'} ${data.toString('utf8', start + 2, end)}`
      else if (first !== 0x8a) throw new Error(`a frame that this client does not read: ${first.toString(16)}`)
    }
    this.#socket.uncork()
    if (at < data.length) this.#rest = data.subarray(at)
  }
}
