import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { ExecutionArgs } from 'graphql'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { Extra } from 'graphql-ws/use/ws'
import type { OperationResult } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { admit } from '../auth/admit.ts'
import type { Admission, Credentials } from '../auth/admit.ts'
import { watchSession } from '../auth/watch.ts'
import { BadUserInput, Unauthenticated, Unavailable } from '../base/errors.ts'
import type { Config } from '../config.ts'
import type { Edge, GraphQLContext, Services } from '../graphql/context.ts'
import { MASKED, withoutHttp } from '../graphql/errors.ts'
import { bearerToken, clientOf, isKnownOrigin } from './edge.ts'
import type { Api } from './graphql.ts'
import { MAX_BODY_BYTES } from './limits.ts'
import { SocketStream } from './live.ts'
import type { Pipeline } from './pipeline.ts'
import { createSocketAnswers } from './socket-answers.ts'

/** The socket is pinged this often, and ended when no answer came by the next time. */
const KEEP_ALIVE_MS = 12_000
/** A client says who it is within this time. */
const INIT_TIMEOUT_MS = 3000
/** Time for a client to answer that its socket closes. */
const CLOSE_MS = 1000
/** When the server ends, sockets are closed one after the other over at most so long, so that their clients do not all come to the next server at once. */
const DRAIN_MS = 3000
/** Between two of them, where they are few. */
const DRAIN_STEP_MS = 2
/** A client that lets more than this of its answers pile up is sent away. What streams bring waits elsewhere, without being kept. */
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024

/** What we keep of a socket from its init to its close. */
interface SocketState extends Extra {
  edge?: Omit<Edge, 'requestId' | 'writeLive'>
  release?: () => void
  [key: PropertyKey]: unknown
}

/** Serves graphql-transport-ws at /graphql of this server; answers a function that closes all sockets, a few at a time. */
export function serveWebSocket(server: Server, config: Config, services: Services, pipeline: Pipeline, api: Api): () => Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_BODY_BYTES,
    handleProtocols: (protocols) => (protocols.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  })
  const upgraded = new Set<Duplex>()
  let draining = false
  server.on('upgrade', (req, socket, head) => {
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    // Node has taken its own listener off by now, and an error that nobody hears would end the process.
    socket.on('error', () => socket.destroy())
    const refusal = draining ? '503 Service Unavailable' : refuseUpgrade(config, req)
    if (refusal !== null) {
      endWith(socket, refusal)
      return
    }
    sockets.handleUpgrade(req, socket, head, (client) => {
      sendQuietly(client)
      sockets.emit('connection', client, req)
      // A frame that is too large or broken is the client's fault: ws has closed the socket with the code that says so,
      // and graphql-ws would print it as a fault of ours.
      client.removeAllListeners('error')
      client.on('error', (error) => {
        services.log.debug({ err: error }, 'A socket was closed for a bad frame')
      })
    })
  })

  const answerOnce = createSocketAnswers(pipeline, sendAwaySlow)
  const graphql = useServer<Record<string, unknown>, SocketState>(
    {
      connectionInitWaitTimeout: INIT_TIMEOUT_MS,
      // Whatever NODE_ENV says: a fault that slips through closes the socket without its message.
      isProd: true,
      onConnect: async (socket) => {
        const params = socket.connectionParams ?? {}
        const credentials = credentialsOf(params)
        let admission: Admission
        try {
          admission = await admit(services, credentials)
        } catch (error) {
          if (error instanceof Unauthenticated) return false
          if (error instanceof BadUserInput) {
            socket.extra.socket.close(CloseCode.BadRequest, error.message)
            return false
          }
          if (!(error instanceof Unavailable)) services.log.error({ err: error }, 'A connection could not be signed in')
          sendAway(socket.extra)
          return false
        }
        // Gone while we looked: its close was told already, nobody would release what is taken now.
        if (socket.extra.socket.readyState !== WebSocket.OPEN) return false
        // A token that is not valid: 4403, after which clients ask for a new one and come again.
        const { viewer, trusted } = admission
        if (credentials.token !== null && viewer === null) return false
        const { extra } = socket
        const resumeAfter = typeof params.resumeAfter === 'string' ? params.resumeAfter : null
        const endConnection = () => {
          sendAway(extra)
        }
        extra.edge = { viewer, client: clientOf(extra.request, trusted), resumeAfter, endConnection, cookies: null }
        if (viewer !== null) {
          const leave = services.presence.connect(viewer.userId)
          const stop = watchSession(services, viewer, () => {
            endSession(extra)
          })
          extra.release = () => {
            stop()
            leave()
          }
        }
        const connectionId = randomUUID()
        services.log.debug({ connectionId, userId: viewer?.userId }, 'connected')
        return { connectionId, expiresAt: viewer?.expiresAt?.toISOString() ?? null, keepAlive: KEEP_ALIVE_MS }
      },
      onClose: ({ extra }) => {
        extra.release?.()
      },
      onSubscribe: async (context, id, params) => {
        const { extra } = context
        // Closing takes the client's consent; what it still asks for meanwhile is answered by nobody.
        if (extra.edge === undefined || extra.socket.readyState !== WebSocket.OPEN) return [new GraphQLError('The connection is closing.')]
        const { request, socket } = extra
        const edge: Edge = { ...extra.edge, requestId: randomUUID(), writeLive: (stream) => new SocketStream(stream, socket, request.socket, id) }
        const answered = answerOnce(context, id, edge, params)
        if (answered !== null) return answered
        const { schema, execute, subscribe, contextFactory, parse, validate } = api.getEnveloped({ edge, params } as never)
        try {
          const document = parse(params.query)
          const errors = validate(schema, document)
          if (errors.length > 0) return errors.map(withoutHttp)
          const contextValue = (await contextFactory()) as GraphQLContext
          const args: ExecutionArgs & Lanes = { schema, document, contextValue, operationName: params.operationName, variableValues: params.variables, execute, subscribe }
          return args
        } catch (error) {
          // A document that cannot be read is answered on its own; the socket stays open for the others.
          if (error instanceof GraphQLError) return [withoutHttp(error)]
          services.log.error({ err: error, requestId: edge.requestId }, 'A request failed')
          return [new GraphQLError(MASKED, { extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: edge.requestId } })]
        }
      },
      onNext: sendAwaySlow,
      execute: (args) => (args as ExecutionArgs & Lanes).execute(args),
      subscribe: (args) => (args as ExecutionArgs & Lanes).subscribe(args),
    },
    sockets,
    KEEP_ALIVE_MS,
  )

  return async () => {
    draining = true
    await drain(sockets.clients)
    const closed = Promise.resolve(graphql.dispose())
    // A client that does not answer the close, such as a sleeping phone, is not waited for.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())])
    for (const client of sockets.clients) client.terminate()
    for (const socket of upgraded) socket.destroy()
    sockets.close()
  }
}

