import type { HistoryQuery, HistoryQueryVariables, MessagePartsFragment } from '../generated/graphql.ts'
import type { ChatEvent } from '../app/cache.ts'

export type Message = MessagePartsFragment

/** What is shown of a chat's past: one run of messages without gaps, ascending by number. */
export interface Run {
  messages: readonly Message[]
  /** There are older ones than the first. */
  hasOlder: boolean
  /** There are newer ones than the last: what comes in is not added then. */
  hasNewer: boolean
  state: 'loading' | 'ready' | 'failed' | 'gone'
  /** Grows with each jump: the place on the screen is chosen anew. */
  place: number
  /** What to show first: the id of a message, `unread` (where one had stopped to read), or `end`. */
  target: string
}

/** Asks for a page; `shown` is to be called as soon as it is shown, for events may have overtaken it. */
type Ask = (variables: HistoryQueryVariables) => Promise<{ chat: HistoryQuery['chat']; shown: () => void }>

const PAGE = 50

/**
 * The history of one chat. Its messages are not in the cache of queries: a long run that is read anew at each event would cost a frame. Here an
 * event touches one message.
 */
export class History {
  #run: Run = { messages: [], hasOlder: false, hasNewer: false, state: 'loading', place: 0, target: 'end' }
  #listeners = new Set<() => void>()
  #cursors: { start: string | null; end: string | null } = { start: null, end: null }
  #loading: Promise<void> | null = null
  /** Opens that are under way: what they bring takes the place of everything, so no page is asked for meanwhile. */
  #opening = 0
  #asked = 0
  readonly #ask: Ask
  readonly #chatId: string

  constructor(chatId: string, ask: Ask) {
    this.#chatId = chatId
    this.#ask = ask
  }

  readonly run = (): Run => this.#run
  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  #show(change: Partial<Run>): void {
    this.#run = { ...this.#run, ...change }
    for (const listener of [...this.#listeners]) listener()
  }

  /** Shows the end (`unread`: from where one had stopped to read, if that is near), or the surroundings of a message. */
  async open(around: string | null = null, end: 'unread' | 'end' = 'end'): Promise<void> {
    const asked = ++this.#asked
    this.#opening++
    const { chat, shown } = await this.#ask({ chatId: this.#chatId, last: PAGE, around })
      .catch((error: unknown) => {
        if (asked === this.#asked && this.#run.messages.length === 0) this.#show({ state: 'failed' })
        throw error
      })
      .finally(() => this.#opening--)
    if (asked !== this.#asked) return
    if (chat === null) {
      this.#show({ messages: [], hasOlder: false, hasNewer: false, state: 'gone' })
      return
    }
    const { nodes, pageInfo } = chat.messages
    this.#cursors = { start: pageInfo.startCursor, end: pageInfo.endCursor }
    this.#loading = null
    this.#show({ messages: nodes, hasOlder: pageInfo.hasPreviousPage, hasNewer: pageInfo.hasNextPage, state: 'ready', place: this.#run.place + 1, target: around ?? end })
    shown()
  }

  /** Shows a message that may be anywhere. */
  jump(messageId: string | null): Promise<void> {
    const isHere = messageId === null ? !this.#run.hasNewer : this.#run.messages.some(({ id }) => id === messageId)
    if (!isHere) return this.open(messageId)
    this.#show({ place: this.#run.place + 1, target: messageId ?? 'end' })
    return Promise.resolve()
  }

  older(): Promise<void> {
    return this.#more(this.#run.hasOlder, { last: PAGE, before: this.#cursors.start }, ({ nodes, pageInfo }) => {
      this.#cursors.start = pageInfo.startCursor ?? this.#cursors.start
      const known = new Set(this.#run.messages.map(({ id }) => id))
      this.#show({ messages: [...nodes.filter(({ id }) => !known.has(id)), ...this.#run.messages], hasOlder: pageInfo.hasPreviousPage })
    })
  }

  newer(): Promise<void> {
    return this.#more(this.#run.hasNewer, { first: PAGE, after: this.#cursors.end }, ({ nodes, pageInfo }) => {
      this.#cursors.end = pageInfo.endCursor ?? this.#cursors.end
      const known = new Set(this.#run.messages.map(({ id }) => id))
      this.#show({ messages: [...this.#run.messages, ...nodes.filter(({ id }) => !known.has(id))], hasNewer: pageInfo.hasNextPage })
    })
  }

  #more(has: boolean, page: Omit<HistoryQueryVariables, 'chatId'>, take: (messages: NonNullable<HistoryQuery['chat']>['messages']) => void): Promise<void> {
    if (!has || this.#run.state !== 'ready' || this.#opening > 0) return Promise.resolve()
    if (this.#loading !== null) return this.#loading
    const asked = this.#asked
    const loading = this.#ask({ chatId: this.#chatId, ...page })
      .then(({ chat, shown }) => {
        if (chat === null || asked !== this.#asked) return
        take(chat.messages)
        shown()
      })
      .finally(() => {
        if (this.#loading === loading) this.#loading = null
      })
    this.#loading = loading
    return loading
  }

  apply(event: ChatEvent): void {
    if (event.__typename === 'ChatRemoved') this.#show({ messages: [], hasOlder: false, hasNewer: false, state: 'gone' })
    if (event.__typename !== 'MessageAdded' && event.__typename !== 'MessageChanged') return
    const { message } = event
    const { messages, hasNewer } = this.#run
    const index = indexOf(messages, message.number)
    const there = messages[index]
    if (there?.id === message.id) {
      if (there.seq <= message.seq) this.#show({ messages: messages.with(index, message) })
    } else if (event.__typename === 'MessageAdded' && !hasNewer && this.#run.state === 'ready' && index === messages.length) {
      this.#cursors.end = message.cursor
      this.#cursors.start ??= message.cursor
      this.#show({ messages: [...messages, message] })
    }
  }

  /** Somebody has another name or picture now. */
  rename({ id, displayName, avatarUrl }: { id: string; displayName: string; avatarUrl: string | null }): void {
    if (!this.#run.messages.some(({ sender }) => sender?.id === id)) return
    this.#show({ messages: this.#run.messages.map((message) => (message.sender?.id === id ? { ...message, sender: { ...message.sender, displayName, avatarUrl } } : message)) })
  }
}

/** Where a message of this number is, or would be put. */
function indexOf(messages: readonly Message[], number: number): number {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.number ?? 0) < number) low = middle + 1
    else high = middle
  }
  return low
}
