import { createSourceEventStream, execute, getOperationAST } from 'graphql'
import type { ExecutionArgs, ExecutionResult, OperationDefinitionNode } from 'graphql'
import { isUnavailable } from '../base/database-errors.ts'
import { flatMap } from '../base/latest.ts'
import type { Batch } from '../event/batch.ts'
import type { Feed } from '../event/feed.ts'
import { EventKind } from '../event/types.ts'
import type { GraphQLContext } from './context.ts'
import { RunFailed } from './share.ts'
import type { Form, Piece, Plan, Shape, SharedExecution } from './share.ts'

/** Pause before an event is tried again that the database could not be asked about. */
const RETRY_MS = 500

/** What the resolver of a live subscription answers: not read itself, but taken apart by {@link subscribe}. */
export class LiveSource<T> implements AsyncIterable<T> {
  readonly feed: Feed
  readonly form: Form

  constructor(feed: Feed, form: Form) {
    this.feed = feed
    this.form = form
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    throw new Error('a live source is read by its stream')
  }
}

/** What goes out next: an answer put together from pieces, or whole results. */
export type Answers = { batch: Batch; pieces: Piece[] } | { results: ExecutionResult[] }

/** Turns a result with errors into one for clients; where an event was lost by it the connection ends, so that the client resumes. */
export type Settle = (result: ExecutionResult, ctx: GraphQLContext) => ExecutionResult

/** Whoever is told of an answer that was still being made. */
interface LateReader {
  later(answers: Answers | Promise<Answers>): void
}

/** One live subscription: a feed, and how its events are answered. */
export class LiveStream {
  readonly feed: Feed
  readonly form: Form
  /** Of form `batches`. */
  readonly shape: Shape | null
  readonly #plan: Plan
  readonly #ctx: GraphQLContext
  readonly #settle: Settle

  constructor(feed: Feed, plan: Plan, shape: Shape | null, ctx: GraphQLContext, settle: Settle) {
    this.feed = feed
    this.form = plan.form
    this.shape = shape
    this.#plan = plan
    this.#ctx = ctx
    this.#settle = settle
  }

  /**
   * What there is to send now; null where that is nothing: `feed.onReady` tells when to ask again. 'later': it is being made for many, and `reader` is
   * told of it. Nothing is taken beside an answer that is still awaited.
   */
  take(reader: LateReader): Answers | Promise<Answers> | 'later' | null {
    const taken = this.feed.take()
    if (taken === null) return null
    const batch = this.form === 'batches' ? taken : { ...taken, events: taken.events.filter((event) => event.kind === EventKind.MESSAGE_ADDED) }
    return this.#answer(batch, reader)
  }

  #answer(batch: Batch, reader: LateReader): Answers | Promise<Answers> | 'later' {
    if (batch.reset !== null && this.form === 'batches') return this.#whole(batch)
    const pieces = this.#plan.pieces(batch.events, this.#ctx, (made) => {
      reader.later(this.#of(batch, made))
    })
    return pieces === null ? 'later' : this.#of(batch, pieces)
  }

  #of(batch: Batch, pieces: Piece[] | Promise<Piece[]>): Answers | Promise<Answers> {
    this.#ctx.meters.deliveries += batch.events.length
    return pieces instanceof Promise ? this.#awaited(batch, pieces) : { batch, pieces }
  }

  #awaited(batch: Batch, pieces: Promise<Piece[]>): Promise<Answers> {
    return pieces.then(
      (made) => ({ batch, pieces: made }),
      (error: unknown) => (error instanceof RunFailed && isPassing(error) ? this.#later(batch, error) : this.#whole(batch)),
    )
  }

  async #whole(batch: Batch): Promise<Answers> {
    const results = await this.#plan.whole(batch, this.#ctx)
    const passing = results.find(isPassing)
    if (passing !== undefined) return this.#later(batch, passing.errors?.[0])
    return { results: results.map((result) => this.#settle(result, this.#ctx)) }
  }

  /** While the database is away events wait: an error in place of one would lose it. */
  async #later(batch: Batch, error: unknown): Promise<Answers> {
    this.#ctx.hub.readFailed(error)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
    if (this.feed.ended) return { results: [] }
    return new Promise((resolve) => {
      const answers = this.#answer(batch, { later: resolve })
      if (answers !== 'later') resolve(answers)
    })
  }
}

