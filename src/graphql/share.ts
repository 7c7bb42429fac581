import { execute, Kind, visit } from 'graphql'
import type { ASTNode, DocumentNode, ExecutionArgs, ExecutionResult, OperationDefinitionNode } from 'graphql'
import { Loaders } from '../base/loaders.ts'
import type { Batch } from '../event/batch.ts'
import { USE_MS } from '../event/fresh.ts'
import type { Hub } from '../event/hub.ts'
import { isState } from '../event/state.ts'
import { EventKind } from '../event/types.ts'
import type { EventRow } from '../event/types.ts'
import type { GraphQLContext, Services } from './context.ts'
import { SharedRun } from './shared-run.ts'
import type { ExceptionsOf, FilledJson } from './shared-run.ts'

/** One event as a document selects it. */
export interface Piece {
  /** JSON. Of form `batches`: for each place in the document where events are listed, what this event is there, without the brackets. Of form `messages`: the whole `data`. */
  json: Buffer[]
}

/** `batches`: an answer per batch of events. `messages`: an answer per new message. */
export type Form = 'batches' | 'messages'

/** How an answer of form `batches` is put together, under whatever names: what each connection has of its own, lists of events, and constants. */
export interface Shape {
  root: string
  fields: readonly (readonly [name: string, holds: 'cursor' | 'caughtUp' | 'list' | { constant: unknown }])[]
}

/** What was out of date when it was made is made again for all; after so many times each connection executes alone. */
const MAX_TRIES = 3
/** Of a document with more sets of variables than this at once, or with longer ones (in characters), the further ones are shared with nobody. */
const MAX_PLANS = 1000
const MAX_KEY_LENGTH = 4096
/** So many plans are kept that nobody uses just now: who comes next with the same document finds it. */
const MAX_RESTING = 100
/** Streams of which it is remembered that their events depend on who asks. */
const MAX_REFUSED = 10_000

/** Executions that failed: with what graphql-js says of it. */
export class RunFailed extends Error {
  override name = 'RunFailed'
  readonly errors: NonNullable<ExecutionResult['errors']>

  constructor(errors: NonNullable<ExecutionResult['errors']>) {
    super('an event could not be executed')
    this.errors = errors
  }
}

/** Answers that many connections of this server have in common: those with the same document and variables. */
export class SharedExecution {
  readonly #services: Services
  readonly #plans = new WeakMap<DocumentNode, Map<string, Plan>>()
  /** Plans that nobody uses just now, the one unused for longest first, each with what forgets it. */
  readonly #resting = new Map<Plan, () => void>()
  readonly exceptionsOf: ExceptionsOf
  #loaders: Loaders | null = null
  /** What the hub had heard of when they were made: an event that came since must not be answered by what was read before it. */
  #news = 0

  constructor(services: Services, exceptionsOf: ExceptionsOf) {
    this.#services = services
    this.exceptionsOf = exceptionsOf
  }

  /** The plan of this subscription, the same one for all who would get the same answers. */
  planFor(args: ExecutionArgs, operation: OperationDefinitionNode, form: Form): Plan {
    const plans = this.#plans.get(args.document) ?? new Map<string, Plan>()
    this.#plans.set(args.document, plans)
    const below = variablesBelow(args.document, operation)
    const key = JSON.stringify([args.operationName ?? null, form, ...below.map((name) => args.variableValues?.[name] ?? null)])
    const known = plans.get(key)
    if (known !== undefined) return known
    // The subscription's own arguments have done their work: cursors, and whatever else somebody sends, are not kept.
    const values = Object.entries(args.variableValues ?? {}).map(([name, value]) => [name, typeof value === 'string' && !below.includes(name) ? '' : value])
    const kept = key.length <= MAX_KEY_LENGTH && plans.size < MAX_PLANS
    const plan = new Plan(this, this.#services.hub, { ...args, variableValues: Object.fromEntries(values) as Record<string, unknown> }, form, (used) => {
      if (used) this.#resting.delete(plan)
      else if (kept) this.#rest(plan, () => plans.delete(key))
    })
    if (kept) plans.set(key, plan)
    return plan
  }

  #rest(plan: Plan, forget: () => void): void {
    this.#resting.set(plan, forget)
    if (this.#resting.size <= MAX_RESTING) return
    for (const [oldest, forgetOldest] of this.#resting) {
      forgetOldest()
      this.#resting.delete(oldest)
      return
    }
  }

  /** Begins a run for many. */
  begin(event: EventRow): SharedRun {
    return new SharedRun(this.#services, event, event.kind !== EventKind.CONTACT_CHANGED, this.loaders())
  }

  /** Runs that begin in one turn share their statements, whoever they are for, unless something was heard of in between. */
  loaders(): Loaders {
    const { news } = this.#services.hub
    if (this.#loaders === null || this.#news !== news) {
      this.#loaders = new Loaders()
      this.#news = news
      setImmediate(() => (this.#loaders = null))
    }
    return this.#loaders
  }
}

const variables = new WeakMap<OperationDefinitionNode, string[]>()

/** The variables that decide what an event looks like: all but those of the subscription's own arguments, such as `after`. */
function variablesBelow(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const known = variables.get(operation)
  if (known !== undefined) return known
  const names = new Set<string>()
  const collect = (node: ASTNode) => visit(node, { Variable: ({ name }) => void names.add(name.value) })
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind === Kind.FIELD) for (const node of [...(selection.directives ?? []), ...(selection.selectionSet?.selections ?? [])]) collect(node)
    else collect(selection)
  }
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) collect(definition)
  const found = [...names].sort()
  variables.set(operation, found)
  return found
}

