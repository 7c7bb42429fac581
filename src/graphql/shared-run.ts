import { randomInt } from 'node:crypto'
import type { Loaders } from '../base/loaders.ts'
import type { Ctx, FreshRows, Shared } from '../ctx.ts'
import type { EventRow } from '../event/types.ts'
import type { GraphQLContext, Services } from './context.ts'

/** Of those who may be told of this event of a chat: who may not read the chat from this message on, or is no member any more. */
export type ExceptionsOf = (ctx: Ctx, reading: { chatId: number; number: number; seq: number }) => Promise<readonly number[]>

/** What one viewer is answered; null where that is not known. */
export type FilledJson = (viewerId: number) => Buffer[] | null

type Load = Parameters<Shared['ofEach']>[0]

/** Whole numbers of GraphQL that stand in for what each viewer has of their own, by themselves or within a link: a million from a place that only this process knows. */
const STAND_INS = 1_000_000
const FIRST_STAND_IN = -(2 ** 31) + randomInt(2 ** 30)
let standIns = 0

/** Thrown into a resolver that would need to know who asks. */
class Refusal extends Error {
  override name = 'Refusal'
}

/**
 * One execution for many viewers. Its context has everything but a viewer: whoever reaches for one makes the answer nobody's but the viewer's own,
 * and the run is thrown away. What it takes for granted of the viewers is noted, and {@link exceptions} names those for whom it is not true.
 */
export class SharedRun implements Shared {
  refused = false
  readonly context: GraphQLContext
  readonly rows: FreshRows
  readonly #event: EventRow
  readonly #inChat: boolean
  readonly #others = new Set<number>()
  readonly #ofEach = new Map<number, Load>()
  #readsFrom: number | null = null

  /** `inChat`: the event is of a chat, so that those who are told of it are, or were, its members. `loaders` are shared by runs that begin together. */
  constructor(services: Services, event: EventRow, inChat: boolean, loaders: Loaders) {
    this.#event = event
    this.#inChat = inChat
    this.rows = services.hub.rows
    const refuse = () => this.refuse()
    this.context = {
      ...services,
      loaders,
      shared: this,
      get viewer() {
        return refuse()
      },
      get client() {
        return refuse()
      },
      requestId: 'shared',
      connectionId: null,
      resumeAfter: null,
      cookies: null,
      endConnection: () => undefined,
      writeLive: null,
    }
  }

  assumeReads(chatId: number, number: number): void {
    if (!this.#inChat || chatId !== this.#event.streamId) this.refuse()
    this.#readsFrom = Math.min(number, this.#readsFrom ?? Infinity)
  }

  assumeOther(userId: number): void {
    this.#others.add(userId)
  }

  ofEach(load: Load): number {
    // Nobody outside knows where these numbers begin, so no text of a message can be taken for one.
    const standIn = FIRST_STAND_IN + (standIns++ % STAND_INS)
    this.#ofEach.set(standIn, load)
    return standIn
  }

  /** JSON that the run has made, with what these viewers have of their own in place of what stands in for it; null where that is not to be found. */
  async fill(json: readonly string[], viewersOf: () => readonly number[]): Promise<FilledJson | null> {
    if (this.#ofEach.size === 0) {
      const same = json.map((text) => Buffer.from(text))
      return () => same
    }
    const viewerIds = viewersOf()
    const known = new Map(await Promise.all([...this.#ofEach].map(async ([standIn, load]) => [String(standIn), await load(viewerIds)] as const)))
    const standIn = new RegExp(`(${[...known.keys()].join('|')})`)
    // With what stands in at the odd places.
    const pieces = json.map((text) => text.split(standIn))
    if (pieces.reduce((count, parts) => count + (parts.length - 1) / 2, 0) !== known.size) return null
    return (viewerId) => {
      const own = new Map([...known].map(([text, of]) => [text, of(viewerId)]))
      if ([...own.values()].includes(null)) return null
      return pieces.map((parts) => Buffer.from(parts.map((part, index) => (index % 2 === 1 ? own.get(part) : part)).join('')))
    }
  }

  refuse(): never {
    this.refused = true
    throw new Refusal('this depends on who asks')
  }

  /** The users for whom the answer is another one; null where there are none. */
  async exceptions(exceptionsOf: ExceptionsOf): Promise<ReadonlySet<number> | null> {
    if (this.#readsFrom === null) return this.#others.size === 0 ? null : this.#others
    const number = Math.min(this.#readsFrom, Number.MAX_SAFE_INTEGER)
    const users = await exceptionsOf(this.context, { chatId: this.#event.streamId, number, seq: this.#event.seq })
    return users.length + this.#others.size === 0 ? null : new Set([...this.#others, ...users])
  }
}
