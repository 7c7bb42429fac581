import { GraphQLError, getOperationAST } from 'graphql'
import type { ExecutionResult } from 'graphql'
import type { Context, SubscribePayload } from 'graphql-ws'
import type { Extra } from 'graphql-ws/use/ws'
import type { Socket } from 'node:net'
import type { Edge } from '../graphql/context.ts'
import { schema } from '../graphql/schema.ts'
import type { Prepared } from './documents.ts'
import type { Pipeline } from './pipeline.ts'

/** For graphql-ws, which says nothing of an operation that is not open any more: whatever there was to say has been said. */
const ANSWERED = [new GraphQLError('This was answered.')]

type Asking = Context<Record<string, unknown>, Extra>

/**
 * Answers queries and mutations over WebSocket: the result and its end go out in one write, where graphql-ws would wait for the one before it sends the other.
 * What the function answers is for `onSubscribe`; null where it is neither, or cannot be run: then nothing was done. `onNext` comes before each result.
 */
export function createSocketAnswers(pipeline: Pipeline, onNext: (socket: Asking) => void): (socket: Asking, id: string, edge: Edge, params: SubscribePayload) => Promise<readonly GraphQLError[]> | null {
  return (socket, id, edge, params) => {
    const prepared = preparedBy(pipeline, params.query)
    if (prepared === null || prepared.errors.length > 0) return null
    const { document } = prepared
    const operation = getOperationAST(document, params.operationName)
    if (operation == null || operation.operation === 'subscription') return null
    const args = { schema, document, contextValue: pipeline.socketContext(edge), variableValues: params.variables, operationName: params.operationName }
    return pipeline.execute(args).then((result) => {
      // Completed by the client meanwhile: it does not wait for an answer.
      if (!(id in socket.subscriptions)) return ANSWERED
      // From here on the id is free.
      Reflect.deleteProperty(socket.subscriptions, id)
      onNext(socket)
      send(socket.extra, id, result)
      return ANSWERED
    })
  }
}

function preparedBy(pipeline: Pipeline, query: string): Prepared | null {
  try {
    return pipeline.prepare(query)
  } catch {
    return null
  }
}

function send({ request, socket }: Extra, id: string, { errors, ...rest }: ExecutionResult): void {
  const payload = errors === undefined ? rest : { ...rest, errors: errors.map((error) => error.toJSON()) }
  const next = JSON.stringify({ id, type: 'next', payload })
  writeTogether(request.socket)
  socket.send(next)
  socket.send(JSON.stringify({ id, type: 'complete' }))
}

/** Gathers what this turn brings for a connection into one write. */
function writeTogether(wire: Socket): void {
  if (wire.writableCorked > 0) return
  wire.cork()
  process.nextTick(() => {
    wire.uncork()
  })
}