/** What was made of an event for many, known once `made` is set. Null: it depends on who asks. */
interface Entry {
  startedAt: number
  generation: number
  /** The newest event of the stream when it began. */
  head: number
  made: { for: FilledJson; exceptions: ReadonlySet<number> | null } | null | undefined
  making: Promise<void>
  /** Who waits for it; null once it is made, or failed. */
  waiters: (() => void)[] | null
}

/** How the events of one document are answered, with one set of variables. */
export class Plan {
  readonly form: Form
  readonly #sharing: SharedExecution
  readonly #hub: Hub
  readonly #args: ExecutionArgs
  readonly #entries = new Map<string, Entry>()
  /** The one that was begun last. */
  #newest: { event: EventRow; entry: Entry } | null = null
  readonly #refused = new Set<string>()
  readonly #onUse: (used: boolean) => void
  #users = 0
  #shape: Promise<Shape> | null = null
  #forgets = false

  /** `onUse` is called when the first begins to use it, and when the last has released it. */
  constructor(sharing: SharedExecution, hub: Hub, args: ExecutionArgs, form: Form, onUse: (used: boolean) => void) {
    this.form = form
    this.#onUse = onUse
    this.#sharing = sharing
    this.#hub = hub
    this.#args = { schema: args.schema, document: args.document, operationName: args.operationName, variableValues: args.variableValues }
  }

  use(): void {
    this.#users++
    if (this.#users === 1) this.#onUse(true)
  }

  release(): void {
    this.#users--
    if (this.#users === 0) this.#onUse(false)
  }

  /** How answers of form `batches` are put together. */
  shape(): Promise<Shape> {
    this.#shape ??= this.#readShape().catch((error: unknown) => {
      this.#shape = null
      throw error
    })
    return this.#shape
  }

