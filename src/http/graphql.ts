import { GraphQLError, getOperationAST } from 'graphql'
import type { DocumentNode, ExecutionArgs, ExecutionResult, FragmentDefinitionNode, ValidationRule } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Plugin, YogaServerInstance } from 'graphql-yoga'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { admit } from '../auth/admit.ts'
import { watchSession } from '../auth/watch.ts'
import { isUnavailable } from '../base/database-errors.ts'
import { Loaders } from '../base/loaders.ts'
import { thoseWhoDoNotRead } from '../chat/domain.ts'
import type { Config } from '../config.ts'
import type { Edge, GraphQLContext, Services } from '../graphql/context.ts'
import { hideHints, presentError, takeEventCursor, withExtensions, withoutHttp } from '../graphql/errors.ts'
import { subscribe } from '../graphql/live.ts'
import { isAutomatic, selectsEventCursor } from '../graphql/operation.ts'
import { schema } from '../graphql/schema.ts'
import { SharedExecution } from '../graphql/share.ts'
import { clientOf, httpEdge, isKnownOrigin } from './edge.ts'

/** What an edge hands to an operation: over HTTP the exchange itself, over WebSocket who is at its other end. */
export type ServerContext = { req: IncomingMessage; res: ServerResponse } | { edge: Edge }

export type Api = YogaServerInstance<ServerContext, GraphQLContext>

/** While the database is out of reach the log hears of it this often. */
const AWAY_MS = 1000

/** The API as one pipeline of parsing, validation and execution, for HTTP, SSE and WebSocket alike. `streams` holds the open responses over SSE. */
export function createApi(config: Config, services: Services, streams: Set<ServerResponse>): Api {
  let toldAway = -Infinity
  const present = (error: unknown, requestId: string) =>
    presentError(
      error,
      requestId,
      (fault) => {
        if (!isUnavailable(fault)) {
          services.log.error({ err: fault, requestId }, 'A request failed')
        } else if (performance.now() - toldAway > AWAY_MS) {
          // It is one outage, however many requests run into it.
          toldAway = performance.now()
          services.log.error({ err: fault, requestId }, 'Requests fail because the database is out of reach.')
        }
      },
      config.introspection,
    )
  return createYoga<ServerContext, GraphQLContext>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    multipart: false,
    batching: false,
    logging: false,
    cors: (request) => {
      const origin = request.headers.get('origin')
      if (origin === null || !isKnownOrigin(config, origin, request.headers.get('host') ?? undefined)) return false
      return { origin, credentials: true, methods: ['GET', 'POST'], allowedHeaders: ['authorization', 'content-type', 'x-parley-resume-after'], maxAge: 600 }
    },
    // Only what failed outside of an operation comes here: the plugin below has presented the rest.
    maskedErrors: { maskError: (error) => present(error, 'none') },
    context: (initial) => makeContext(config, services, initial as unknown as ServerContext, present),
    plugins: [documentErrors(config), operations(services, present, streams), realStatus, notStored],
  })
}

async function makeContext(config: Config, services: Services, initial: ServerContext, present: Present): Promise<GraphQLContext> {
  const base = { ...services, loaders: new Loaders() }
  if ('edge' in initial) return { ...base, ...initial.edge }
  const { credentials, ...edge } = httpEdge(config, initial.req, initial.res)
  initial.res.setHeader('x-request-id', edge.requestId)
  try {
    // A token that is not valid (any more) is as none: signing in again must not fail because of it.
    const { viewer, trusted } = await admit(services, credentials)
    return { ...base, ...edge, viewer, client: clientOf(initial.req, trusted) }
  } catch (error) {
    throw present(error, edge.requestId)
  }
}

/** Gives GraphQL's own refusals of a document their code, and leaves out hints at names where the schema is not public. */
function documentErrors(config: Config): Plugin<GraphQLContext> {
  const refused = (error: unknown) =>
    new GraphQLError(hideHints(error instanceof Error ? error.message : 'The document cannot be read.', config.introspection), {
      ...(error instanceof GraphQLError ? { nodes: error.nodes, source: error.source, positions: error.positions } : {}),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400, spec: true } },
    })
  return {
    onParse: () => ({ result, replaceParseResult }) => {
      if (result instanceof Error) replaceParseResult(refused(result) as never)
    },
    onValidate: ({ addValidationRule }) => {
      if (!config.introspection) addValidationRule(noIntrospection)
      return ({ valid, result, setResult }) => {
        if (!valid) setResult(result.slice(0, 5).map(refused))
      }
    },
  }
}

/**
 * GraphQL over HTTP asks for status 200 where the client takes plain JSON only; whoever does not insist on that gets the real one.
 */
