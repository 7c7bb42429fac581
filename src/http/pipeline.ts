import { normalizedExecutor } from '@graphql-tools/executor'
import { getOperationAST } from 'graphql'
import type { DocumentNode, ExecutionArgs, ExecutionResult, FragmentDefinitionNode, GraphQLError } from 'graphql'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { admit } from '../auth/admit.ts'
import { isUnavailable } from '../base/database-errors.ts'
import { Loaders } from '../base/loaders.ts'
import type { Config } from '../config.ts'
import type { Edge, GraphQLContext, Services } from '../graphql/context.ts'
import { presentError, takeEventCursor, withoutHttp } from '../graphql/errors.ts'
import { isAutomatic, selectsEventCursor } from '../graphql/operation.ts'
import { MAX_ERRORS, createDocuments } from './documents.ts'
import type { Documents } from './documents.ts'
import { clientOf, httpEdge } from './edge.ts'

/** What operations find in their context besides: over HTTP the response that they are answered by. */
export type OperationContext = GraphQLContext & { res?: ServerResponse | undefined }

export type Present = (error: unknown, requestId: string) => GraphQLError

/**
 * What every operation goes through, whichever way it came: Yoga (all that HTTP allows), the short way for plain JSON, or a WebSocket. They differ in how they
 * read a request and write an answer; a rule about operations belongs here.
 */
export interface Pipeline extends Documents {
  /** Whatever was thrown as an error that clients may see; what nobody expected goes to the log, once. */
  present: Present
  /** A result with its errors as clients may see them. */
  presented(result: ExecutionResult, ctx: OperationContext): ExecutionResult
  /** Whoever asks for something is there; what a live stream brings by itself does not count. */
  touch(ctx: GraphQLContext): void
  /** Who asks over HTTP, and the response's request id. @throws {GraphQLError}, presented, where nobody comes in. */
  httpContext(req: IncomingMessage, res: ServerResponse): Promise<OperationContext>
  socketContext(edge: Edge): OperationContext
  /** Runs a query or a mutation: touch, event cursor first, errors presented. It never rejects. */
  execute(args: ExecutionArgs): Promise<ExecutionResult>
}

/** While the database is out of reach the log hears of it this often. */
const AWAY_MS = 1000

export function createPipeline(config: Config, services: Services): Pipeline {
  const present = presenting(config, services)
  const presented = (result: ExecutionResult, ctx: OperationContext): ExecutionResult => {
    if (result.errors === undefined) return result
    const errors = result.errors.slice(0, MAX_ERRORS).map((error) => present(error, ctx.requestId))
    return { ...result, errors: ctx.res === undefined ? errors.map(withoutHttp) : errors }
  }
  const touch = ({ viewer }: GraphQLContext) => {
    if (viewer !== null) services.presence.touch(viewer.userId)
  }
  return {
    ...createDocuments(config.introspection),
    present,
    presented,
    touch,
    async httpContext(req, res) {
      const edge = httpEdge(config, req, res)
      res.setHeader('x-request-id', edge.requestId)
      try {
        // A token that is not valid (any more) is as none: signing in again must not fail because of it.
        const { viewer, trusted } = await admit(services, edge.credentials)
        return contextOf(services, { edge, viewer, client: clientOf(req, trusted), res })
      } catch (error) {
        throw present(error, edge.requestId)
      }
    },
    socketContext: (edge) => contextOf(services, { edge, viewer: edge.viewer, client: edge.client, res: undefined }),
    async execute(args) {
      const ctx = args.contextValue as OperationContext
      const operation = getOperationAST(args.document, args.operationName)
      if (operation == null || !isAutomatic(operation)) touch(ctx)
      try {
        if (operation?.operation === 'query' && selectsEventCursor(operation, () => fragmentsOf(args.document))) await takeEventCursor(ctx, true)
        // Yoga's own executor, so that all answers are worded alike. Nothing in the schema is sent in parts: it answers one result.
        return presented((await normalizedExecutor(args as Parameters<typeof normalizedExecutor>[0])) as ExecutionResult, ctx)
      } catch (error) {
        return presented({ errors: [error as GraphQLError] }, ctx)
      }
    },
  }
}

/** Written out, for spreading so many properties takes longer than all the rest of what happens to an operation on its way. */
function contextOf(services: Services, { edge, viewer, client, res }: Pick<OperationContext, 'viewer' | 'client' | 'res'> & { edge: Omit<Edge, 'viewer' | 'client'> }): OperationContext {
  const { settings, secrets, hostTokens, knownTokens, db, sql, sends, bus, presence, typing, limits, log, hub } = services
  const { requestId, resumeAfter, endConnection, writeLive, cookies } = edge
  return { settings, secrets, hostTokens, knownTokens, db, sql, sends, bus, presence, typing, limits, log, hub, loaders: new Loaders(), viewer, client, requestId, resumeAfter, endConnection, writeLive, cookies, res }
}

function presenting(config: Config, services: Services): Present {
  let toldAway = -Infinity
  return (error, requestId) =>
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
}

function fragmentsOf(document: DocumentNode): FragmentDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === 'FragmentDefinition')
}
