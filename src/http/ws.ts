import { GraphQLError, getOperationAST } from 'graphql'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import type { SubscribePayload } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { admit } from '../auth/admit.ts'
import type { Admission, Credentials } from '../auth/admit.ts'
import { watchSession } from '../auth/watch.ts'
import type { Ending } from '../auth/watch.ts'
import { BadUserInput, Unauthenticated, Unavailable } from '../base/errors.ts'
import type { Config } from '../config.ts'
import type { Services } from '../graphql/context.ts'
import { withoutHttp } from '../graphql/errors.ts'
import { schema } from '../graphql/schema.ts'
import type { Prepared } from './documents.ts'
import { bearerToken, clientOf, isKnownOrigin } from './edge.ts'
import { KeepAlive } from './keep-alive.ts'
import { SocketStream } from './live.ts'
import { Peer, PeerSocket } from './peer.ts'
import type { Answer, Making, Rules } from './peer.ts'
import type { Pipeline } from './pipeline.ts'
import type { Seats } from './seats.ts'

/** The socket is pinged this often, and ended when no answer came by the next time. */
const KEEP_ALIVE_MS = 12_000
/** Time for a client to answer that its socket closes. */
const CLOSE_MS = 1000
/** When the server ends, sockets are closed one after the other over at most so long, so that their clients do not all come to the next server at once. */
const DRAIN_MS = 3000
/** Between two of them, where they are few. */
const DRAIN_STEP_MS = 2
/** As many connections as there may be are there already. graphql-transport-ws uses this code for too many greetings, and its clients give up at it. */
const TOO_MANY = 4429
/** A client that lets more than this of its answers pile up is sent away. What streams bring waits elsewhere, without being kept. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

/** Serves graphql-transport-ws at /graphql of this server; answers a function that closes all sockets, a few at a time. */
export function serveWebSocket(server: Server, config: Config, services: Services, pipeline: Pipeline, { seats, keepAliveMs = KEEP_ALIVE_MS }: { seats: Seats; keepAliveMs?: number }): () => Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: config.limits.bodyBytes,
    WebSocket: PeerSocket,
    handleProtocols: (protocols) => (protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  })
  const peers = new Set<Peer>()
  const { meters } = services
  const keepAlive = new KeepAlive(keepAliveMs)
  let draining = false
  let onEmpty: () => void = () => undefined
  const rules: Rules = {
    admit: (peer, params) => admitPeer(config, services, seats, peer, params, keepAliveMs),
    answer: (peer, id, params, making) => answerPeer(config, services, pipeline, peer, id, params, making),
    onAnswer: sendAwaySlow,
    onClose: (peer) => {
      keepAlive.delete(peer.socket)
      peers.delete(peer)
      peer.watch?.stop()
      peer.leave?.()
      meters.connections.ws = peers.size
      if (peer.seat !== null) seats.leave(peer.seat)
      if (typeof peer.seat === 'string') meters.connections.anonymous--
      if (peers.size === 0) onEmpty()
    },
    onBadFrame: (error) => {
      services.log.debug({ err: error }, 'A socket was closed for a bad frame')
    },
    onFault: (error) => {
      services.log.error({ err: error }, 'A socket failed')
    },
  }

  // The listeners are the same for all sockets: a closure for each would keep the whole request alive as long as its socket.
  const shaking = new Set<Duplex>()
  const forget = function (this: Duplex) {
    shaking.delete(this)
  }
  const accept = (client: PeerSocket, req: IncomingMessage) => {
    const wire = req.socket
    // From here on ws takes care of it.
    wire.off('close', forget)
    wire.off('error', destroy)
    shaking.delete(wire)
    peers.add(new Peer(client, wire, clientOf(config, req, false), rules))
    meters.connections.ws = peers.size
    keepAlive.add(client)
  }
  server.on('upgrade', (req, socket, head) => {
    shaking.add(socket)
    socket.on('close', forget)
    // Node has taken its own listener off by now, and an error that nobody hears would end the process.
    socket.on('error', destroy)
    const refusal = draining ? '503 Service Unavailable' : refuseUpgrade(config, req)
    if (refusal === null) sockets.handleUpgrade(req, socket, head, accept)
    else endWith(socket, refusal)
  })

  return async () => {
    draining = true
    await drain(peers)
    // A client that does not answer the close, such as a sleeping phone, is not waited for.
    const patience = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    await Promise.race([patience, peers.size === 0 ? null : new Promise<void>((resolve) => (onEmpty = resolve))])
    for (const { socket } of peers) socket.terminate()
    for (const socket of shaking) socket.destroy()
    sockets.close()
  }
}

