import type { Untyped } from '../client.ts'
import { EVERYTHING, OLDER, ONE_CHAT } from './replica-documents.ts'

/** Runs a query as the viewer; answers its data. */
export type Ask = (document: string, variables?: Record<string, unknown>) => Promise<Untyped>

/** How far the events of a chat have come, and how far a fetch went: events up to there are in what was fetched. */
interface Place {
  seq: number
  fetched: number
}

/**
 * What a client keeps that fetches once and then applies events, as the schema says that it may: whole objects by id, each replaced by what
 * comes later. It is strict: an event that comes twice, or not at all, is an error.
 */
export class Replica {
  readonly #viewerId: string
  #own: Untyped = null
  readonly #users = new Map<string, Untyped>()
  readonly #chats = new Map<string, Untyped>()
  /** Of each chat, by id. */
  readonly #members = new Map<string, Map<string, Untyped>>()
  readonly #messages = new Map<string, Map<string, Untyped>>()
  readonly #places = new Map<string, Place>()
  /** Chats that came with a message, and of which only that is known. */
  readonly #bare = new Set<string>()
  /** Stands behind everything that was applied. */
  cursor = ''
  /** How many events of each type came; of a message's changes, of each change. */
  readonly heard = new Map<string, number>()

  constructor(viewerId: string) {
    this.#viewerId = viewerId
  }

