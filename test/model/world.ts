import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'
import { Device } from '../support/device.ts'
import { settle } from '../support/people.ts'
import type { Person } from '../support/people.ts'
import { globalId, mutation } from '../support/refusal.ts'
import type { MutationName } from '../support/refusal.ts'
import type { Replica } from '../support/replica.ts'
import { historyOf, newModel, viewOf } from './model.ts'
import type { Model, View } from './model.ts'
import { step } from './operations.ts'
import type { Operation } from './operations.ts'
import { recount } from './recount.ts'
import { keysOf, requestOf } from './requests.ts'

/** Who is there at the beginning: people by number, the members of each group (the first one is its owner), and the pairs that may write to each other. */
export interface Setting {
  people: number
  groups: number[][]
  pairs: [number, number][]
}

const NAMES = ['ann', 'ben', 'cleo', 'dan', 'eve']
let worlds = 0

const COUNTS = `{ chats(first: 100) { nodes {
  id unreadCount unreadMentionCount memberCount deliveredUpTo readUpTo viewerMember { role deliveredUpTo readUpTo } lastMessage { number deletedAt status }
} } }`

/** What was done and seen, over all worlds. */
export interface Tally {
  operations: number
  refused: number
  resumes: number
  comparisons: number
  worlds: number
  heard: Map<string, number>
}

/** People with two devices each on a real server, and beside it the model: whatever is done is done to both, and compared. */
export class World {
  readonly #server: TestServer
  readonly #model: Model
  readonly #tally: Tally
  #people: Person[] = []
  /** Each one's device that always listens, and does what they do. */
  #live: Device[] = []
  /** Each one's device that comes back now and then. */
  #away: Device[] = []
  /** Global IDs of the chats, and codes by which people join. */
  readonly #chatIds: (string | null)[] = []
  readonly #codes: string[] = []
  #texts = 0

  private constructor(server: TestServer, setting: Setting, tally: Tally) {
    this.#server = server
    this.#model = newModel(setting.people, setting.groups, setting.pairs)
    this.#tally = tally
  }

