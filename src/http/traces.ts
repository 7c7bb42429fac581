import type { OperationDefinitionNode } from 'graphql'
import { StartError } from '../base/start-error.ts'
import { VERSION } from '../base/version.ts'
import type { Config } from '../config.ts'
import type { OperationContext } from './pipeline.ts'

/** Takes traces of operations. */
export interface Traces {
  /** Begins the span of an operation; what it answers ends it, with the codes of its errors. */
  begin(operation: OperationDefinitionNode | null | undefined, ctx: OperationContext): (codes: readonly string[]) => void
  /** Sends what is left. */
  close(): Promise<void>
}

const INSTALL = 'npm install @opentelemetry/api@1 @opentelemetry/resources@~2.12.1 @opentelemetry/sdk-trace-base@~2.12.1 @opentelemetry/exporter-trace-otlp-http@~0.223.1'

/**
 * Sends a span for each operation to a collector, by OpenTelemetry's own packages; they are loaded here and nowhere else, and are not installed by themselves. A request that comes
 * with a `traceparent` (W3C Trace Context) is part of that trace. Null: nobody wants any.
 * @throws {StartError} where the packages are missing.
 */
export async function openTraces({ traces }: Config): Promise<Traces | null> {
  if (traces === null) return null
  const { api, sdk, exporter, resources } = await loadPackages()
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME ?? 'parley', 'service.version': VERSION }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url: `${traces.endpoint}/v1/traces` }))],
  })
  const tracer = provider.getTracer('parley', VERSION)
  return {
    begin(operation, { res, req, requestId, viewer, connectionId }) {
      const type = operation?.operation ?? 'query'
      const parent = parentIn(req?.headers.traceparent)
      const context = parent === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, parent)
      const name = operation?.name?.value ?? firstField(operation)
      const attributes = { 'graphql.operation.type': type, 'graphql.operation.name': name, 'parley.transport': res === undefined ? 'ws' : 'http', 'parley.request_id': requestId }
      const who = { ...(viewer === null ? {} : { 'parley.user_id': viewer.userId }), ...(connectionId === null ? {} : { 'parley.connection_id': connectionId }) }
      const span = tracer.startSpan(`${type} ${name}`, { kind: api.SpanKind.SERVER, attributes: { ...attributes, ...who } }, context)
      return (codes) => {
        if (codes.length > 0) span.setAttribute('parley.errors', [...codes])
        if (codes.some((code) => code === 'INTERNAL_SERVER_ERROR' || code === 'UNAVAILABLE')) span.setStatus({ code: api.SpanStatusCode.ERROR })
        span.end()
      }
    },
    // A collector that is away holds up nobody's end.
    close: () => Promise.race([provider.shutdown().catch(() => undefined), new Promise<void>((resolve) => setTimeout(resolve, 2000).unref())]),
  }
}

async function loadPackages() {
  try {
    const [api, sdk, exporter, resources] = await Promise.all([import('@opentelemetry/api'), import('@opentelemetry/sdk-trace-base'), import('@opentelemetry/exporter-trace-otlp-http'), import('@opentelemetry/resources')])
    return { api, sdk, exporter, resources }
  } catch (error) {
    throw new StartError(`OTEL_EXPORTER_OTLP_ENDPOINT needs packages that are not installed (${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}): ${INSTALL}`)
  }
}

/** What a client without a name for its operation asks for. */
function firstField(operation: OperationDefinitionNode | null | undefined): string {
  const [first] = operation?.selectionSet.selections ?? []
  return first?.kind === 'Field' ? first.name.value : 'anonymous'
}

/** The span that a request is part of, as the header says it; null where it says nothing that can be understood. */
function parentIn(header: string | string[] | undefined) {
  const [, traceId, spanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(typeof header === 'string' ? header : '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}
