import { normalizedExecutor } from '@graphql-tools/executor'
import { getOperationAST } from 'graphql'
import type { DocumentNode, ExecutionArgs, ExecutionResult, FragmentDefinitionNode, GraphQLError } from 'graphql'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { admit } from '../auth/admit.ts'
import { isUnavailable, wasCancelled } from '../base/database-errors.ts'
import { RateLimited, Unavailable } from '../base/errors.ts'
import { GivenUp } from '../base/given-up.ts'
import { Loaders } from '../base/loaders.ts'
import { TimeLimit } from '../base/time-limit.ts'
import { thoseWhoDoNotRead } from '../chat/domain.ts'
import type { Config } from '../config.ts'
import type { Edge, GraphQLContext, Services } from '../graphql/context.ts'
import { presentError, takeEventCursor, withoutHttp } from '../graphql/errors.ts'
import { subscribe } from '../graphql/live.ts'
import { isAutomatic, selectsEventCursor } from '../graphql/operation.ts'
import { SharedExecution } from '../graphql/share.ts'
import { MAX_ERRORS, createDocuments } from './documents.ts'
import type { Prepared } from './documents.ts'
import { clientOf, httpEdge } from './edge.ts'
import { readPersisted } from './persisted.ts'
import type { Persisted } from './persisted.ts'
import { Refusals } from './refusals.ts'
import type { Traces } from './traces.ts'

/** What operations find in their context besides: over HTTP the exchange that they are part of. */
export type OperationContext = GraphQLContext & { res?: ServerResponse | undefined; req?: IncomingMessage | undefined }

/** Of which request the log speaks; null where it was none yet. */
export type About = Pick<GraphQLContext, 'requestId'> & Partial<Pick<GraphQLContext, 'viewer' | 'connectionId'>>

export type Present = (error: unknown, about: About | null) => GraphQLError

/**
 * What every operation goes through, whichever way it came: Yoga (all that HTTP allows), the short way for plain JSON, or a WebSocket. They differ in how they
 * read a request and write an answer; a rule about operations belongs here.
 */
