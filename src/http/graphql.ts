import type { ExecutionResult, GraphQLError } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Plugin, YogaServerInstance } from 'graphql-yoga'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { watchSession } from '../auth/watch.ts'
import { RateLimited } from '../base/errors.ts'
import type { Config } from '../config.ts'
import type { GraphQLContext, Services } from '../graphql/context.ts'
import { withExtensions } from '../graphql/errors.ts'
import { schema } from '../graphql/schema.ts'
import type { Prepared } from './documents.ts'
import { addressOf, corsOf } from './edge.ts'
import type { OperationContext, Pipeline } from './pipeline.ts'
import type { Seats } from './seats.ts'

/** The exchange that an operation comes with. */
export interface ServerContext {
  req: IncomingMessage
  res: ServerResponse
}

export type Api = YogaServerInstance<ServerContext, GraphQLContext>

/** The API as Yoga serves it: all that HTTP and SSE allow. `streams` holds the open responses over SSE. */
export function createApi(config: Config, services: Services, pipeline: Pipeline, streams: Set<ServerResponse>, seats: Seats): Api {
  return createYoga<ServerContext, GraphQLContext>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    multipart: false,
    batching: false,
    logging: false,
    // Its own remembers documents by their number, whatever their size.
    parserAndValidationCache: false,
    cors: (request) => corsOf(config, request.headers.get('origin'), request.headers.get('host')),
    // Only what failed outside of an operation comes here: the plugin below has presented the rest.
    maskedErrors: { maskError: (error) => pipeline.present(error, null) },
    context: ({ req, res }) => pipeline.httpContext(req, res),
    extraParamNames: config.persisted.files.length > 0 ? ['documentId'] : [],
    plugins: [persistedDocuments(pipeline), preparedDocuments(config, pipeline), operations(config, services, pipeline, streams, seats), realStatus, notStored],
  })
}

/** Puts the text in place of an id. */
function persistedDocuments(pipeline: Pipeline): Plugin<GraphQLContext> {
  return {
    onParams({ params, setParams }) {
      const text = pipeline.textOf(params)
      if (text !== null) setParams({ ...params, query: text })
    },
  }
}

/** Has documents read and checked by the pipeline. */
function preparedDocuments(config: Config, pipeline: Pipeline): Plugin<GraphQLContext> {
  const known = new WeakMap<object, Prepared>()
  return {
    onParse: ({ setParseFn, context }) => {
      const { req } = context as unknown as ServerContext
      setParseFn((source: string | { body: string }) => {
        const prepared = pipeline.prepare(typeof source === 'string' ? source : source.body, addressOf(config, req))
        known.set(prepared.document, prepared)
        return prepared.document
      })
    },
    onValidate: ({ setValidationFn }) => {
      setValidationFn((_schema: unknown, document: object) => {
        const prepared = known.get(document)
        if (prepared === undefined) throw new Error('a document came past the pipeline')
        return prepared.errors
      })
    },
  }
}

/**
 * GraphQL over HTTP asks for status 200 where the client takes plain JSON only; whoever does not insist on that gets the real one.
 */
const realStatus: Plugin<GraphQLContext> = {
  onResultProcess({ request, result, setResult }) {
    if (!Array.isArray(result) && !(Symbol.asyncIterator in result)) setResult(withStatusFor(request.headers.get('accept'), result))
  },
}

/** {@link realStatus} for one result. */
export function withStatusFor<R extends Pick<ExecutionResult, 'errors'>>(accept: string | null | undefined, result: R): R {
  if (result.errors === undefined || accept?.includes('application/json')) return result
  // Copies: a refused document is remembered with its errors, for clients of either sort.
  return { ...result, errors: result.errors.map(withRealStatus) }
}

/** What somebody may read is nobody else's to keep. Yoga names another rule for event streams. */
const notStored: Plugin<GraphQLContext> = {
  onResponse({ response }) {
    response.headers.set('cache-control', 'no-store')
  },
}

function withRealStatus(error: GraphQLError): GraphQLError {
  const http = error.extensions.http as { spec?: boolean } | undefined
  if (http?.spec !== true) return error
  return withExtensions(error, { ...error.extensions, http: { ...http, spec: false } })
}

/** Has operations run by the pipeline; a live stream over SSE ends with its response, and is watched besides. */
function operations({ limits }: Config, services: Services, { present, execute, subscribe }: Pipeline, streams: Set<ServerResponse>, seats: Seats): Plugin<GraphQLContext> {
  return {
    onExecute: ({ setExecuteFn }) => {
      setExecuteFn(execute)
    },
    onSubscribe: ({ args, setSubscribeFn, setResultAndStopExecution }) => {
      setSubscribeFn(subscribe as never)
      const ctx = args.contextValue as OperationContext
      const { viewer, res } = ctx
      if (viewer !== null && res !== undefined && !ctx.client.trusted && !takeSeat(seats, viewer.userId, limits.connectionsPerUser, res)) {
        services.meters.refusedConnections++
        setResultAndStopExecution({ errors: [present(new RateLimited(`There are ${limits.connectionsPerUser} live connections already: close one.`, RETRY_S), ctx)] })
        return undefined
      }
      if (viewer !== null && res !== undefined) watchStream(services, viewer, res, streams)
      return {
        onSubscribeResult: ({ result }) => {
          if (Symbol.asyncIterator in result && res !== undefined) endWithResponse(result as AsyncIterator<unknown>, res)
        },
        onSubscribeError: ({ error, setError }) => {
          setError(present(error, ctx))
        },
      }
    },
  }
}

/** Whoever has too many live connections tries again after so many seconds. */
const RETRY_S = 60

/** Counts a stream among its user's live connections for as long as it lasts; false: there are too many. */
function takeSeat(seats: Seats, userId: number, most: number, res: ServerResponse): boolean {
  if (res.closed || !seats.take(userId, most)) return res.closed
  res.once('close', () => { seats.leave(userId) })
  return true
}

/** Ends a source with the response that it feeds, also with one that is gone by the time the source is there: Yoga drops that unread. */
function endWithResponse(source: AsyncIterator<unknown>, res: ServerResponse): void {
  const end = () => void source.return?.()
  if (res.closed || res.destroyed) end()
  else res.once('close', end)
}

/** Counts a stream over SSE as a connection of the viewer, and cuts it when the session ends. */
function watchStream(services: Services, viewer: NonNullable<GraphQLContext['viewer']>, res: ServerResponse, streams: Set<ServerResponse>): void {
  // Gone while we looked: its close was told already, nobody would release what is taken now.
  if (res.closed) return
  const leave = services.presence.connect(viewer.userId)
  const watch = watchSession(services, viewer, () => res.destroy())
  streams.add(res)
  services.meters.connections.sse = streams.size
  res.once('close', () => {
    streams.delete(res)
    services.meters.connections.sse = streams.size
    watch.stop()
    leave()
  })
}