  static async make(server: TestServer, setting: Setting, tally: Tally): Promise<World> {
    const world = new World(server, setting, tally)
    tally.worlds += 1
    worlds += 1
    world.#people = await settle(server, NAMES.slice(0, setting.people).map((name) => `${name}${worlds}`))
    world.#live = await Promise.all(world.#people.map((person) => Device.open(server, person)))
    for (const [index, [owner = 0, ...others]] of setting.groups.entries()) {
      const { chat } = await world.#succeed(owner, 'createGroupChat', { title: `Group ${index}`, memberIds: others.map((other) => world.#idOf(other)) })
      world.#chatIds.push(chat.id)
      world.#codes.push((await world.#succeed(owner, 'createInvite', { chatId: chat.id })).invite.code)
    }
    for (const _ of setting.pairs) world.#chatIds.push(null)
    world.#away = world.#live.map((device) => device.twin())
    for (const device of world.#live) device.listen()
    return world
  }

  async close(): Promise<void> {
    for (const device of [...this.#live, ...this.#away]) {
      for (const [name, count] of device.replica.heard) this.#tally.heard.set(name, (this.#tally.heard.get(name) ?? 0) + count)
      await device.away()
    }
  }

  /** Does one thing, in the model and for real, and compares what everybody sees. */
  async run(op: Operation): Promise<void> {
    if (op.do === 'compare') return void (await this.compare())
    if (op.do === 'resume') return this.#resume(op.by, await this.#device(op.by).fetchAnew())
    const outcome = step(this.#model, op)
    if (outcome === null) return
    this.#tally.operations += 1
    if (outcome.error !== null) this.#tally.refused += 1
    const [name, input] = requestOf(op, outcome.number, {
      chatId: 'chat' in op ? (this.#chatIds[op.chat] ?? null) : null,
      code: 'chat' in op ? (this.#codes[op.chat] ?? null) : null,
      userId: this.#idOf(outcome.who ?? ('chat' in op ? this.#otherOf(op.chat, outcome.by) : 0)),
      text: this.#text('mention' in op ? op.mention : null),
    })
    const payload = (await this.#device(outcome.by).ask(mutation(name, `query ${COUNTS}`), { input }))[name]
    expect(payload.errors.map(({ code }: Untyped) => code), `what ${op.do} answers`).toEqual(outcome.error === null ? [] : [outcome.error])
    if (outcome.error === null) this.#learn(op, payload)
    await this.#compareCounts(outcome.by, payload.query)
  }

  /** What all who listen know is what a fresh fetch brings, which it answers. */
  async compare(): Promise<Replica[]> {
    this.#tally.comparisons += 1
    const all = await Promise.all(this.#live.map((device) => device.fetchAnew()))
    all.forEach((fresh, person) => {
      this.#compareHistories(fresh, person)
    })
    await Promise.all(this.#live.map((device, person) => device.reaches(all[person] as Replica)))
    return all
  }

  /** The end of a run: everybody knows everything, those as well who were away. */
  async finish(): Promise<void> {
    const all = await this.compare()
    await Promise.all(all.map((fresh, person) => this.#resume(person, fresh)))
  }

  async #resume(person: number, fresh: Replica): Promise<void> {
    this.#tally.resumes += 1
    await this.#away[person]?.catchUp()
    this.#away[person]?.equals(fresh)
  }

  #device(person: number): Device {
    const device = this.#live[person]
    if (device === undefined) throw new Error(`nobody is number ${person}`)
    return device
  }

  #idOf(person: number): string {
    return this.#people[person]?.id ?? ''
  }

  async #succeed(person: number, name: MutationName, input: object): Promise<Untyped> {
    const { errors, ...value } = (await this.#device(person).ask(mutation(name), { input }))[name]
    expect(errors).toEqual([])
    return value
  }

  #otherOf(chat: number, by: number): number {
    return this.#model.pairs[chat]?.find((person) => person !== by) ?? by
  }

  /** No two texts are the same, so that every edit is one. */
  #text(mention: number | null): string {
    this.#texts += 1
    return `text ${this.#texts}${mention === null ? '' : ` for @${this.#people[mention]?.username ?? ''}`}`
  }

  /** The ID of a direct chat is known once it is there. */
  #learn(op: Operation, payload: Untyped): void {
    if (!('chat' in op) || this.#chatIds[op.chat] !== null) return
    if (op.do === 'show') this.#chatIds[op.chat] = payload.chat.id
    // Blocking somebody makes no chat with them.
    else if (payload.message != null) this.#chatIds[op.chat] = globalId('Chat', keysOf(payload.message.id)[0] ?? 0)
  }

  /** The counts, marks and last messages of everybody, by the API and by SQL: both are what the model counts. Who did it was told with the answer. */
  async #compareCounts(by: number, answered: Untyped): Promise<void> {
    const chatKeys = this.#chatIds.flatMap((id) => (id === null ? [] : keysOf(id)))
    const [bySql, ...byApi] = await Promise.all([
      recount(this.#server.sql, chatKeys),
      ...this.#live.map((device, person): Promise<Untyped> => (person === by ? Promise.resolve(answered) : device.ask(COUNTS))),
    ])
    for (const [person, { key, username }] of this.#people.entries()) {
      const expected = this.#views((index) => viewOf(this.#model.chats[index] ?? null, person))
      const told = new Map((byApi[person] as Untyped).chats.nodes.map((node: Untyped) => [node.id, viewIn(node)]))
      same(this.#views((_, id) => told.get(id)), expected, `what ${username} is told`)
      expect(told.size, 'chats in the list').toBe(Object.keys(expected).length)
      same(this.#views((_, id) => bySql.get(`${keysOf(id)[0] ?? 0}:${key}`)), expected, `what SQL counts for ${username}`)
    }
  }

  #views(of: (index: number, id: string) => unknown): Record<string, View> {
    return Object.fromEntries(this.#chatIds.flatMap((id, index) => (id === null ? [] : [[`chat ${index}`, of(index, id)]])).filter(([, view]) => view != null)) as Record<string, View>
  }

  /** Which messages somebody reads, and how far each has come. */
  #compareHistories(fresh: Replica, person: number): void {
    const { chats } = fresh.state({ told: true })
    const told = new Map<string, unknown>(chats.map(({ id, messages }: Untyped) => [id, messages.map(({ number, deleted, pinnedAt, status }: Untyped) => ({ number, deleted, pinned: pinnedAt !== null, status }))]))
    for (const [index, id] of this.#chatIds.entries()) {
      const chat = this.#model.chats[index] ?? null
      if (chat !== null && id !== null && told.has(id)) same(told.get(id), historyOf(chat, person), `what ${this.#people[person]?.username ?? ''} reads in chat ${index}`)
    }
  }
}

function viewIn({ id: _, lastMessage, ...node }: Untyped): View {
  const last = lastMessage === null ? null : { number: lastMessage.number, deleted: lastMessage.deletedAt !== null, status: lastMessage.status }
  return { ...node, lastMessage: last }
}

/** As toEqual, which takes its time, only where it has something to say. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, what).toEqual(expected)
}
