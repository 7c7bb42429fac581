import { getOperationAST } from 'graphql'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { processRegularResult } from 'graphql-yoga'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Config } from '../config.ts'
import { schema } from '../graphql/schema.ts'
import type { Prepared } from './documents.ts'
import { addressOf, corsOf } from './edge.ts'
import { withStatusFor } from './graphql.ts'
import { readAdmitted } from './limits.ts'
import type { RequestWithBody } from './limits.ts'
import type { Pipeline } from './pipeline.ts'

/**
 * The short way for what nearly all requests are: one query or mutation, posted as JSON and answered as JSON, at a fraction of what Yoga's layers of fetch, hooks
 * and media types cost. It answers byte for byte as Yoga does, and leaves to Yoga (by answering false) whatever it is not sure of: other methods and types, event
 * streams, bodies of unknown length or wrong form, operations that cannot be told, subscriptions. test/wire/lanes.test.ts asks both and compares.
 */
export function createJsonLane(config: Config, pipeline: Pipeline): (req: RequestWithBody, res: ServerResponse) => Promise<boolean> {
  const resultOf = async (req: IncomingMessage, res: ServerResponse, { variables, operationName }: Asked, { document, errors }: Prepared): Promise<ExecutionResult> => {
    if (errors.length > 0) return { errors }
    try {
      const contextValue = await pipeline.httpContext(req, res)
      return await pipeline.execute({ schema, document, contextValue, variableValues: variables, operationName })
    } catch (error) {
      return { errors: [error as GraphQLError] }
    }
  }
  return async (req, res) => {
    const type = isPlain(req) ? jsonTypeOf(req.headers.accept) : null
    if (type === null) return false
    const body = await readAdmitted(req)
    if (body === null) return true
    const leave = () => {
      req.body = Readable.from([body])
      return false
    }
    const asked = askedIn(body, pipeline)
    if (asked === null) return leave()
    let result: ExecutionResult
    try {
      const prepared = pipeline.prepare(asked.query, addressOf(config, req))
      const operation = getOperationAST(prepared.document, asked.operationName)
      if (operation == null || operation.operation === 'subscription') return leave()
      result = await resultOf(req, res, asked, prepared)
    } catch (error) {
      result = { errors: [pipeline.present(error, null)] }
    }
    answer(config, req, res, type, result)
    return true
  }
}

function answer(config: Config, { headers }: IncomingMessage, res: ServerResponse, type: JsonType, result: ExecutionResult): void {
  // Yoga's own function decides on status and headers, and leaves out of errors what only they are for.
  const { body, init } = processRegularResult(withStatusFor(headers.accept, result) as never, { Response: Outcome } as never, type) as unknown as Outcome
  res.writeHead(init.status, { ...init.headers, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store', ...corsHeaders(config, headers) })
  res.end(body)
}

/** What Yoga makes of a result, in place of a response of the fetch API. */
class Outcome {
  readonly body: string
  readonly init: { status: number; headers: Record<string, string> }
  constructor(body: string, init: Outcome['init']) {
    this.body = body
    this.init = init
  }
}

function corsHeaders(config: Config, { origin, host }: IncomingMessage['headers']): Record<string, string> {
  const cors = corsOf(config, origin, host)
  if (cors === false) return {}
  return {
    'access-control-allow-origin': cors.origin,
    'access-control-allow-methods': cors.methods.join(', '),
    'access-control-allow-headers': cors.allowedHeaders.join(', '),
    'access-control-allow-credentials': 'true',
    'access-control-max-age': String(cors.maxAge),
  }
}

/** Of what was admitted: a JSON body of an announced length, to the bare path. */
function isPlain({ method, url, headers }: IncomingMessage): boolean {
  const type = headers['content-type']
  return method === 'POST' && url === '/graphql' && headers['content-length'] !== undefined && (type === 'application/json' || (type?.startsWith('application/json;') === true && !type.includes(',')))
}

type JsonType = 'application/json' | 'application/graphql-response+json'

/** The first type that the client takes and a single result has, whatever else it takes; null where Yoga has to look closer. Like Yoga it reads no `q`. */
function jsonTypeOf(accept: string | undefined): JsonType | null {
  for (const range of (accept ?? '*/*').replace(/\s/g, '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';')
    if (parameters.some((parameter) => parameter.includes('charset='))) return null
    if (type === 'application/json' || type === 'application/graphql-response+json') return type
    if (type === '*/*' || type === 'application/*') return 'application/json'
    if (type.startsWith('*/')) return null
  }
  return null
}

/** A request of GraphQL over HTTP. */
interface Asked {
  query: string
  variables: Record<string, unknown> | null | undefined
  operationName: string | null | undefined
}

const PARAMETERS = new Set(['query', 'variables', 'operationName', 'extensions'])
/** Besides these, where a document may be named by its id. */
const BY_ID = new Set([...PARAMETERS, 'documentId'])

/** The one well-formed request of a body; null: it is none, and Yoga says why. */
function askedIn(body: Buffer, { textOf }: Pick<Pipeline, 'textOf'>): Asked | null {
  let read: unknown
  let listed: string | null = null
  try {
    read = JSON.parse(body.toString())
    if (isRecord(read)) listed = textOf(read)
  } catch {
    return null
  }
  if (!isRecord(read) || !Object.keys(read).every((name) => (listed === null ? PARAMETERS : BY_ID).has(name))) return null
  const { query = listed, variables, operationName, extensions } = read
  if (typeof query !== 'string' || (operationName != null && typeof operationName !== 'string')) return null
  if ((variables != null && !isRecord(variables)) || (extensions != null && !isRecord(extensions))) return null
  return { query: listed ?? query, variables, operationName }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