function isPassing({ errors }: Pick<ExecutionResult, 'errors'>): boolean {
  return errors?.some((error) => isUnavailable(error.originalError)) === true
}

/**
 * Subscribes as graphql-js does, but for what comes from a feed: its answers are made once for all who get the same ones, and where the transport
 * writes them itself (`ctx.writeLive`) it does.
 */
export async function subscribe(sharing: SharedExecution, settle: Settle, args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args)
  if (!(Symbol.asyncIterator in source)) return source
  const ctx = args.contextValue as GraphQLContext
  if (!(source instanceof LiveSource)) {
    return flatMap(source[Symbol.asyncIterator](), async (rootValue) => [settle(await execute({ ...args, rootValue }), ctx)])
  }
  try {
    const operation = getOperationAST(args.document, args.operationName) as OperationDefinitionNode
    const plan = sharing.planFor(args, operation, source.form)
    plan.use()
    source.feed.onEnd = () => {
      plan.release()
    }
    const stream = new LiveStream(source.feed, plan, source.form === 'batches' ? await plan.shape() : null, ctx, settle)
    const { writeLive } = ctx
    // It has done its work, and the context lives as long as the stream.
    ctx.writeLive = null
    return writeLive === null ? new LiveResults(stream) : writeLive(stream)
  } catch (error) {
    source.feed.return()
    throw error
  }
}

/** A live subscription as results, for transports that write these. Hand-made: `return()` must take effect at once. */
class LiveResults implements AsyncIterableIterator<ExecutionResult> {
  readonly #stream: LiveStream
  #ready: ExecutionResult[] = []
  #wake: (() => void) | null = null
  /** Something came since it was last looked. */
  #news = false

  constructor(stream: LiveStream) {
    this.#stream = stream
    stream.feed.onReady = () => {
      this.#news = true
      this.#wake?.()
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const { feed } = this.#stream
    feed.hold(false)
    for (;;) {
      const value = this.#ready.shift()
      if (value !== undefined) {
        feed.hold(true)
        return { done: false, value }
      }
      this.#news = false
      const answers = await this.#take()
      if (answers !== null) this.#ready = resultsOf(answers, this.#stream.shape)
      else if (feed.ended) return { done: true, value: undefined }
      else if (!this.#news) await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #take(): Promise<Answers | null> {
    return new Promise((resolve) => {
      const answers = this.#stream.take({ later: resolve })
      if (answers !== 'later') resolve(answers)
    })
  }

  return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#ready = []
    this.#stream.feed.return()
    return Promise.resolve({ done: true, value: undefined })
  }
}

const [OPEN, CLOSE] = [Buffer.from('['), Buffer.from(']')]

function resultsOf(answers: Answers, shape: Shape | null): ExecutionResult[] {
  if ('results' in answers) return answers.results
  const { batch, pieces } = answers
  const parsed = (json: Buffer | undefined) => JSON.parse(json?.toString() ?? 'null') as Record<string, unknown>
  if (shape === null) return pieces.map(({ json }) => ({ data: parsed(json[0]) }))
  let lists = 0
  const valueOf = (holds: Shape['fields'][number][1]) => {
    if (holds === 'cursor') return batch.cursor
    if (holds === 'caughtUp') return batch.caughtUp
    if (holds !== 'list') return holds.constant
    const list = lists++
    return pieces.flatMap(({ json }) => parsed(Buffer.concat([OPEN, json[list] ?? Buffer.alloc(0), CLOSE])))
  }
  return [{ data: { [shape.root]: Object.fromEntries(shape.fields.map(([name, holds]) => [name, valueOf(holds)])) } }]
}