  /** Another client that knows the same. */
  copy(): Replica {
    const copy = new Replica(this.#viewerId)
    copy.cursor = this.cursor
    copy.#own = this.#own
    for (const [id, user] of this.#users) copy.#users.set(id, user)
    for (const [id, chat] of this.#chats) copy.#chats.set(id, chat)
    for (const [id, members] of this.#members) copy.#members.set(id, new Map(members))
    for (const [id, messages] of this.#messages) copy.#messages.set(id, new Map([...messages].map(([key, message]) => [key, { ...message }])))
    for (const [id, place] of this.#places) copy.#places.set(id, { ...place })
    return copy
  }

  /** Fetches everything: the beginning, before any event. */
  async fetch(ask: Ask): Promise<this> {
    const { eventCursor, me, chats } = await ask(EVERYTHING)
    this.cursor = eventCursor
    this.#putOwn(me)
    for (const chat of chats.nodes) {
      this.#putWhole(chat)
      this.#places.set(chat.id, { seq: chat.seq, fetched: chat.seq })
      let { pageInfo } = chat.messages
      while (pageInfo.hasPreviousPage) {
        const page = (await ask(OLDER, { id: chat.id, before: pageInfo.startCursor })).chat.messages
        for (const message of page.nodes) this.#putMessage(chat.id, message)
        pageInfo = page.pageInfo
      }
    }
    return this
  }

  /** Applies one batch. @returns whether everything missed is in by now. */
  apply({ events, cursor, caughtUp, reset }: Untyped): boolean {
    if (reset !== null) throw new Error(`a reset that nobody caused: ${JSON.stringify(reset)}`)
    for (const event of events) {
      const name = event.change === undefined ? event.__typename : `${event.__typename} ${event.change}`
      this.heard.set(name, (this.heard.get(name) ?? 0) + 1)
      if (this.#isNews(event)) this.#applyOne(event)
    }
    this.cursor = cursor
    return caughtUp
  }

  /** Fetches what no event said of chats that came back with a message. */
  async complete(ask: Ask): Promise<void> {
    for (const id of this.#bare) {
      this.#bare.delete(id)
      const { chat } = await ask(ONE_CHAT, { id })
      if (chat === null || !this.#chats.has(id)) continue
      // What events told meanwhile is newer than this.
      for (const member of chat.members.nodes) if (!this.#members.get(id)?.has(member.id)) this.#putMember(id, member)
      for (const message of chat.messages.nodes) this.#putMessage(id, message)
    }
  }

  /** Whether some chat is known from one message only. */
  get incomplete(): boolean {
    return this.#bare.size > 0
  }

  /** Holds a chat's events to their order: each number once, none left out. */
  #isNews({ chatId, seq, __typename: name }: Untyped): boolean {
    if (seq === null) return true
    const place = this.#places.get(chatId)
    if (place === undefined) {
      // A new chat, or one that is not in the list: from here on its events are counted.
      this.#places.set(chatId, { seq, fetched: 0 })
      return true
    }
    if (seq <= place.fetched) return false
    if (seq !== place.seq + 1) throw new Error(`${name} ${seq} of ${chatId} came after ${place.seq}`)
    place.seq = seq
    if (name === 'ChatRemoved') this.#places.delete(chatId)
    return true
  }

  #applyOne(event: Untyped): void {
    const { chatId, chat, __typename: name } = event
    if (name === 'UserChanged') {
      this.#putUser(event.user)
      if (event.user.id === this.#viewerId) this.#putOwn(event.user)
      return
    }
    if (name === 'ChatRemoved') {
      this.#dropChat(chatId)
      return
    }
    // Null: no longer the viewer's, or deleted from their list; and what is not in the list comes into it by these two alone.
    if (chat === null || (!this.#chats.has(chatId) && name !== 'ChatAdded' && name !== 'MessageAdded')) return
    switch (name) {
      case 'ChatAdded':
        this.#putWhole(chat)
        if (event.seq === null) this.#places.set(chatId, { seq: Math.max(chat.seq, this.#places.get(chatId)?.seq ?? 0), fetched: chat.seq })
        return
      case 'MessageAdded':
        if (!this.#chats.has(chatId)) this.#bare.add(chatId)
        this.#putMessage(chatId, event.message)
        break
      case 'MessageChanged':
        if (this.#messages.get(chatId)?.has(event.message.id)) this.#putMessage(chatId, event.message)
        break
      case 'MessagesErased':
        this.#putUser(event.sender)
        this.#erase(chatId, event)
        break
      case 'MemberAdded':
      case 'MemberChanged':
      case 'ReceiptsChanged':
        if (event.member !== null) this.#putMember(chatId, event.member)
        break
      case 'MemberRemoved':
        this.#putUser(event.user)
        this.#members.get(chatId)?.delete(event.memberId)
        break
    }
    this.#putChat(chat)
  }

  #erase(chatId: string, { sender, upToNumber, seq, at }: Untyped): void {
    for (const message of this.#messages.get(chatId)?.values() ?? []) {
      if (message.sender !== sender.id || message.number > upToNumber || message.deletedAt !== null) continue
      Object.assign(message, { seq, text: null, location: null, mentions: [], attachments: [], reactions: [], editHistory: [], pinnedAt: null, deletedAt: at })
    }
  }

  #putOwn({ email, roles, sessions, blockedUsers, ...user }: Untyped): void {
    this.#own = { email, roles, sessions: idsOf(sessions).sort(), blockedUsers: idsOf(blockedUsers.nodes).sort() }
    this.#putUser(user)
  }

  #putUser({ id, username, displayName, bio, deletedAt }: Untyped): string {
    this.#users.set(id, { id, username, displayName, bio, deletedAt })
    return id
  }

  #putWhole({ members, messages, ...chat }: Untyped): void {
    this.#putChat(chat)
    for (const member of members.nodes) this.#putMember(chat.id, member)
    for (const message of messages.nodes) this.#putMessage(chat.id, message)
  }

  #putChat(chat: Untyped): void {
    part(this.#members, chat.id).set(chat.viewerMember.id, { ...chat.viewerMember, user: this.#viewerId })
    const { lastMessage, pinnedMessages, viewerMember } = chat
    this.#chats.set(chat.id, { ...chat, lastMessage: lastMessage?.id ?? null, pinnedMessages: idsOf(pinnedMessages), viewerMember: viewerMember.id })
  }

  #putMember(chatId: string, { user, ...member }: Untyped): void {
    part(this.#members, chatId).set(member.id, { ...member, user: this.#putUser(user) })
  }

  #putMessage(chatId: string, message: Untyped): void {
    const messages = part(this.#messages, chatId)
    if ((messages.get(message.id)?.seq ?? 0) > message.seq) return
    const { sender, mentions, reactions } = message
    messages.set(message.id, {
      ...message,
      sender: sender === null ? null : this.#putUser(sender),
      mentions: mentions.map((user: Untyped) => this.#putUser(user)),
      reactions: reactions.map(({ actors, ...group }: Untyped) => ({ ...group, actors: actors.nodes.map((user: Untyped) => this.#putUser(user)) })),
    })
  }

  #dropChat(chatId: string): void {
    for (const kept of [this.#chats, this.#members, this.#messages]) kept.delete(chatId)
    this.#bare.delete(chatId)
  }

  /**
   * All that is known, in an order of its own. How far messages have come, but for those to customers, and what a direct chat is called, follows from marks and people here;
   * of a replica that only fetched `told` says what the server told.
   */
  state({ told = false } = {}): Untyped {
    const named = new Set<string>([this.#viewerId])
    const chats = [...this.#chats.values()].sort(by('id')).map((chat) => {
      const members = [...(this.#members.get(chat.id)?.values() ?? [])].sort(by('id'))
      const messages = [...(this.#messages.get(chat.id)?.values() ?? [])].sort(by('number'))
      for (const { user } of members) named.add(user)
      for (const { sender, mentions, reactions } of messages) {
        for (const id of [sender, ...mentions, ...reactions.flatMap((group: Untyped) => group.actors)]) if (id !== null) named.add(id)
      }
      // When a message was emptied with its sender's account nobody says to the millisecond.
      const shown = messages.map(({ deletedAt, ...message }) => ({ ...message, deleted: deletedAt !== null, status: told ? message.status : chat.kind === 'WHATSAPP' ? message.status : this.#statusOf(message, chat, members) }))
      return { ...chat, title: told ? chat.title : this.#titleOf(chat, members), members, messages: shown }
    })
    return { own: this.#own, chats, users: [...named].sort().map((id) => this.#users.get(id)) }
  }

  #titleOf(chat: Untyped, members: Untyped[]): string {
    const other = chat.kind === 'DIRECT' ? members.find(({ user }) => user !== this.#viewerId) : undefined
    return other === undefined ? chat.title : this.#users.get(other.user).displayName
  }

  #statusOf({ number, sender }: Untyped, chat: Untyped, members: Untyped[]): string {
    const others = members.filter(({ user }) => user !== sender)
    const least = (mark: 'deliveredUpTo' | 'readUpTo') => (sender === this.#viewerId ? chat[mark] : Math.min(...others.map((member) => member[mark])))
    if (number <= least('readUpTo')) return 'READ'
    return number <= least('deliveredUpTo') ? 'DELIVERED' : 'SENT'
  }
}

const idsOf = (things: Untyped[]): string[] => things.map(({ id }) => id)
const by = (key: string) => (a: Untyped, b: Untyped) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0)

function part(of: Map<string, Map<string, Untyped>>, key: string): Map<string, Untyped> {
  const found = of.get(key) ?? new Map<string, Untyped>()
  of.set(key, found)
  return found
}