/** Lets in who shows who they are; null: refused. */
async function admitPeer({ limits }: Config, services: Services, seats: Seats, peer: Peer, params: Readonly<Record<string, unknown>>, keepAlive: number): Promise<Record<string, unknown> | null> {
  const credentials = credentialsOf(params)
  let admission: Admission
  try {
    admission = await admit(services, credentials)
  } catch (error) {
    if (error instanceof Unauthenticated) return null
    if (error instanceof BadUserInput) {
      peer.socket.close(CloseCode.BadRequest, error.message)
      return null
    }
    if (!(error instanceof Unavailable)) services.log.error({ err: error }, 'A connection could not be signed in')
    sendAway(peer)
    return null
  }
  // Gone while we looked: its close was told already, nobody would release what is taken now.
  if (peer.socket.readyState !== WebSocket.OPEN) return null
  // A token that is not valid: 4403, after which clients ask for a new one and come again.
  const { viewer, trusted } = admission
  if (credentials.token !== null && viewer === null) return null
  // The product's own server limits itself.
  if (!trusted) {
    const [seat, most] = viewer === null ? [peer.client.address, limits.anonymousPerAddress] as const : [viewer.userId, limits.connectionsPerUser] as const
    if (!seats.take(seat, most)) {
      services.meters.refusedConnections++
      // Which clients take as final: each that came again would close an older one's chance.
      peer.socket.close(TOO_MANY, 'Too many connections')
      return null
    }
    peer.seat = seat
    if (viewer === null) services.meters.connections.anonymous++
  }
  const connectionId = randomUUID()
  peer.edge = {
    connectionId,
    viewer,
    client: trusted ? { ...peer.client, trusted } : peer.client,
    resumeAfter: typeof params.resumeAfter === 'string' ? params.resumeAfter : null,
    endConnection: () => {
      sendAway(peer)
    },
    cookies: null,
  }
  if (viewer !== null) {
    peer.leave = services.presence.connect(viewer.userId)
    peer.watch = watchSession(services, viewer, (why) => {
      endSession(peer, why)
    })
  }
  services.log.debug({ connectionId, userId: viewer?.userId }, 'connected')
  return { connectionId, expiresAt: viewer?.expiresAt?.toISOString() ?? null, keepAlive }
}

/** Runs what a peer asks for. */
async function answerPeer({ limits }: Config, { meters }: Services, pipeline: Pipeline, peer: Peer, id: string, params: SubscribePayload, making: Making): Promise<Answer> {
  // Closing takes the client's consent; what it still asks for meanwhile is answered by nobody.
  if (peer.edge === null || peer.socket.readyState !== WebSocket.OPEN) return { refused: [new GraphQLError('The connection is closing.')] }
  const requestId = randomUUID()
  let prepared: Prepared
  try {
    prepared = pipeline.prepare(pipeline.textOf(params) ?? params.query, peer.client.address)
  } catch (error) {
    // A document that cannot be read is answered on its own; the socket stays open for the others.
    return { refused: [withoutHttp(error instanceof GraphQLError ? error : pipeline.present(error, { requestId, ...peer.edge }))] }
  }
  const { document, errors } = prepared
  if (errors.length > 0) return { refused: errors.map(withoutHttp) }
  const operation = getOperationAST(document, params.operationName)
  if (operation == null) return { refused: [new GraphQLError('Unable to identify operation')] }
  const { viewer, client, connectionId, resumeAfter, endConnection, cookies } = peer.edge
  const contextValue = pipeline.socketContext({ viewer, client, connectionId, resumeAfter, endConnection, cookies, requestId, writeLive: (stream) => new SocketStream(stream, peer.socket, peer.wire, id) })
  const args = { schema, document, contextValue, variableValues: params.variables, operationName: params.operationName }
  if (operation.operation !== 'subscription') {
    making.givenUp = contextValue.givenUp ?? null
    return { result: await pipeline.execute(args) }
  }
  if (peer.streams >= limits.subscriptionsPerSocket) {
    meters.refusedConnections++
    return { refused: [new GraphQLError(`There are ${limits.subscriptionsPerSocket} subscriptions on this connection already: end one.`, { extensions: { code: 'BAD_USER_INPUT' } })] }
  }
  making.isStream = true
  // Node puts it together of 13 parts, and a stream's context lives long: written anew it is one.
  contextValue.requestId = Buffer.from(requestId).toString('latin1')
  const answer = await pipeline.subscribe(args)
  return Symbol.asyncIterator in answer ? { stream: answer, failed: (error) => withoutHttp(pipeline.present(error, contextValue)) } : { result: answer }
}

