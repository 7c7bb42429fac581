import type { ExecutionResult, GraphQLError } from 'graphql'
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, MessageType, parseMessage } from 'graphql-ws'
import type { Message, SubscribePayload } from 'graphql-ws'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import type { GivenUp } from '../base/given-up.ts'
import type { Edge } from '../graphql/context.ts'
import { KeptSocket } from './keep-alive.ts'
import { SocketStream } from './live.ts'

/** A client says who it is within this time. */
const INIT_TIMEOUT_MS = 3000

/** The socket of a peer. It hands its events over itself: a table of listeners for each socket would be as large as the socket. */
export class PeerSocket extends KeptSocket {
  peer: Peer | null = null

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') this.peer?.receive(String(args[0]))
    else if (event === 'pong') this.silent = false
    else if (event === 'close') this.peer?.closed()
    else if (event === 'error') this.peer?.failed(args[0])
    else return super.emit(event, ...args)
    return true
  }
}

/** What an operation comes to: what it was refused with, one result, or many; `failed` turns what the stream may throw into an error for clients. */
export type Answer = { refused: readonly GraphQLError[] } | { result: ExecutionResult } | { stream: AsyncIterableIterator<ExecutionResult>; failed: (error: unknown) => GraphQLError }

/** What is done with what peers ask for. */
export interface Rules {
  /** Who a client is, by its `connectionParams`: what it is told, or null where it is sent away with 4403. It must not fail. */
  admit(peer: Peer, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown> | null>
  answer(peer: Peer, id: string, params: SubscribePayload, making: Making): Promise<Answer>
  /** Called before each frame but those of a live stream. */
  onAnswer(peer: Peer): void
  onClose(peer: Peer): void
  /** A frame that is too large or broken is the client's fault: ws has closed the socket with the code that says so. */
  onBadFrame(error: unknown): void
  /** A fault of ours, which closed the socket. */
  onFault(error: unknown): void
}

/**
 * One connection that speaks graphql-transport-ws, on the server's side. The messages are read and checked by graphql-ws; its server is not used,
 * because what that keeps for each socket and each stream (closures, timers, suspended functions and the messages themselves) is several times as
 * much as the socket. This keeps what it needs, and nothing of what was said.
 *
 * States: NEW (until `connection_init`) → KNOWN, while it is looked who that is → ACKNOWLEDGED → closed.
 */
export class Peer {
  readonly socket: PeerSocket
  /** What `socket` was made of. */
  readonly wire: Duplex
  /** Not trusted: whether it is, is known once it is admitted. */
  readonly client: Edge['client']
  /** Set by whoever admits it. */
  edge: Omit<Edge, 'requestId' | 'writeLive'> | null = null
  /** Watches its session. */
  watch: { stop(): void } | null = null
  /** What it is counted by among those who are connected: a user's id or a network address; null: it is not. */
  seat: number | string | null = null
  /** Counts it no longer. */
  leave: (() => void) | null = null
  readonly #rules: Rules
  /** By id. */
  readonly #operations = new Map<string, AsyncIterator<ExecutionResult> | Making>()
  #state: 'NEW' | 'KNOWN' | 'ACKNOWLEDGED' = 'NEW'
  #patience: NodeJS.Timeout | null = null

