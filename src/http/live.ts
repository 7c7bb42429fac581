import type { Duplex } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import { WebSocket } from 'ws'
import type { Answers, LiveStream } from '../graphql/live.ts'
import type { Piece, Shape } from '../graphql/share.ts'

/** A part of every frame of a stream: bytes as they are, or what changes from one frame to the next; a number is the place of a list of events. */
type Part = Buffer | 'cursor' | 'caughtUp' | number

/** Streams that may have something to send, and those whose frames are made: what one turn of the event loop brings goes out together, each socket once. */
let ready: SocketStream[] = []
let made: SocketStream[] = []

/** Whether {@link runReady} will be called. */
let awaited = false

function runSoon(): void {
  if (awaited) return
  awaited = true
  setImmediate(runReady)
}

/** First all frames, then all writes in one go: readers who are woken one by one cost the writer twice as much. */
function runReady(): void {
  awaited = false
  const streams = ready
  ready = []
  for (const stream of streams) stream.turn()
  const writing = made
  made = []
  for (const stream of writing) stream.flush()
}

/**
 * Writes one live subscription to its socket, as `next` frames of graphql-transport-ws. The frames are put together from what many connections have
 * in common, and written without the layers between: of a broadcast to many the write itself is most of the cost.
 *
 * To graphql-ws it is an iterator that brings nothing, and ends with the stream; so everything else of the protocol is done there.
 */
export class SocketStream implements AsyncIterableIterator<ExecutionResult> {
  readonly #stream: LiveStream
  readonly #client: WebSocket
  readonly #socket: Duplex
  readonly #parts: Part[]
  readonly #before: Buffer
  #started = false
  #scheduled = false
  #waiting = false
  #end: (() => void) | null = null
  /** Frames to be written. */
  #outgoing: Buffer[] = []

  /** `socket` is what `client` was made of; `id` is the operation's. */
  constructor(stream: LiveStream, client: WebSocket, socket: Duplex, id: string) {
    this.#stream = stream
    this.#client = client
    this.#socket = socket
    this.#before = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
    this.#parts = partsOf(this.#before, stream.shape)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Begins to write, and is answered when the stream has ended. */
  next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const { feed } = this.#stream
    return new Promise((resolve) => {
      this.#end = () => {
        resolve({ done: true, value: undefined })
      }
      if (feed.ended) this.#end()
      else if (!this.#started) {
        this.#started = true
        feed.onReady = () => {
          this.#schedule()
        }
        this.#schedule()
      }
    })
  }

  return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#outgoing = []
    this.#stream.feed.return()
    this.#end?.()
    return Promise.resolve({ done: true, value: undefined })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    ready.push(this)
    runSoon()
  }

  /** Makes frames of what there is. */
  turn(): void {
    this.#scheduled = false
    // Who is being sent away gets nothing more.
    if (this.#waiting || this.#client.readyState !== WebSocket.OPEN) return
    const { feed } = this.#stream
    if (this.#socket.writableNeedDrain) {
      this.#waitFor(new Promise((resolve) => this.#socket.once('drain', resolve)), () => {
        this.#schedule()
      })
      return
    }
    const answers = this.#stream.take(this.#later)
    if (answers === 'later') this.#waiting = true
    else if (answers !== null) this.#later(answers)
    else if (feed.ended) this.#end?.()
  }

  readonly #later = (answers: Answers | Promise<Answers>): void => {
    if (answers instanceof Promise) {
      this.#waitFor(answers, this.#later)
      return
    }
    this.#waiting = false
    this.#put(answers)
    if (this.#stream.feed.mayHaveMore) this.#schedule()
  }

  /** Writes what was made. */
  flush(): void {
    const frames = this.#outgoing
    this.#outgoing = []
    if (this.#client.readyState !== WebSocket.OPEN || frames.length === 0) return
    this.#socket.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
  }

  /** Takes nothing more until this is there. A reader for whom the network has no room is held; that the server itself takes its time is not its fault. */
  #waitFor<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#waiting = true
    this.#stream.feed.hold(this.#socket.writableNeedDrain)
    void promise.then((value) => {
      this.#waiting = false
      this.#stream.feed.hold(false)
      then(value)
    })
  }

  #put(answers: Answers): void {
    if (this.#outgoing.length === 0) made.push(this)
    runSoon()
    if ('results' in answers) {
      for (const result of answers.results) this.#outgoing.push(frameOf([this.#before, Buffer.from(`${JSON.stringify(result)}}`)], NO_BATCH, []))
      return
    }
    const { batch, pieces } = answers
    if (this.#stream.form === 'batches') this.#outgoing.push(frameOf(this.#parts, batch, pieces))
    else for (const piece of pieces) this.#outgoing.push(frameOf(this.#parts, batch, [piece]))
  }
}

const NO_BATCH = { cursor: '', caughtUp: true }
const COMMA = ','.charCodeAt(0)
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')]

function partsOf(before: Buffer, shape: Shape | null): Part[] {
  if (shape === null) return [Buffer.concat([before, Buffer.from('{"data":')]), 0, Buffer.from('}}')]
  const parts: Part[] = []
  let text = `{"data":{${JSON.stringify(shape.root)}:{`
  let lists = 0
  const put = (part: Part, behind: string) => {
    parts.push(parts.length === 0 ? Buffer.concat([before, Buffer.from(text)]) : Buffer.from(text), part)
    text = behind
  }
  for (const [index, [name, holds]] of shape.fields.entries()) {
    text += `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
    if (holds === 'list') {
      text += '['
      put(lists++, ']')
    } else if (holds === 'cursor') {
      text += '"'
      put('cursor', '"')
    } else if (holds === 'caughtUp') put('caughtUp', '')
    else text += JSON.stringify(holds.constant)
  }
  text += '}}}}'
  return [...parts, parts.length === 0 ? Buffer.concat([before, Buffer.from(text)]) : Buffer.from(text)]
}

/** A text frame of a server (RFC 6455, section 5.2): final, not masked. The cursor is base64url, so a byte per character. */
function frameOf(parts: readonly Part[], batch: { cursor: string; caughtUp: boolean }, pieces: readonly Piece[]): Buffer {
  const caughtUp = batch.caughtUp ? TRUE : FALSE
  let length = 0
  for (const part of parts) {
    if (typeof part === 'number') length += listLength(pieces, part)
    else if (part === 'cursor') length += batch.cursor.length
    else if (part === 'caughtUp') length += caughtUp.length
    else length += part.length
  }
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = 0x81
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  let at = head
  for (const part of parts) {
    if (typeof part === 'number') at = writeList(frame, at, pieces, part)
    else if (part === 'cursor') at += frame.write(batch.cursor, at, 'latin1')
    else at += (part === 'caughtUp' ? caughtUp : part).copy(frame, at)
  }
  return frame
}

function listLength(pieces: readonly Piece[], list: number): number {
  let length = 0
  let filled = 0
  for (const { json } of pieces) {
    const size = json[list]?.length ?? 0
    length += size
    if (size > 0) filled++
  }
  return length + Math.max(0, filled - 1)
}

function writeList(frame: Buffer, from: number, pieces: readonly Piece[], list: number): number {
  let at = from
  for (const { json } of pieces) {
    const bytes = json[list]
    if (bytes === undefined || bytes.length === 0) continue
    if (at > from) frame[at++] = COMMA
    at += bytes.copy(frame, at)
  }
  return at
}
