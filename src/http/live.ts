import type { Duplex } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import { WebSocket } from 'ws'
import type { Answers, LiveStream } from '../graphql/live.ts'
import { Block, NO_BATCH, WHOLE, frameOf, partsOf } from './frames.ts'
import type { Part } from './frames.ts'

/** Whoever a stream is written for. */
interface Reader {
  /** The operation of this id has ended. */
  complete(id: string): void
}

/** Streams that may have something to send, and those that have: what one turn of the event loop brings goes out together, each socket once. */
let ready: SocketStream[] = []
let made: SocketStream[] = []
/** Where the frames are made that are written at once. */
const block = new Block()
/** So many streams are written at once. */
const GROUP = 64

/** Whether {@link runReady} will be called. */
let awaited = false

/** Nothing is written before this, as performance.now() tells it. */
let pausesUntil = 0
/** What it took to write to many is the measure of the pause behind it, and so is this, in milliseconds: meanwhile more comes that goes out with the next write. */
const PAUSE_SHARE = 0.5
const MAX_PAUSE_MS = 5

function runSoon(): void {
  if (awaited) return
  awaited = true
  const wait = pausesUntil - performance.now()
  // After a small one there is none.
  if (wait < 1) setImmediate(runReady)
  else setTimeout(runReady, wait)
}

/** First all answers, then the frames of some and their writes in one go: readers who are woken one by one cost the writer twice as much. */
function runReady(): void {
  awaited = false
  const streams = ready
  ready = []
  for (const stream of streams) stream.turn()
  const writing = made
  made = []
  if (writing.length === 0) return
  const began = performance.now()
  for (let at = 0; at < writing.length; ) {
    const from = at
    while (at < writing.length && at - from < GROUP && !block.isFull) writing[at++]?.frame()
    for (let index = from; index < at; index++) writing[index]?.write()
    block.reuse()
  }
  const now = performance.now()
  pausesUntil = now + Math.min((now - began) * PAUSE_SHARE, MAX_PAUSE_MS)
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
  /** To be put into frames; null where there is nothing. */
  #answers: Answers[] | null = null
  /** Their frames, to be written. */
  #outgoing: Buffer | null = null
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
    this.#answers = null
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

  /** Takes what there is. */
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
      this.frame()
      this.write()
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

  /** Makes frames of what is to be sent. */
  frame(): void {
    const all = this.#answers
    this.#answers = null
    // Who is being sent away gets nothing more.
    if (all === null || this.#client.readyState !== WebSocket.OPEN) return
    const frames = all.flatMap((answers) => this.#framesOf(answers))
    this.#outgoing = frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames)
  }

  #framesOf(answers: Answers): Buffer[] {
    if ('results' in answers) return answers.results.map((result) => frameOf(block, WHOLE, this.#id, NO_BATCH, [{ json: [Buffer.from(JSON.stringify(result))] }]))
    const { batch, pieces } = answers
    if (this.#stream.form === 'batches') return [frameOf(block, this.#parts, this.#id, batch, pieces)]
    return pieces.map((piece) => frameOf(block, this.#parts, this.#id, batch, [piece]))
  }

  /** Writes what was made. */
  write(): void {
    const frames = this.#outgoing
    this.#outgoing = null
    if (frames === null || frames.length === 0) return
    this.#socket.write(frames)
    // The system has taken all of it, as a rule.
    if (this.#socket.writableLength > 0) block.keep()
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
    if (this.#givenUp) return
    if (this.#answers !== null) {
      this.#answers.push(answers)
      return
    }
    this.#answers = [answers]
    made.push(this)
    runSoon()
  }
}
