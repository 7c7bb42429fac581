import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Registry, collectDefaultMetrics } from 'prom-client'
import type { Metric } from 'prom-client'
import type { Meters, Tally } from '../base/meters.ts'
import { equalBytes, sha256 } from '../base/secrets.ts'
import { StartError } from '../base/start-error.ts'
import { VERSION } from '../base/version.ts'
import type { Config } from '../config.ts'
import type { Services } from '../graphql/context.ts'
import { readBacklog } from '../whatsapp/backlog.ts'
import type { Backlog } from '../whatsapp/backlog.ts'
import { bearerToken } from './edge.ts'
import type { HealthChecks } from './health.ts'
import { refuse } from './limits.ts'

type Value = { value: number; labels: Record<string, string | number>; metricName?: string }

/** The figures of a server for Prometheus. docs/monitoring/README.md says what each of them means. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #services: Services
  /** What waits for WhatsApp, read once for all figures of an answer. */
  #backlog: Promise<Backlog | null> = Promise.resolve(null)

  constructor(services: Services, checks: HealthChecks) {
    this.#services = services
    const { meters, hub } = services
    // Memory, processor time, the event loop's delay, garbage collection: by the names that everybody's dashboards know.
    collectDefaultMetrics({ register: this.#registry })
    this.#read('parley_build_info', 'gauge', 'The version, as a label; always 1.', () => [{ value: 1, labels: { version: VERSION } }])
    this.#read('parley_operations_total', 'counter', 'Operations begun.', () => Object.entries(meters.operations).flatMap(([transport, types]) => Object.entries(types).map(([type, value]) => ({ value, labels: { transport, type } }))))
    this.#readTallies('parley_operation_seconds', 'How long queries and mutations took.', () => Object.entries(meters.operationSeconds).map(([type, tally]) => ({ tally, labels: { type } })))
    this.#read('parley_errors_total', 'counter', 'Errors at the top of answers.', () => [...meters.errors].map(([code, value]) => ({ value, labels: { code } })))
    this.#count('parley_refused_documents_total', 'Documents that could not be read, were beyond a limit or did not fit the schema.', () => meters.refusedDocuments)
    this.#count('parley_refused_by_quota_total', 'Uses beyond a quota of RATE_LIMITS.', () => meters.refusedByQuota)
    this.#count('parley_refused_connections_total', 'Live connections and subscriptions that were one too many.', () => meters.refusedConnections)
    this.#count('parley_messages_stored_total', 'Messages stored by this server.', () => meters.sends)
    this.#readTallies('parley_send_batch_messages', 'Messages in one call of the database that stores them.', () => [{ tally: meters.sendBatch, labels: {} }])
    this.#readTallies('parley_send_seconds', 'How long a call of the database took that stores messages.', () => [{ tally: meters.sendSeconds, labels: {} }])
    this.#gauge('parley_sends_waiting', 'Messages that wait to be stored.', () => meters.waitingSends)
    this.#count('parley_deliveries_total', 'Events written to live connections, each for each of them.', () => meters.deliveries)
    this.#readTallies('parley_delivery_lag_seconds', 'From an event to the moment at which this server has it for its connections, by the clocks of both.', () => [{ tally: meters.lagSeconds, labels: {} }])
    this.#count('parley_gaps_total', 'Events that were passed over on the way to a reader. It must stay 0.', () => meters.gaps)
    this.#readTallies('parley_sweep_seconds', 'How long a sweep of the event log took.', () => [{ tally: meters.sweepSeconds, labels: {} }])
    this.#count('parley_sweep_failures_total', 'Sweeps of the event log that failed.', () => meters.failedSweeps)
    this.#gauge('parley_sweep_age_seconds', 'Since the last sweep of the event log that succeeded: at most 10 while nobody listens, else a second or two.', () => (performance.now() - hub.sweptAt) / 1000)
    this.#read('parley_connections', 'gauge', 'Live connections: WebSockets, those of them on which nobody has signed in, and event streams over HTTP.', () => Object.entries({ websocket: meters.connections.ws, anonymous: meters.connections.anonymous, event_stream: meters.connections.sse }).map(([kind, value]) => ({ value, labels: { kind } })))
    this.#gauge('parley_readers', 'Open subscriptions to events.', () => hub.size)
    this.#gauge('parley_bus_up', 'Whether the bus between servers works: 0 where Redis is away.', () => Number(checks.bus()))
    this.#gauge('parley_database_up', 'Whether the database answers.', async () => Number(await checks.database()))
    if (services.settings.whatsapp !== null) this.#addWhatsApp(meters)
  }

  async answer(res: ServerResponse): Promise<void> {
    if (this.#services.settings.whatsapp !== null) this.#backlog = readBacklog(this.#services)
    const text = await this.#registry.metrics()
    res.writeHead(200, { 'content-type': this.#registry.contentType, 'cache-control': 'no-store' })
    res.end(text)
  }

  /** Where the database does not answer, what waits there has no figure: 0 would be wrong. */
  #addWhatsApp(meters: Meters): void {
    const waiting = (values: (backlog: Backlog) => Value[]) => async () => {
      const backlog = await this.#backlog
      return backlog === null ? [] : values(backlog)
    }
    const byLabel = (label: string, counts: Record<string, number>): Value[] => Object.entries(counts).map(([key, value]) => ({ value, labels: { [label]: key } }))
    this.#read('parley_whatsapp_sends_total', 'counter', 'What came of attempts to send something to WhatsApp.', () => byLabel('outcome', meters.whatsappSends))
    this.#read('parley_whatsapp_webhooks_total', 'counter', 'Webhooks of WhatsApp that were stored, and those that were refused.', () => byLabel('outcome', meters.whatsappWebhooks))
    this.#read('parley_whatsapp_outbox', 'gauge', 'What is to be sent to WhatsApp, on all servers.', waiting(({ outbox }) => byLabel('state', outbox)))
    this.#read('parley_whatsapp_outbox_age_seconds', 'gauge', 'How long the oldest of what is to be sent to WhatsApp waits; 0 where nothing does.', waiting(({ outboxAge }) => [{ value: outboxAge, labels: {} }]))
    this.#gauge('parley_whatsapp_look_age_seconds', 'Since this server last looked whether something is to be sent to WhatsApp: a second or two.', () => (performance.now() - meters.whatsappLookedAt) / 1000)
    this.#read('parley_whatsapp_inbox', 'gauge', 'Webhooks that are not worked off, on all servers.', waiting(({ inbox }) => byLabel('state', inbox)))
    this.#read('parley_whatsapp_inbox_age_seconds', 'gauge', 'How long the oldest webhook waits to be worked off; 0 where none does.', waiting(({ inboxAge }) => [{ value: inboxAge, labels: {} }]))
  }

  #count(name: string, help: string, value: () => number): void {
    this.#read(name, 'counter', help, () => [{ value: value(), labels: {} }])
  }

  #gauge(name: string, help: string, value: () => number | Promise<number>): void {
    this.#read(name, 'gauge', help, async () => [{ value: await value(), labels: {} }])
  }

  #readTallies(name: string, help: string, tallies: () => { tally: Tally; labels: Record<string, string> }[]): void {
    this.#read(name, 'histogram', help, () => tallies().flatMap(({ tally, labels }) => valuesOf(name, tally, labels)))
  }

  /** Nothing is written down while the server works but bare numbers: what prom-client is told is made when somebody asks. */
  #read(name: string, type: 'counter' | 'gauge' | 'histogram', help: string, values: () => Value[] | Promise<Value[]>): void {
    const metric = { name, get: async () => ({ name, help, type, values: await values(), aggregator: 'sum' }) }
    this.#registry.registerMetric(metric as unknown as Metric)
  }
}