  /**
   * One piece for each event, or a promise where some are made for this connection alone. Where they are being made for many just now the answer is null,
   * and `later` is called with it: a promise for each of thousands would cost as much as the rest. @throws {RunFailed}
   */
  pieces(events: readonly EventRow[], ctx: GraphQLContext, later: (pieces: Piece[] | Promise<Piece[]>) => void): Piece[] | Promise<Piece[]> | null {
    const entries = events.map((event) => this.#entryOf(event))
    const awaited = entries.filter((entry) => entry?.made === undefined && entry?.waiters != null)
    if (awaited.length === 0) return allOf(events.map((event, index) => this.#use(entries[index], event, ctx)))
    let missing = awaited.length
    const onMade = () => {
      if (--missing === 0) later(allOf(events.map((event, index) => this.#useLate(entries[index], event, ctx))))
    }
    for (const entry of awaited) entry?.waiters?.push(onMade)
    return null
  }

  /** Executes a batch as a whole for one connection: what errors say of their places is true then. One result for each answer. */
  async whole(batch: Batch, ctx: GraphQLContext): Promise<ExecutionResult[]> {
    ctx.loaders = this.#sharing.loaders()
    const roots = this.form === 'batches' ? [batch] : batch.events
    return Promise.all(roots.map(async (rootValue) => execute({ ...this.#args, rootValue, contextValue: ctx })))
  }

  /** What was waited for; where something changed meanwhile that it may show it is made anew, once for all who wait. */
  #useLate(entry: Entry | null | undefined, event: EventRow, ctx: GraphQLContext, tries = 1): Piece | Promise<Piece> {
    if (entry == null || this.#isTrue(entry, event)) return this.#use(entry, event, ctx)
    const next = tries < MAX_TRIES ? this.#entryOf(event) : null
    return next?.made === undefined && next != null ? next.making.then(() => this.#useLate(next, event, ctx, tries + 1)) : this.#use(next, event, ctx)
  }

  #use(entry: Entry | null | undefined, event: EventRow, ctx: GraphQLContext): Piece | Promise<Piece> {
    const made = entry?.made
    const viewerId = ctx.viewer?.userId ?? 0
    const json = made == null || made.exceptions?.has(viewerId) === true ? null : made.for(viewerId)
    return json === null ? this.#alone(event, ctx) : { json }
  }

  async #alone(event: EventRow, ctx: GraphQLContext): Promise<Piece> {
    ctx.loaders = this.#sharing.loaders()
    const result = await execute({ ...this.#args, rootValue: this.#rootOf(event), contextValue: ctx })
    return { json: this.#jsonOf(result).map((text) => Buffer.from(text)) }
  }

  /** The answer for many, if there is one or shall be one. Null: this connection executes alone. */
  #entryOf(event: EventRow): Entry | null {
    // What is in a user's own stream is theirs alone.
    if (event.kind >= EventKind.JOINED && !isState(event)) return null
    // All readers of a stream are told of it by the same row.
    if (event === this.#newest?.event && this.#isCurrent(this.#newest.entry, event)) return this.#newest.entry
    const key = `${event.kind}:${event.streamId}:${event.seq}:${event.refId}`
    const known = this.#entries.get(key)
    if (known !== undefined && this.#isCurrent(known, event)) return known
    if (this.#refused.has(`${event.kind}:${event.streamId}`) || (event.kind !== EventKind.CONTACT_CHANGED && this.#hub.readersOf(event.streamId) < 2)) return null
    const entry: Entry = { startedAt: performance.now(), generation: this.#hub.generation, head: this.#hub.head(event.streamId), made: undefined, making: Promise.resolve(), waiters: [] }
    entry.making = this.#make(entry, event)
    // Whoever waits for it hears of a failure.
    entry.making.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
      if (this.#newest?.entry === entry) this.#newest = null
    })
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#newest = { event, entry }
    if (!this.#forgets) this.#forgetLater()
    return entry
  }

  #isCurrent(entry: Entry, event: EventRow): boolean {
    return performance.now() - entry.startedAt < USE_MS && this.#isTrue(entry, event)
  }

  #isTrue(entry: Entry, event: EventRow): boolean {
    return entry.generation === this.#hub.generation && (event.kind === EventKind.CONTACT_CHANGED || this.#hub.isUnchangedSince(event.streamId, entry.head))
  }

  async #make(entry: Entry, event: EventRow): Promise<void> {
    try {
      await this.#makeFor(entry, event)
    } finally {
      const waiters = entry.waiters ?? []
      entry.waiters = null
      for (const waiter of waiters) waiter()
    }
  }

  async #makeFor(entry: Entry, event: EventRow): Promise<void> {
    const run = this.#sharing.begin(event)
    const result = await execute({ ...this.#args, rootValue: this.#rootOf(event), contextValue: run.context })
    if (run.refused) {
      if (this.#refused.size >= MAX_REFUSED) this.#refused.clear()
      this.#refused.add(`${event.kind}:${event.streamId}`)
      entry.made = null
    } else {
      const json = this.#jsonOf(result)
      const [filled, exceptions] = await Promise.all([run.fill(json, () => this.#hub.viewersOf(event.streamId)), run.exceptions(this.#sharing.exceptionsOf)])
      entry.made = filled === null ? null : { for: filled, exceptions }
    }
  }

  /** What is not used any more is not kept either: a text that somebody deletes shall not wait here. */
  #forget(): void {
    const now = performance.now()
    for (const [key, entry] of this.#entries) {
      if (now - entry.startedAt < USE_MS) break
      this.#entries.delete(key)
    }
    if (this.#entries.size > 0) this.#forgetLater()
    else this.#newest = null
  }

  #forgetLater(): void {
    this.#forgets = true
    setTimeout(() => {
      this.#forgets = false
      this.#forget()
    }, USE_MS).unref()
  }

  #rootOf(event: EventRow): Batch | EventRow {
    return this.form === 'batches' ? batchOf([event]) : event
  }

  #jsonOf(result: ExecutionResult): string[] {
    if (result.errors !== undefined || result.data == null) throw new RunFailed(result.errors ?? [])
    if (this.form === 'messages') return [JSON.stringify(result.data)]
    return Object.values(rootOf(result.data)).filter(Array.isArray).map((events) => events.map((event) => JSON.stringify(event)).join(','))
  }

  /** Executes an empty batch: what comes back shows where in the answer everything stands. */
  async #readShape(): Promise<Shape> {
    const cursor = 'the cursor'
    const { data, errors } = await execute({ ...this.#args, rootValue: { ...batchOf([]), cursor }, contextValue: this.#sharing.begin(NOTHING).context })
    if (data == null || errors !== undefined) throw new RunFailed(errors ?? [])
    const holds = (value: unknown) => (Array.isArray(value) ? 'list' : value === cursor ? 'cursor' : value === true ? 'caughtUp' : { constant: value })
    return { root: Object.keys(data)[0] ?? '', fields: Object.entries(rootOf(data)).map(([name, value]) => [name, holds(value)] as const) }
  }
}

function allOf(pieces: readonly (Piece | Promise<Piece>)[]): Piece[] | Promise<Piece[]> {
  return pieces.some((piece) => piece instanceof Promise) ? Promise.all(pieces.map((piece) => Promise.resolve(piece))) : (pieces as Piece[])
}

/** What the only field of a subscription answered. */
function rootOf(data: Record<string, unknown>): Record<string, unknown> {
  return Object.values(data)[0] as Record<string, unknown>
}

function batchOf(events: EventRow[]): Batch {
  return { events, cursor: '', caughtUp: true, reset: null }
}

/** Stands for an event where there is none. */
const NOTHING: EventRow = { streamId: 0, seq: 0, xid: 0n, kind: EventKind.CONTACT_CHANGED, actorId: null, refId: null, rev: null, at: new Date(0) }