  constructor(socket: PeerSocket, wire: Duplex, client: Edge['client'], rules: Rules) {
    this.socket = socket
    this.wire = wire
    this.client = client
    this.#rules = rules
    socket.peer = this
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
      socket.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable')
      return
    }
    this.#patience = setTimeout(() => {
      socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout')
    }, INIT_TIMEOUT_MS)
  }

  receive(text: string): void {
    // It was told that it is not understood.
    if (this.socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) return
    let message: Message
    try {
      message = parseMessage(text)
    } catch {
      this.socket.close(CloseCode.BadRequest, 'Invalid message received')
      return
    }
    switch (message.type) {
      case MessageType.ConnectionInit:
        this.#init(message.payload ?? {})
        return
      case MessageType.Ping:
        this.#send(message.payload ? { type: MessageType.Pong, payload: message.payload } : { type: MessageType.Pong })
        return
      case MessageType.Pong:
        return
      case MessageType.Subscribe:
        this.#subscribe(message.id, message.payload)
        return
      case MessageType.Complete:
        this.#end(message.id)
        return
      case MessageType.ConnectionAck:
      case MessageType.Next:
      case MessageType.Error:
        // What servers say.
        this.socket.close(CloseCode.InternalServerError, 'Internal server error')
    }
  }

  failed(error: unknown): void {
    this.#rules.onBadFrame(error)
  }

  /** Ends all that it has asked for. */
  closed(): void {
    this.#stopWaiting()
    for (const id of [...this.#operations.keys()]) this.#end(id)
    this.#rules.onClose(this)
  }

  /** Subscriptions that are open or being opened. */
  get streams(): number {
    let count = 0
    for (const operation of this.#operations.values()) if (!(operation instanceof Making) || operation.isStream) count++
    return count
  }

  #stopWaiting(): void {
    if (this.#patience !== null) clearTimeout(this.#patience)
    this.#patience = null
  }

  #init(params: Readonly<Record<string, unknown>>): void {
    if (this.#state !== 'NEW') {
      this.socket.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests')
      return
    }
    this.#state = 'KNOWN'
    this.#stopWaiting()
    this.#rules.admit(this, params).then(
      (payload) => {
        if (payload === null) {
          this.socket.close(CloseCode.Forbidden, 'Forbidden')
          return
        }
        this.#state = 'ACKNOWLEDGED'
        this.#send({ type: MessageType.ConnectionAck, payload })
      },
      (error: unknown) => { this.#fail(error) },
    )
  }

  #subscribe(id: string, params: SubscribePayload): void {
    if (this.#state !== 'ACKNOWLEDGED') {
      this.socket.close(CloseCode.Unauthorized, 'Unauthorized')
      return
    }
    if (this.#operations.has(id)) {
      // A close holds 123 bytes of reason (RFC 6455, section 5.5).
      const reason = `Subscriber for ${id} already exists`
      this.socket.close(CloseCode.SubscriberAlreadyExists, Buffer.byteLength(reason) <= 123 ? reason : 'Subscriber already exists')
      return
    }
    const making = new Making()
    this.#operations.set(id, making)
    this.#rules.answer(this, id, params, making).then(
      (answer) => { this.#answer(id, making, answer) },
      (error: unknown) => { this.#fail(error) },
    )
  }

  #answer(id: string, making: Making, answer: Answer): void {
    if (this.#operations.get(id) !== making) {
      // Completed by the client meanwhile, which may even use the id for something else: it does not wait for an answer.
      if ('stream' in answer) void answer.stream.return?.()
    } else if ('refused' in answer) {
      this.#operations.delete(id)
      this.#send({ id, type: MessageType.Error, payload: answer.refused.map((error) => error.toJSON()) })
    } else if ('result' in answer) {
      // From here on the id is free.
      this.#operations.delete(id)
      // The result and its end go out in one write.
      writeTogether(this.wire)
      this.#next(id, answer.result)
      this.#send({ id, type: MessageType.Complete })
    } else {
      this.#operations.set(id, answer.stream)
      if (answer.stream instanceof SocketStream) answer.stream.run(this)
      else void this.#drive(id, answer.stream, answer.failed)
    }
  }

  /** Sends what a stream brings, each once the one before it was taken by the network. */
  async #drive(id: string, stream: AsyncIterableIterator<ExecutionResult>, failed: (error: unknown) => GraphQLError): Promise<void> {
    try {
      for await (const result of stream) await new Promise<void>((resolve) => { this.#next(id, result, resolve) })
      this.complete(id)
    } catch (error) {
      if (this.#operations.delete(id)) this.#send({ id, type: MessageType.Error, payload: [failed(error).toJSON()] })
    }
  }

  #next(id: string, { errors, ...rest }: ExecutionResult, done?: () => void): void {
    const payload = errors === undefined ? rest : { ...rest, errors: errors.map((error) => error.toJSON()) }
    this.#send({ id, type: MessageType.Next, payload }, done)
  }

  /** The server's end of an operation. */
  complete(id: string): void {
    if (this.#operations.delete(id)) this.#send({ id, type: MessageType.Complete })
  }

  /** The client's end of an operation. */
  #end(id: string): void {
    const stream = this.#operations.get(id)
    this.#operations.delete(id)
    if (stream instanceof Making) stream.givenUp?.giveUp()
    else stream?.return?.().catch((error: unknown) => { this.#rules.onFault(error) })
  }

  #send(message: object, done: () => void = NOTHING): void {
    // Whatever it is, pongs and refusals too: a client that reads nothing would have all of it kept.
    if (this.socket.readyState === WebSocket.OPEN) this.#rules.onAnswer(this)
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message), done)
    else done()
  }

  #fail(error: unknown): void {
    this.#rules.onFault(error)
    this.socket.close(CloseCode.InternalServerError, 'Internal server error')
  }
}

/** Stands for an operation whose answer is being made. */
export class Making {
  /** Told when the client wants it no more. */
  givenUp: GivenUp | null = null
  /** Whether it is a subscription. */
  isStream = false
}

/** What could not be sent because the socket is gone is told by its close. */
const NOTHING = () => undefined

/** Gathers what this turn brings for a connection into one write. */
function writeTogether(wire: Duplex): void {
  if (wire.writableCorked > 0) return
  wire.cork()
  process.nextTick(() => {
    wire.uncork()
  })
}