function valuesOf(name: string, { bounds, counts, sum }: Tally, labels: Record<string, string>): Value[] {
  let count = 0
  const buckets = counts.map((here, index) => {
    count += here
    return { metricName: `${name}_bucket`, value: count, labels: { le: bounds[index] ?? '+Inf', ...labels } }
  })
  return [...buckets, { metricName: `${name}_sum`, value: sum, labels }, { metricName: `${name}_count`, value: count, labels }]
}

/** Whether a request shows the token for /metrics. */
export function mayReadMetrics({ metrics }: Config, req: IncomingMessage): boolean {
  const token = bearerToken(req.headers.authorization)
  return metrics.token !== null && token !== null && equalBytes(sha256(Buffer.from(token)), sha256(Buffer.from(metrics.token)))
}

/** Serves the figures on a port of their own. @throws {StartError} where it cannot be had. */
export async function serveMetrics({ metrics: { host, port } }: Config, metrics: Metrics): Promise<{ url: string | null; close(): Promise<void> }> {
  if (port === null) return { url: null, close: () => Promise.resolve() }
  const server = createServer((req, res) => {
    if (req.method === 'GET' && req.url === '/metrics') void metrics.answer(res).catch(() => res.destroy())
    else refuse(res, 404, 'NOT_FOUND', 'There is nothing at this path but /metrics.')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StartError(`The figures cannot be served on ${host}, port ${port}: ${error.message}. Choose another METRICS_PORT or METRICS_HOST.`))
    })
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => { resolve() })
        server.closeAllConnections()
      }),
  }
}