/** Closes sockets one after the other, with a code after which clients come again at once. What they ask for until then is answered. */
async function drain(peers: ReadonlySet<Peer>): Promise<void> {
  const began = performance.now()
  const step = Math.min(DRAIN_STEP_MS, DRAIN_MS / peers.size)
  for (const [index, { socket }] of [...peers].entries()) {
    const early = began + index * step - performance.now()
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
    socket.close(1012, 'Service restart')
  }
}

/** Before an answer more: a client that takes none is not kept. */
function sendAwaySlow(peer: Peer): void {
  if (peer.socket.bufferedAmount > MAX_BUFFERED_BYTES) sendAway(peer)
}

/** Closes a socket for a fault that may pass, with a code after which clients come again. */
function sendAway({ socket }: Peer): void {
  close(socket, 1013, 'Try again later')
}

/** Takes the right to ask from a socket at once, and closes it. */
function endSession(peer: Peer, why: Ending): void {
  peer.edge = null
  // The token is as good as it was: whoever comes again with it is told to begin anew.
  if (why === 'INBOX') close(peer.socket, 1012, 'Other chats now')
  else close(peer.socket, CloseCode.Forbidden, 'Session ended')
}

/** A client that does not answer the close, such as one that reads nothing, is cut. */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== WebSocket.OPEN) return
  socket.close(code, reason)
  setTimeout(() => {
    socket.terminate()
  }, CLOSE_MS).unref()
}

function destroy(this: Duplex): void {
  this.destroy()
}

/** What `connectionParams` show: a key that is no text is a wrong one. */
function credentialsOf(params: Record<string, unknown>): Credentials {
  const textOf = (value: unknown) => (value == null ? null : typeof value === 'string' ? value : '')
  return { token: tokenOf(params), serverKey: textOf(params.serverKey), actAs: textOf(params.actAs) }
}

/** `token`, or an authorization as an HTTP header would say it, at the top or below `headers`. Cookies are never read here. */
function tokenOf(params: Record<string, unknown>): string | null {
  if (typeof params.token === 'string' && params.token !== '') return params.token
  const headers = typeof params.headers === 'object' && params.headers !== null ? (params.headers as Record<string, unknown>) : {}
  return bearerToken(params.authorization ?? params.Authorization ?? headers.authorization ?? headers.Authorization)
}

/** The status with which a handshake is refused; null: it may go on. */
function refuseUpgrade(config: Config, req: IncomingMessage): string | null {
  if ((req.url ?? '/').split('?', 1)[0] !== '/graphql') return '404 Not Found'
  const { origin, host } = req.headers
  // Programs send no origin; a browser always does, and a foreign page has no business here.
  return origin === undefined || isKnownOrigin(config, origin, host) ? null : '403 Forbidden'
}

function endWith(socket: Duplex, status: string): void {
  // Not left half open for as long as the client likes.
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy())
}