const realStatus: Plugin<GraphQLContext> = {
  onResultProcess({ request, result, setResult }) {
    if (Array.isArray(result) || !('errors' in result) || result.errors === undefined || request.headers.get('accept')?.includes('application/json')) return
    // Copies: a refused document is remembered with its errors, for clients of either sort.
    setResult({ ...result, errors: result.errors.map(withRealStatus) })
  },
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

const noIntrospection: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value === '__schema' || node.name.value === '__type') context.reportError(new GraphQLError('Introspection is off on this server.', { nodes: node }))
  },
})

type Present = (error: unknown, requestId: string) => GraphQLError

/** What operations find in their context besides: over HTTP the response that they are answered by. */
type OperationContext = GraphQLContext & { res?: ServerResponse }

/** What every operation needs around it: its event cursor first, its errors presented, and a watch over a live stream. */
function operations(services: Services, present: Present, streams: Set<ServerResponse>): Plugin<GraphQLContext> {
  const sharing = new SharedExecution(services, thoseWhoDoNotRead)
  const presented = (result: ExecutionResult, ctx: OperationContext): ExecutionResult => {
    if (result.errors === undefined) return result
    const errors = result.errors.slice(0, 5).map((error) => present(error, ctx.requestId))
    return { ...result, errors: ctx.res === undefined ? errors.map(withoutHttp) : errors }
  }
  /** Whoever asks for something is there; what a live stream brings by itself does not count. */
  const touch = ({ viewer }: OperationContext) => {
    if (viewer !== null) services.presence.touch(viewer.userId)
  }
  return {
    onExecute: async ({ args, setResultAndStopExecution }) => {
      const ctx = args.contextValue as OperationContext
      const document = args.document as DocumentNode
      const operation = getOperationAST(document, args.operationName as string | null)
      if (operation == null || !isAutomatic(operation)) touch(ctx)
      try {
        if (operation?.operation === 'query') await takeEventCursor(ctx, selectsEventCursor(operation, () => fragmentsOf(document)))
      } catch (error) {
        setResultAndStopExecution(presented({ errors: [error as GraphQLError] }, ctx))
        return undefined
      }
      return {
        onExecuteDone: ({ result, setResult }) => {
          if (!(Symbol.asyncIterator in result)) setResult(presented(result, ctx))
        },
      }
    },
    onSubscribe: ({ args, setSubscribeFn }) => {
      setSubscribeFn(((subscribed: ExecutionArgs) => subscribe(sharing, (result, ctx) => withoutLoss(presented(result, ctx), ctx), subscribed)) as never)
      const ctx = args.contextValue as OperationContext
      const { viewer, res } = ctx
      touch(ctx)
      // Over SSE the response is the connection; over WebSocket the socket is watched as a whole.
      if (viewer !== null && res !== undefined) watchStream(services, viewer, res, streams)
      return {
        onSubscribeResult: ({ result, setResult }) => {
          if (!(Symbol.asyncIterator in result)) {
            setResult(withoutLoss(presented(result, ctx), ctx))
            return undefined
          }
          if (res !== undefined) endWithResponse(result as AsyncIterator<unknown>, res)
          return {
            onNext: ({ result: next, setResult: setNext }) => {
              if (!(Symbol.asyncIterator in next)) setNext(withoutLoss(presented(next, ctx), ctx))
            },
          }
        },
        onSubscribeError: ({ error, setError }) => {
          setError(present(error, ctx.requestId))
        },
      }
    },
  }
}

/**
 * A stream that brought a fault instead of an event, and the next cursor after it, would have lost the event. So the connection ends, and the
 * client resumes from the last cursor that it has; what goes out after this reaches nobody.
 */
function withoutLoss(result: ExecutionResult, ctx: OperationContext): ExecutionResult {
  if (result.errors?.some((error) => FAULTS.has(error.extensions.code))) ctx.endConnection()
  return result
}

const FAULTS = new Set<unknown>(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE'])

/** Ends a source with the response that it feeds, also with one that is gone by the time the source is there: Yoga drops that unread. */
function endWithResponse(source: AsyncIterator<unknown>, res: ServerResponse): void {
  const end = () => void source.return?.()
  if (res.closed || res.destroyed) end()
  else res.once('close', end)
}

function fragmentsOf(document: DocumentNode): FragmentDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === 'FragmentDefinition')
}

/** Counts a stream over SSE as a connection of the viewer, and cuts it when the session ends. */
function watchStream(services: Services, viewer: NonNullable<GraphQLContext['viewer']>, res: ServerResponse, streams: Set<ServerResponse>): void {
  // Gone while we looked: its close was told already, nobody would release what is taken now.
  if (res.closed) return
  const leave = services.presence.connect(viewer.userId)
  const stop = watchSession(services, viewer, () => res.destroy())
  streams.add(res)
  res.once('close', () => {
    streams.delete(res)
    stop()
    leave()
  })
}
