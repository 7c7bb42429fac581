import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StartError } from '../base/start-error.ts'
import type { Config } from '../config.ts'
import type { Services } from '../graphql/context.ts'
import { createFiles, isUpload } from './files.ts'
import { createApi } from './graphql.ts'
import { createGraphiQL } from './graphiql.ts'
import { answerLive, answerReady } from './health.ts'
import type { HealthChecks } from './health.ts'
import { createJsonLane } from './json-lane.ts'
import { admitRequest, admitToYoga, refuse } from './limits.ts'
import { Metrics, mayReadMetrics, serveMetrics } from './metrics.ts'
import { createPipeline } from './pipeline.ts'
import { Seats } from './seats.ts'
import { openTraces } from './traces.ts'
import { createWeb } from './web.ts'
import { serveWebSocket } from './ws.ts'

/** A listening server. */
export interface HttpServer {
  /** Its address on this machine, without a trailing slash. */
  url: string
  /** Where the figures for Prometheus are, where they have a port of their own. */
  metricsUrl: string | null
  close(): Promise<void>
}

export interface HttpOptions {
  keepAliveMs?: number | undefined
  routes?: ReadonlyMap<string, (req: IncomingMessage, res: ServerResponse) => Promise<void>> | undefined
}

/** Serves HTTP, SSE and WebSocket on one port. `keepAliveMs`: how often sockets are pinged, 12 seconds unless told; `routes`: what else answers at which paths. @throws {StartError} where the address cannot be had. */
export async function serveHttp(config: Config, services: Services, checks: HealthChecks, { keepAliveMs, routes }: HttpOptions = {}): Promise<HttpServer> {
  const streams = new Set<ServerResponse>()
  const traces = await openTraces(config)
  const pipeline = createPipeline(config, services, traces)
  const seats = new Seats()
  const api = createApi(config, services, pipeline, streams, seats)
  const answerJson = createJsonLane(config, pipeline)
  const files = createFiles(config, services)
  const graphiql = config.graphiql ? createGraphiQL({ endpoint: '/graphql' }) : () => false
  const web = await createWeb()
  const route = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = (req.url ?? '/').split('?', 1)[0]
    res.setHeader('x-content-type-options', 'nosniff')
    // Whoever sends a file is watched where it is taken.
    if (!isUpload(req)) limitTime(req, res)
    if (await files(req, res)) return
    if (graphiql(req, res) || web(req, res)) return
    if (path === '/graphql') {
      if ((await admitRequest(config, req, res)) && !(await answerJson(req, res)) && admitToYoga(req, res)) await (api.requestListener(req, res) as Promise<void> | undefined)
    } else if (path === '/health/live') answerLive(res)
    else if (path === '/health/ready' || path === '/api/health') await answerReady(res, checks)
    else if (path === '/metrics' && config.metrics.token !== null) await answerMetrics(req, res)
    else if (path === '/') await answerRoot(config, req, res, () => answerReady(res, checks))
    else if (routes?.has(path ?? '/') === true) await routes.get(path ?? '/')?.(req, res)
    else refuse(res, 404, 'NOT_FOUND', 'There is nothing at this path. The API is at /graphql.')
  }
  const metrics = config.metrics.port === null && config.metrics.token === null ? null : new Metrics(services, checks)
  const answerMetrics = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (metrics !== null && mayReadMetrics(config, req)) await metrics.answer(res)
    else refuse(res, 401, 'UNAUTHENTICATED', 'The figures need the token of METRICS_TOKEN as a bearer.')
  }
  let closing = false
  const running = new Set<Promise<void>>()
  const server = createServer({ requestTimeout: 0, headersTimeout: REQUEST_MS, connectionsCheckingInterval: CHECK_MS }, (req, res) => {
    // Whoever keeps a connection open to a server that ends goes elsewhere with the next request.
    if (closing) res.setHeader('connection', 'close')
    res.once('finish', () => {
      if (closing) setImmediate(() => { server.closeIdleConnections() })
    })
    const answer = route(req, res)
      .catch((error: unknown) => {
        services.log.error({ err: error }, 'A request failed')
        if (res.headersSent) res.destroy()
        else refuse(res, 500, 'INTERNAL_SERVER_ERROR', 'Unexpected error.')
      })
      .finally(() => running.delete(answer))
    running.add(answer)
  })
  const closeSockets = serveWebSocket(server, config, services, pipeline, { seats, ...(keepAliveMs === undefined ? {} : { keepAliveMs }) })
  const ownPort = metrics === null ? null : await serveMetrics(config, metrics)
  try {
    await listen(server, config)
  } catch (error) {
    await ownPort?.close()
    throw error
  }
  return {
    url: urlOf(server.address() as AddressInfo),
    metricsUrl: ownPort?.url ?? null,
    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => { resolve() }))
      // Requests under way are finished; what still hangs after that is cut.
      const patience = setTimeout(() => { server.closeAllConnections() }, 5000)
      await ownPort?.close()
      await closeSockets()
      // Cut, not completed: then clients come again.
      for (const stream of streams) stream.destroy()
      server.closeIdleConnections()
      await closed
      clearTimeout(patience)
      // Also what nobody waits for any more still needs its database.
      await Promise.allSettled(running)
      await api.dispose()
      await traces?.close()
    },
  }
}

/** A request has so long to come whole, files apart: Node.js has one such limit for all requests alike. */
const REQUEST_MS = 10_000
/** How often Node.js looks for headers that do not come: its own is half a minute, which makes ten seconds forty. */
const CHECK_MS = 2000

/** Cuts a request that has not come whole in time, as Node.js does. */
function limitTime(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined)) return
  const timer = setTimeout(() => {
    if (req.complete) return
    if (!res.headersSent) req.socket.write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
    req.socket.destroySoon()
  }, REQUEST_MS)
  timer.unref()
  req.once('close', () => { clearTimeout(timer) })
}

/** Where the web client was not built: a person with a browser wants a page all the same, a program the state of the server. */
async function answerRoot(config: Config, req: IncomingMessage, res: ServerResponse, ready: () => Promise<void>): Promise<void> {
  if (!config.graphiql || !(req.headers.accept ?? '').includes('text/html')) return ready()
  res.writeHead(302, { location: '/graphql' })
  res.end()
}

function listen(server: Server, config: Config): Promise<void> {
  const { host, port } = config.server
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new StartError(listenFault(error, host, port)))
    })
    server.listen(port, host, () => {
      resolve()
    })
  })
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program. Stop that one, or choose another with PORT.`
  if (error.code === 'EACCES') return `Port ${port} may not be used by this account. Choose one above 1023 with PORT.`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return `HOST ${host} is no address of this machine.`
  return `Cannot listen on ${host}, port ${port}: ${error.message}`
}

function urlOf({ address, port, family }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}
