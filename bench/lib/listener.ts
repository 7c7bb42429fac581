import { PROTOCOL, initOf } from './graphql.ts'
import { RawWebSocket } from './websocket.ts'

/** What a client of a chat shows of a new message. */
export const EVENTS = 'subscription { events { cursor caughtUp events { ... on MessageAdded { message { id number seq createdAt text sender { id displayName } replyTo { id text } reactions { emoji count } } } } } }'

const NUMBER = Buffer.from('"number":')
const CAUGHT_UP = Buffer.from('"caughtUp":true')
const ERRORS = Buffer.from('"errors":')
/** One frame of so many is read as JSON and looked at. */
const SAMPLE = 997

/**
 * One person's stream of events. Counts the messages in each frame by the field that each has once, and reads their numbers: they must
 * follow each other without a gap or a repeat, as long as one chat alone has news.
 */
export class Listener {
  socket: RawWebSocket | null = null
  /** The number that came last; NaN before the first. */
  last = NaN
  cursor: string | null = null
  /** So many more messages have come, in a frame of so many bytes. */
  onMessages: (count: number, bytes: number) => void = () => undefined
  onFault: (error: Error) => void = (error) => { throw error }
  onCaughtUp: () => void = () => undefined
  readonly #token: string
  #frames = 0
  /** Whether each cursor is read, as a client that may come back does. */
  readonly #keepsCursor: boolean

  constructor(token: string, options: { keepsCursor?: boolean } = {}) {
    this.#token = token
    this.#keepsCursor = options.keepsCursor ?? false
  }

  /** Resolves with the first batch. */
  connect(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onFault = reject
      RawWebSocket.open(port, '/graphql', PROTOCOL).then((socket) => {
        this.socket = socket
        let acknowledged = false
        let began = false
        socket.onClose = (reason) => { this.onFault(new Error(reason)) }
        socket.onMessage = (data, start, end) => {
          if (!acknowledged) {
            acknowledged = true
            socket.send(`{"id":"1","type":"subscribe","payload":{"query":"${EVENTS}"}}`)
            return
          }
          this.#take(data, start, end)
          if (!began) resolve()
          began = true
        }
        socket.send(initOf(this.#token, this.cursor))
      }, reject)
    })
  }

  end(): void {
    this.socket?.end()
  }

  #take(data: Buffer, start: number, end: number): void {
    const frame = start === 0 && end === data.length ? data : data.subarray(start, end)
    this.#frames += 1
    let count = 0
    for (let at = frame.indexOf(NUMBER); at >= 0; at = frame.indexOf(NUMBER, at + 100)) {
      const number = digitsAt(frame, at + NUMBER.length)
      if (number !== this.last + 1 && !Number.isNaN(this.last)) this.onFault(new Error(`message ${number} came after ${this.last}`))
      this.last = number
      count += 1
    }
    if (count === 0 || this.#frames % SAMPLE === 0) this.#check(frame)
    if (this.#keepsCursor) {
      const at = frame.indexOf('"cursor":"') + 10
      this.cursor = frame.toString('latin1', at, frame.indexOf('"', at))
    }
    if (count > 0) this.onMessages(count, frame.length)
    if (frame.includes(CAUGHT_UP)) this.onCaughtUp()
  }

  #check(frame: Buffer): void {
    const text = frame.toString()
    if (frame.includes(ERRORS)) this.onFault(new Error(`an error in a stream: ${text.slice(0, 2000)}`))
    const { type, payload } = JSON.parse(text) as { type: string; payload: { data: { events: { cursor: string; events: { message?: Message }[] } } } }
    const right = type === 'next' && payload.data.events.events.every(({ message: m }) => m !== undefined && m.text.length >= 100 && m.sender.displayName.startsWith('User ') && m.reactions.length === 0)
    if (!right) this.onFault(new Error(`not what was sent: ${text.slice(0, 2000)}`))
  }
}

interface Message {
  text: string
  sender: { displayName: string }
  reactions: unknown[]
}

function digitsAt(data: Buffer, start: number): number {
  let number = 0
  for (let at = start; ; at++) {
    const digit = (data[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return number
    number = number * 10 + digit
  }
}
