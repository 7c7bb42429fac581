import type { Client } from 'graphql-ws/client'
import { createLedger } from './ledger.ts'
import type { FeedEvent } from './ledger.ts'
import type { Pauses } from './pauses.ts'
import { mayPass, textOf } from './request.ts'
import type { GraphQLFault, Request } from './request.ts'
import type { Clock, Document, Store } from './types.ts'

/** What a document for `events` must select; what else it does is the app's own. */
export interface Batch<E> {
  cursor: string
  caughtUp: boolean
  reset: { chatIds: readonly string[] | null } | null
  events: readonly E[]
}

/** What a document for `chatEvents` must select: the same events as in the subscription. */
export interface Gap<E> {
  reset: { chatIds: readonly string[] | null } | null
  events: readonly E[]
}

export interface FeedOptions<E extends FeedEvent, V extends object> {
  /** A subscription of `events { cursor caughtUp reset { chatIds } events { __typename chatId seq ... } }`, with all that the app wants of them. */
  document: Document<{ events: Batch<E> }, V>
  variables?: V
  /** The `eventCursor` of the query whose answer is shown. Without one, and without one that was kept, it begins now. */
  startAt?: string | null
  /**
   * Keeps the newest cursor in the storage under this name, and begins there when there is no `startAt`. Only for who stores what they show as
   * well: a cursor that survives while the state does not skips what the state has lost.
   */
  keepCursorAs?: string
  /** Changes what is shown. Each event comes once, in the order of its chat; a second time only on top of an answer that it had overtaken. When it throws, the event's chat is fetched again. */
  apply(event: E): void
  /** Drops what is shown of these chats; null: everything. */
  forget(chatIds: readonly string[] | null): void
  /** Fetches them again. When it fails it is called again, after a pause, until it has worked. */
  fetch(chatIds: readonly string[] | null): Promise<unknown>
  /** A query of `chatEvents(chatId: $chatId, afterSeq: $afterSeq) { reset { chatIds } events { ... } }`, for a `seq` that is missing, which does not happen; without it the chat is fetched again. */
  chatEvents?: Document<{ chatEvents: Gap<E> | null }, { chatId: string; afterSeq: number }>
  /** Called when `caughtUp` has changed: nobody wants a sound for each message of a week. */
  onCaughtUp?(caughtUp: boolean): void
  /** Called once when no more comes: with the errors, such as UNAUTHENTICATED where nobody is signed in; with null where the one chat of the document was left. */
  onEnd?(error: unknown): void
}

export interface Feed {
  /** The newest cursor whose events are applied; null before the first. */
  readonly cursor: string | null
  /** False while what was missed is still coming. */
  readonly caughtUp: boolean
  /**
   * For every query whose answer is shown: call it when asking, and what it answers with the chats of the answer, as soon as they are shown.
   * Events that overtook the answer are then applied once more, on top of it. (An event is remembered for a minute.)
   */
  asking(): (chats: readonly { id: string; seq: number }[]) => void
  /** Does what has to be done because of an event, until it has worked: the event does not come again. */
  owe(work: () => Promise<unknown>): void
  /** Forgets these chats and fetches them again; null: everything. */
  refetch(chatIds: readonly string[] | null): void
  /** Ends it. The connection ends with its last subscription. */
  stop(): void
}

interface Surroundings {
  client: Client
  /** Makes sure that what is subscribed to next goes on from this cursor. */
  bring: (newest: string | null) => void
  request: Request
  pauses: Pauses
  store: Store
  clock: Clock
  print?: (document: never) => string
  onStop: () => void
}

