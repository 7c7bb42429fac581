import type { Duplex } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import { WebSocket } from 'ws'
import type { Answers, LiveStream } from '../graphql/live.ts'
import type { Piece, Shape } from '../graphql/share.ts'

/** A part of every frame of a stream: bytes as they are, or what changes from one stream or frame to the next; a number is the place of a list of events. */
type Part = Buffer | 'id' | 'cursor' | 'caughtUp' | number

/** Whoever a stream is written for. */
interface Reader {
  /** The operation of this id has ended. */
  complete(id: string): void
}

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
 * `Peer` of peer.ts has it run and is told of its end; the rest of the protocol is done there.
 */
export class SocketStream implements AsyncIterableIterator<ExecutionResult> {
  readonly #stream: LiveStream
  readonly #client: WebSocket
  readonly #socket: Duplex
  readonly #parts: readonly Part[]
  /** In JSON. A text and no Buffer: a small one keeps the whole block alive of which it is a part. */
  readonly #id: string
  #scheduled = false
  #waiting = false
  /** The client has given it up. */
  #givenUp = false
  /** Frames to be written; null where there are none. */
  #outgoing: Buffer[] | null = null
  #reader: Reader | null = null

  /** `socket` is what `client` was made of; `id` is the operation's. */
  constructor(stream: LiveStream, client: WebSocket, socket: Duplex, id: string) {
    this.#stream = stream
    this.#client = client
    this.#socket = socket
    this.#id = JSON.stringify(id)
    this.#parts = partsOf(stream.shape)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Begins to write; `reader` is told once, when the stream has ended. */
  run(reader: Reader): void {
    const { feed } = this.#stream
    this.#reader = reader
    feed.onReady = () => {
      this.#schedule()
    }
    this.#schedule()
  }

  next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    return new Promise((resolve) => {
      this.run({
        complete() {
          resolve({ done: true, value: undefined })
        },
      })
    })
  }

  return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#outgoing = null
    this.#givenUp = true
    this.#stream.feed.return()
    this.#finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  #finish(): void {
    const reader = this.#reader
    this.#reader = null
    reader?.complete(JSON.parse(this.#id) as string)
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
    const answers = this.#stream.take(this)
    if (answers === 'later') this.#waiting = true
    else if (answers !== null) this.later(answers)
    else if (feed.ended) {
      this.flush()
      this.#finish()
    }
  }

  /** What was to be sent is there now. */
  later(answers: Answers | Promise<Answers>): void {
    if (answers instanceof Promise) {
      this.#waitFor(answers, (awaited) => {
        this.later(awaited)
      })
      return
    }
    this.#waiting = false
    this.#put(answers)
    if (this.#stream.feed.mayHaveMore) this.#schedule()
  }

  /** Writes what was made. */
  flush(): void {
    const frames = this.#outgoing
    this.#outgoing = null
    if (frames === null || this.#client.readyState !== WebSocket.OPEN) return
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
    if ('results' in answers) {
      for (const result of answers.results) this.#putFrame(frameOf(WHOLE, this.#id, NO_BATCH, [{ json: [Buffer.from(JSON.stringify(result))] }]))
      return
    }
    const { batch, pieces } = answers
    if (this.#stream.form === 'batches') this.#putFrame(frameOf(this.#parts, this.#id, batch, pieces))
    else for (const piece of pieces) this.#putFrame(frameOf(this.#parts, this.#id, batch, [piece]))
  }

  #putFrame(frame: Buffer): void {
    if (this.#givenUp) return
    if (this.#outgoing !== null) {
      this.#outgoing.push(frame)
      return
    }
    this.#outgoing = [frame]
    made.push(this)
    runSoon()
  }
}

const COMMA = ','.charCodeAt(0)
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')]

const [BEFORE, BEHIND] = [Buffer.from('{"id":'), ',"type":"next","payload":{"data":']

/** Of a stream without a shape: the list is all that there is. */
const ONLY_LIST: readonly Part[] = [BEFORE, 'id', Buffer.from(BEHIND), 0, Buffer.from('}}')]

/** A whole result, in place of the list. */
const WHOLE: readonly Part[] = [BEFORE, 'id', Buffer.from(',"type":"next","payload":'), 0, Buffer.from('}')]
const NO_BATCH = { cursor: '', caughtUp: true }

/** What all streams of a shape have in common. */
const known = new WeakMap<Shape, readonly Part[]>()

function partsOf(shape: Shape | null): readonly Part[] {
  if (shape === null) return ONLY_LIST
  const parts = known.get(shape) ?? makeParts(shape)
  known.set(shape, parts)
  return parts
}

function makeParts(shape: Shape): Part[] {
  const parts: Part[] = [BEFORE, 'id']
  let text = `${BEHIND}{${JSON.stringify(shape.root)}:{`
  let lists = 0
  const put = (part: Part, behind: string) => {
    parts.push(Buffer.from(text), part)
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
  return [...parts, Buffer.from(`${text}}}}}`)]
}

/** A text frame of a server (RFC 6455, section 5.2): final, not masked. The cursor is base64url, so a byte per character. */
function frameOf(parts: readonly Part[], id: string, batch: { cursor: string; caughtUp: boolean }, pieces: readonly Piece[]): Buffer {
  const caughtUp = batch.caughtUp ? TRUE : FALSE
  let length = 0
  for (const part of parts) {
    if (typeof part === 'number') length += listLength(pieces, part)
    else if (part === 'cursor') length += batch.cursor.length
    else if (part === 'caughtUp') length += caughtUp.length
    else if (part === 'id') length += Buffer.byteLength(id)
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
    else if (part === 'id') at += frame.write(id, at)
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