export interface Pipeline {
  /** The parsed and checked document, for somebody at this address. @throws {GraphQLError}, ready for the client, where it cannot be read or is beyond the limits. */
  prepare(text: string, address: string): Prepared
  /** @see {Persisted} */
  textOf: Persisted['textOf']
  /** Whatever was thrown as an error that clients may see; what nobody expected goes to the log, once. */
  present: Present
  /** Who asks over HTTP, and the response's request id. @throws {GraphQLError}, presented, where nobody comes in. */
  httpContext(req: IncomingMessage, res: ServerResponse): Promise<OperationContext>
  socketContext(edge: Edge): OperationContext
  /** Runs a query or a mutation: touch, event cursor first, errors presented. It never rejects. */
  execute(args: ExecutionArgs): Promise<ExecutionResult>
  /** Begins a subscription: touch, errors presented, and a fault in place of an event ends the connection. It never rejects; what it answers may throw what is to be presented. */
  subscribe(args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>
}

/** While the database is out of reach the log hears of it this often. */
const AWAY_MS = 1000

export function createPipeline(config: Config, services: Services, traces: Traces | null = null): Pipeline {
  const present = presenting(config, services)
  const { limits, introspection } = config
  const { meters } = services
  const persisted = readPersisted(config.persisted)
  const documents = createDocuments({ introspection, limits, permit: persisted.permit })
  const refusals = new Refusals(limits.refusedPerMinute)
  const timeLimit = new TimeLimit(limits.operationMs)
  const presented = (result: ExecutionResult, ctx: OperationContext): ExecutionResult => {
    if (result.errors === undefined) return result
    const errors = result.errors.slice(0, MAX_ERRORS).map((error) => present(error, ctx))
    for (const { extensions } of errors) meters.countError(String(extensions.code))
    return { ...result, errors: ctx.res === undefined ? errors.map(withoutHttp) : errors }
  }
  /** Whoever asks for something is there; what a live stream brings by itself does not count. */
  const touch = ({ viewer }: GraphQLContext) => {
    if (viewer !== null) services.presence.touch(viewer.userId)
  }
  const sharing = new SharedExecution(services, thoseWhoDoNotRead)
  /** What is still done for it is done for nobody: what can be stopped is stopped. */
  const tooLong = (ctx: OperationContext, name: string | undefined): never => {
    ctx.givenUp?.giveUp()
    services.log.warn({ requestId: ctx.requestId, userId: ctx.viewer?.userId, operation: name }, 'An operation took too long and was stopped.')
    throw new Unavailable(`This took longer than ${limits.operationMs} milliseconds and was stopped. Try again, or ask for less.`)
  }
  const settle = (result: ExecutionResult, ctx: GraphQLContext) => withoutLoss(presented(result, ctx), ctx)
  return {
    prepare(text, address) {
      const isNew = !documents.knows(text)
      const seconds = isNew ? refusals.waitSeconds(address) : 0
      if (seconds > 0) {
        meters.refusedDocuments++
        throw present(new RateLimited('Too many documents of this address were refused: new ones are not read for a while.', seconds), null)
      }
      let isGood = false
      try {
        const prepared = documents.prepare(text)
        isGood = prepared.errors.length === 0
        return prepared
      } finally {
        if (!isGood) meters.refusedDocuments++
        if (!isGood && isNew) refusals.note(address)
      }
    },
    textOf: persisted.textOf,
    present,
    async httpContext(req, res) {
      const edge = httpEdge(config, req, res)
      res.setHeader('x-request-id', edge.requestId)
      try {
        // A token that is not valid (any more) is as none: signing in again must not fail because of it.
        const { viewer, trusted } = await admit(services, edge.credentials)
        return contextOf(services, { edge, viewer, client: clientOf(config, req, trusted), res, req })
      } catch (error) {
        throw present(error, edge)
      }
    },
    socketContext: (edge) => contextOf(services, { edge, viewer: edge.viewer, client: edge.client, res: undefined, req: undefined }),
    async execute(args) {
      const ctx = args.contextValue as OperationContext
      const operation = getOperationAST(args.document, args.operationName)
      if (operation == null || !isAutomatic(operation)) touch(ctx)
      const type = operation?.operation === 'query' ? 'query' : 'mutation'
      const began = performance.now()
      const end = traces?.begin(operation, ctx)
      const ended = (result: ExecutionResult) => {
        end?.(codesOf(result))
        return result
      }
      try {
        meters.operations[ctx.res === undefined ? 'ws' : 'http'][type]++
        if (operation != null) documents.checkCost(operation, args.variableValues)
        if (type === 'query' && operation != null && selectsEventCursor(operation, () => fragmentsOf(args.document))) await takeEventCursor(ctx, true)
        // Yoga's own executor, so that all answers are worded alike. Nothing in the schema is sent in parts: it answers one result.
        const result = normalizedExecutor(args as Parameters<typeof normalizedExecutor>[0]) as ExecutionResult | Promise<ExecutionResult>
        return ended(presented(result instanceof Promise ? await timeLimit.run(result, () => tooLong(ctx, operation?.name?.value)) : result, ctx))
      } catch (error) {
        return ended(presented({ errors: [error as GraphQLError] }, ctx))
      } finally {
        meters.operationSeconds[type].note((performance.now() - began) / 1000)
      }
    },
    async subscribe(args) {
      const ctx = args.contextValue as OperationContext
      touch(ctx)
      try {
        meters.operations[ctx.res === undefined ? 'ws' : 'sse'].subscription++
        const operation = getOperationAST(args.document, args.operationName)
        if (operation != null) documents.checkCost(operation, args.variableValues)
        const end = traces?.begin(operation, ctx)
        const answer = await subscribe(sharing, settle, args)
        if (Symbol.asyncIterator in answer) {
          // Its span is that of its beginning: it may last for days.
          end?.([])
          return answer
        }
        const settled = settle(answer, ctx)
        end?.(codesOf(settled))
        return settled
      } catch (error) {
        return settle({ errors: [error as GraphQLError] }, ctx)
      }
    },
  }
}

/**
 * A stream that brought a fault instead of an event, and the next cursor after it, would have lost the event. So the connection ends, and the
 * client resumes from the last cursor that it has; what goes out after this reaches nobody.
 */
function withoutLoss(result: ExecutionResult, ctx: GraphQLContext): ExecutionResult {
  if (result.errors?.some((error) => FAULTS.has(error.extensions.code))) ctx.endConnection()
  return result
}

const FAULTS = new Set<unknown>(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE'])

/** Written out, for spreading so many properties takes longer than all the rest of what happens to an operation on its way. */
function contextOf(services: Services, { edge, viewer, client, res, req }: Pick<OperationContext, 'viewer' | 'client' | 'res' | 'req'> & { edge: Omit<Edge, 'viewer' | 'client'> }): OperationContext {
  const { settings, secrets, hostTokens, knownTokens, db, sql, sends, blobs, incoming, bus, presence, typing, limits, meters, log, hub } = services
  const { requestId, connectionId, resumeAfter, endConnection, writeLive, cookies } = edge
  return { settings, secrets, hostTokens, knownTokens, db, sql, sends, blobs, incoming, bus, presence, typing, limits, meters, log, hub, loaders: new Loaders(), givenUp: new GivenUp(res), viewer, client, requestId, connectionId, resumeAfter, endConnection, writeLive, cookies, res, req }
}

function presenting(config: Config, services: Services): Present {
  let toldAway = -Infinity
  return (error, about) => {
    const { requestId = 'none', viewer, connectionId } = about ?? {}
    const onFault = (fault: unknown) => {
      // Who, and by which connection, where that is known.
      const of = { err: fault, requestId, userId: viewer?.userId, connectionId: connectionId ?? undefined }
      if (wasCancelled(fault)) services.log.warn(of, 'A statement took too long, or nobody waited for it any more: it was cancelled.')
      else if (!isUnavailable(fault)) services.log.error(of, 'A request failed')
      else if (performance.now() - toldAway > AWAY_MS) {
        // It is one outage, however many requests run into it.
        toldAway = performance.now()
        services.log.error(of, 'Requests fail because the database is out of reach.')
      }
    }
    return presentError(error, requestId, onFault, config.introspection)
  }
}

function codesOf({ errors }: ExecutionResult): string[] {
  return errors?.map(({ extensions }) => String(extensions.code)) ?? []
}

function fragmentsOf(document: DocumentNode): FragmentDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === 'FragmentDefinition')
}