export function createFeed<E extends FeedEvent, V extends object>(options: FeedOptions<E, V>, { client, bring, request, pauses, store, clock, print, onStop }: Surroundings): Feed {
  const { keepCursorAs } = options
  let newest = options.startAt ?? (keepCursorAs === undefined ? null : store.getItem(keepCursorAs))
  let caughtUp = false
  let stopped = false
  let tries = 0
  let debts = 0
  let unsubscribe: () => void = () => undefined
  /** Chats with a gap that is being filled, and what came behind it. */
  const held = new Map<string, E[]>()
  const ledger = createLedger<E>((event) => {
    try {
      options.apply(event)
    } catch (error) {
      refetch(event.chatId === null ? null : [event.chatId])
      console.error(error)
    }
  }, clock)

  /** What is owed does not come again, so a cursor is not stored before it is done. */
  function keepCursor(): void {
    if (keepCursorAs === undefined || newest === null || debts > 0 || stopped) return
    try {
      store.setItem(keepCursorAs, newest)
    } catch {
      // Full: the older one is as good, and takes longer.
    }
  }

  async function payOff(work: () => Promise<unknown>): Promise<void> {
    debts++
    for (let times = 0; !stopped; times++) {
      try {
        await work()
        break
      } catch {
        await pauses.beforeTry(times)
      }
    }
    debts--
    keepCursor()
  }
  const owe = (work: () => Promise<unknown>) => void payOff(work)

  function refetch(chatIds: readonly string[] | null): void {
    options.forget(chatIds)
    owe(() => options.fetch(chatIds))
  }

  function reset(chatIds: readonly string[] | null): void {
    ledger.forget(chatIds)
    for (const chatId of chatIds ?? [...held.keys()]) held.delete(chatId)
    refetch(chatIds)
  }

  function take(event: E): void {
    const waiting = held.get(event.chatId ?? '')
    if (waiting !== undefined) waiting.push(event)
    else if (ledger.isAhead(event)) beginGap(event.chatId ?? '', event)
    else ledger.take(event)
  }

  function beginGap(chatId: string, event: E): void {
    const { chatEvents } = options
    if (chatEvents === undefined) {
      reset([chatId])
      ledger.take(event)
      return
    }
    const waiting = [event]
    held.set(chatId, waiting)
    owe(async () => {
      const isFilled = await fillGap(chatEvents, chatId, waiting)
      // A reset may have passed over it meanwhile.
      if (held.get(chatId) !== waiting) return
      held.delete(chatId)
      if (!isFilled) reset([chatId])
      waiting.forEach(ledger.take)
    })
  }

  /** Applies what is missing before what waits; false where it is not to be had. */
  async function fillGap(document: NonNullable<typeof options.chatEvents>, chatId: string, waiting: readonly E[]): Promise<boolean> {
    for (;;) {
      const afterSeq = ledger.last(chatId) ?? 0
      const gap = (await request(document, { chatId, afterSeq })).chatEvents
      if (held.get(chatId) !== waiting) return false
      // Null: the viewer has left it, which is among what waits or comes next.
      if (gap === null) return true
      if (gap.reset !== null) return false
      gap.events.forEach(ledger.take)
      if (gap.events.length === 0 || !waiting[0] || !ledger.isAhead(waiting[0])) return true
    }
  }

  function takeBatch(batch: Batch<E>): void {
    tries = 0
    if (batch.reset !== null) reset(batch.reset.chatIds)
    const before = caughtUp
    caughtUp = batch.caughtUp
    if (before !== caughtUp) options.onCaughtUp?.(caughtUp)
    batch.events.forEach(take)
    ledger.forgetOld()
    // Last: a connection that comes between would otherwise pass over what is not applied yet.
    newest = batch.cursor
    keepCursor()
  }

  function end(error: unknown): void {
    if (stopped) return
    stop()
    options.onEnd?.(error)
  }

  async function again(error: unknown): Promise<void> {
    if (Array.isArray(error) && (!mayPass(error as GraphQLFault[]) || isSignedOut(error as GraphQLFault[]))) {
      end(error)
      return
    }
    await pauses.beforeTry(tries++)
    if (!stopped) listen()
  }

  function listen(): void {
    let isOver = false
    bring(newest)
    const leave = client.subscribe<{ events: Batch<E> }>(
      { query: textOf(options.document, print), variables: { ...options.variables } as Record<string, unknown> },
      {
        next({ data, errors }) {
          if (stopped) return
          if (data != null) takeBatch(data.events)
          else {
            unsubscribe()
            void again(errors ?? [])
          }
        },
        // What is about the line was tried again; here is what graphql-ws gives up for, such as a server that fails.
        error: (error) => void again(error),
        complete: () => {
          if (!isOver) end(null)
        },
      },
    )
    unsubscribe = () => {
      isOver = true
      leave()
    }
  }

  function stop(): void {
    if (stopped) return
    stopped = true
    unsubscribe()
    onStop()
  }

  listen()
  return {
    get cursor() {
      return newest
    },
    get caughtUp() {
      return caughtUp
    },
    asking: ledger.asking,
    owe,
    refetch,
    stop,
  }
}

function isSignedOut(errors: readonly GraphQLFault[]): boolean {
  return errors.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')
}