/** What could not be sent because the socket is gone is told by its close; graphql-ws would print each of these as a fault of ours. */
function sendQuietly(client: WebSocket): void {
  const send = client.send.bind(client) as (data: string, done: () => void) => void
  client.send = (data: unknown, done?: unknown) => {
    send(data as string, () => {
      if (typeof done === 'function') done()
    })
  }
}

/** Closes sockets one after the other, with a code after which clients come again at once. What they ask for until then is answered. */
async function drain(clients: ReadonlySet<WebSocket>): Promise<void> {
  const began = performance.now()
  const step = Math.min(DRAIN_STEP_MS, DRAIN_MS / clients.size)
  for (const [index, client] of [...clients].entries()) {
    const early = began + index * step - performance.now()
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
    client.close(1012, 'Service restart')
  }
}

/** Before an answer more: a client that takes none is not kept. */
function sendAwaySlow({ extra }: { extra: Extra }): void {
  if (extra.socket.bufferedAmount > MAX_BUFFERED_BYTES) sendAway(extra)
}

/** Closes a socket for a fault that may pass, with a code after which clients come again. */
function sendAway({ socket }: Extra): void {
  close(socket, 1013, 'Try again later')
}

/** Takes the right to ask from a socket at once, and closes it. */
function endSession(extra: SocketState): void {
  delete extra.edge
  close(extra.socket, CloseCode.Forbidden, 'Session ended')
}

/** A client that does not answer the close, such as one that reads nothing, is cut. */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== WebSocket.OPEN) return
  socket.close(code, reason)
  setTimeout(() => {
    socket.terminate()
  }, CLOSE_MS).unref()
}

/** The functions of the pipeline that an operation was prepared by. */
interface Lanes {
  execute: (args: ExecutionArgs) => OperationResult
  subscribe: (args: ExecutionArgs) => OperationResult
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
