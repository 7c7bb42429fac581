/** How operations come in. `sse`: over HTTP, answered by an event stream. */
export type Transport = 'http' | 'sse' | 'ws'

/** What came of an attempt to send something to WhatsApp. */
export type WhatsAppOutcome = keyof Meters['whatsappSends']

/** Counts values by size. */
export class Tally {
  /** Upper bounds, ascending; one more place counts what is beyond the last of them. */
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  note(value: number): void {
    let place = 0
    while (place < this.bounds.length && value > (this.bounds[place] as number)) place++
    this.counts[place] = (this.counts[place] ?? 0) + 1
    this.sum += value
  }
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What a server counts while it works: bare numbers, which cost next to nothing. They are read when somebody asks for /metrics (`http/metrics.ts`). */
export class Meters {
  /** Operations begun. */
  readonly operations: Record<Transport, Record<'query' | 'mutation' | 'subscription', number>> = {
    http: { query: 0, mutation: 0, subscription: 0 },
    sse: { query: 0, mutation: 0, subscription: 0 },
    ws: { query: 0, mutation: 0, subscription: 0 },
  }
  /** How long queries and mutations took, in seconds. */
  readonly operationSeconds = { query: new Tally(SECONDS), mutation: new Tally(SECONDS) }
  /** Errors at the top of answers, by code. */
  readonly errors = new Map<string, number>()
  /** Documents that could not be read, are beyond a limit or do not fit the schema. */
  refusedDocuments = 0
  /** Uses beyond a quota. */
  refusedByQuota = 0
  /** Connections and subscriptions that were one too many. */
  refusedConnections = 0
  /** Messages stored. */
  sends = 0
  /** Messages in one call of the database that stores them, and how long that took in seconds. */
  readonly sendBatch = new Tally([1, 2, 4, 8, 16, 32, 64, 128, 256])
  readonly sendSeconds = new Tally(SECONDS)
  /** Messages that wait to be stored. */
  waitingSends = 0
  /** Events written to connections: each counts once for each of them. */
  deliveries = 0
  /** Seconds from an event to the moment at which this server has it for its connections, by both clocks. */
  readonly lagSeconds = new Tally([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])
  /** Numbers of a stream that were passed over on the way to a reader: never. */
  gaps = 0
  /** How long a sweep of the log took, in seconds, and sweeps that failed. */
  readonly sweepSeconds = new Tally(SECONDS)
  failedSweeps = 0
  /** What became of calls of WhatsApp that were to send something, as docs/monitoring/README.md explains the outcomes; one that is tried again counts each time. */
  readonly whatsappSends = { accepted: 0, retried: 0, unreachable: 0, stopped: 0, failed: 0, to_mend: 0, unknown: 0 }
  /** Webhooks of WhatsApp that were stored, and those that were refused. */
  readonly whatsappWebhooks = { stored: 0, unsigned: 0, too_large: 0 }
  /** When this server last looked, and could, whether something is to be sent to WhatsApp; by performance.now(). */
  whatsappLookedAt = performance.now()
  /** Open WebSockets, and those of them on which nobody has signed in; open event streams over HTTP. */
  readonly connections = { ws: 0, anonymous: 0, sse: 0 }

  countError(code: string): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
  }
}
