import { isUnavailable } from '../base/database-errors.ts'
import { Unavailable } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Meters } from '../base/meters.ts'
import type { Database } from '../db/index.ts'
import type { SendAnswer, SendItem, Sends } from '../db/sends.ts'
import { EventKind } from '../event/types.ts'
import type { EventRow } from '../event/types.ts'
import { messageOfSend } from './sent.ts'
import { sendMany } from './store.ts'
import type { MessageRow, SendRow } from './store.ts'

/** Sends in one call: of one chat, and of all. */
const MAX_OF_CHAT = 64
const MAX_OF_CALL = 256
/** Calls under way at once, besides those that wait for a locked chat. While one commits, the next one is computed. */
const MAX_CALLS = 2
/** Calls that wait for a locked chat, each of which holds a connection of the connections for sends (src/db/open.ts). Chats beyond that look again after a pause. */
const MAX_WAITS = 3
const BUSY_PAUSE_MS = 20
/** Sends that may wait here: in one chat, so that one that is locked for long leaves room for the others, and in all. */
const MAX_WAITING_OF_CHAT = 1000
const MAX_WAITING = 5000
/** While too many wait, the log hears of it this often. */
const TELL_MS = 1000
/** So long the end of the server waits for calls under way. */
const CLOSE_MS = 3000

interface Waiting {
  item: SendItem
  /** One of these is called once. */
  answer: (answer: SendAnswer) => void
  fail: (error: unknown) => void
  /** A call that it was part of failed, for its own sake or for another's: it goes by itself. */
  alone: boolean
}

/** The sends into one chat, in the order in which they came. */
interface Lane {
  chatId: number
  waiting: Waiting[]
  /** A call for this chat is under way, or it pauses. */
  taken: boolean
}

/** What one call carries, by lane. */
type Call = Map<Lane, Waiting[]>

/** What is still to be sent after a call, and why: its chat was locked, or it shall ask again. */
type Left = Map<Waiting, 'BUSY' | 'AGAIN'>

interface Options {
  /** Connections for at least as many calls as are under way at once. */
  sql: Database['sends']
  log: Logger
  meters: Meters
  /** Hears of what was stored, the messages of a chat in their order and each with its event, before the senders do. */
  onStored: (events: EventRow[], messages: MessageRow[]) => void
}

/**
 * Stores messages in batches: what comes while calls are under way rides in the next one. So a commit carries the more the busier it is, and
 * while it is not, nobody waits.
 *
 * A chat is in one call at a time. A call of several chats passes over those that somebody else holds; such a chat goes on in a call of its own,
 * which waits, and slows no other. A call that fails for what it carries is repeated one by one, so that only the bad one fails.
 */
export class SendBatcher implements Sends {
  readonly #options: Options
  readonly #lanes = new Map<number, Lane>()
  /** Lanes with something to send that no call has, the longest waiting first. */
  readonly #ready = new Set<Lane>()
  /** What this server sends just now, by sender and clientId. */
  readonly #keys = new Map<string, Promise<SendAnswer>>()
  readonly #underWay = new Set<Promise<Left>>()
  #waiting = 0
  #calls = 0
  #waits = 0
  #gathering = false
  #closed = false
  #toldAt = -Infinity

  constructor(options: Options) {
    this.#options = options
  }

  async send(item: SendItem): Promise<SendAnswer> {
    const key = `${item.sender_id ?? ''}:${item.client_id?.toLowerCase() ?? ''}`
    // A repeat looks once the first one is decided: two calls that store one clientId at once would fail with all that they carry.
    for (let first = this.#keys.get(key); first !== undefined; first = this.#keys.get(key)) await first.catch(() => undefined)
    const answer = this.#enqueue(item)
    this.#keys.set(key, answer)
    try {
      return await answer
    } finally {
      this.#keys.delete(key)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const lane of this.#lanes.values()) this.#refuse(lane.waiting.splice(0))
    this.#ready.clear()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))
    await Promise.race([Promise.all(this.#underWay), patience])
    clearTimeout(timer)
  }

  #enqueue(item: SendItem): Promise<SendAnswer> {
    const lane = this.#lanes.get(item.chat_id) ?? { chatId: item.chat_id, waiting: [], taken: false }
    if (this.#closed) return Promise.reject(ending())
    if (this.#waiting >= MAX_WAITING || lane.waiting.length >= MAX_WAITING_OF_CHAT) return Promise.reject(this.#full(lane))
    this.#lanes.set(item.chat_id, lane)
    this.#waiting += 1
    this.#options.meters.waitingSends = this.#waiting
    return new Promise((resolve, reject) => {
      const answer = (given: SendAnswer) => {
        this.#options.meters.waitingSends = this.#waiting -= 1
        resolve(given)
      }
      const fail = (error: unknown) => {
        this.#options.meters.waitingSends = this.#waiting -= 1
        reject(error)
      }
      lane.waiting.push({ item, answer, fail, alone: false })
      if (!lane.taken) this.#ready.add(lane)
      this.#gather()
    })
  }

  #full(lane: Lane): Unavailable {
    if (performance.now() - this.#toldAt > TELL_MS) {
      this.#toldAt = performance.now()
      this.#options.log.error({ waiting: this.#waiting, chatId: lane.chatId, inThisChat: lane.waiting.length }, 'Messages are refused because too many wait to be stored.')
    }
    return new Unavailable('Too many messages wait to be stored just now. Try again.')
  }

  #refuse(some: readonly Waiting[]): void {
    for (const { fail } of some) fail(ending())
  }

  /** Starts calls as soon as this turn of the event loop has brought all that it brings. */
  #gather(): void {
    if (this.#gathering || this.#calls >= MAX_CALLS || this.#ready.size === 0) return
    this.#gathering = true
    setImmediate(() => {
      this.#gathering = false
      while (this.#calls < MAX_CALLS && this.#ready.size > 0) {
        this.#calls += 1
        void this.#run(this.#take(), false).then(() => {
          this.#calls -= 1
          this.#gather()
        })
      }
    })
  }

  /** Takes the next call's sends out of the lanes that are ready. */
  #take(): Call {
    const call: Call = new Map()
    let room = MAX_OF_CALL
    for (const lane of this.#ready) {
      const alone = lane.waiting[0]?.alone === true
      if (alone && call.size > 0) continue
      this.#ready.delete(lane)
      const some = takeFrom(lane, room)
      call.set(lane, some)
      room -= some.length
      if (alone || room === 0) break
    }
    return call
  }

  /** Sends what a call carries, and sees to its lanes. Never fails: whoever waits hears of it. */
  async #run(call: Call, wait: boolean): Promise<void> {
    const storing = this.#store([...call.values()].flat(), wait)
    this.#underWay.add(storing)
    const left = await storing
    this.#underWay.delete(storing)
    for (const [lane, some] of call) this.#goOn(lane, some, left)
  }

  async #store(all: readonly Waiting[], wait: boolean): Promise<Left> {
    const left: Left = new Map()
    let rows: SendRow[]
    const { meters } = this.#options
    try {
      const began = performance.now()
      rows = await sendMany(this.#options.sql, all.map(({ item }) => item), wait)
      meters.sendBatch.note(all.length)
      meters.sendSeconds.note((performance.now() - began) / 1000)
    } catch (error) {
      // Out of reach: whether it was stored is unknown, and asking again is the client's, whom its clientId keeps from sending twice.
      const last = all.length === 1 || isUnavailable(error)
      for (const waiting of all) {
        waiting.alone = true
        if (last) waiting.fail(error)
        else left.set(waiting, 'AGAIN')
      }
      return left
    }
    try {
      const messages = messagesOf(all, rows)
      meters.sends += messages.length
      this.#options.onStored(eventsOf(messages, rows), messages)
    } catch (error) {
      // It is stored: whoever sent it is told so, and the sweep finds it for the others.
      this.#options.log.error({ err: error }, 'What was stored could not be handed on.')
    }
    for (const { ord, answer } of rows) {
      const waiting = all[ord - 1]
      if (waiting === undefined) continue
      if (typeof answer === 'string') left.set(waiting, answer)
      else waiting.answer(answer)
    }
    return left
  }

  /** What becomes of a lane after its call. */
  #goOn(lane: Lane, sent: readonly Waiting[], left: Left): void {
    const rest = sent.filter((waiting) => left.has(waiting))
    if (this.#closed) {
      this.#refuse(rest)
      return
    }
    lane.waiting.unshift(...rest)
    if (lane.waiting.length === 0) this.#lanes.delete(lane.chatId)
    else if (!rest.some((waiting) => left.get(waiting) === 'BUSY')) this.#release(lane)
    else if (this.#waits < MAX_WAITS) {
      this.#waits += 1
      void this.#run(new Map([[lane, takeFrom(lane, MAX_OF_CHAT)]]), true).then(() => (this.#waits -= 1))
    } else {
      setTimeout(() => { this.#release(lane) }, BUSY_PAUSE_MS)
    }
  }

  #release(lane: Lane): void {
    if (this.#closed) return
    lane.taken = false
    this.#ready.add(lane)
    this.#gather()
  }
}

/** Takes what one call may carry of a lane: its first sends, or one that goes alone. */
function takeFrom(lane: Lane, room: number): Waiting[] {
  lane.taken = true
  const alone = lane.waiting.findIndex((waiting) => waiting.alone)
  return lane.waiting.splice(0, Math.min(room, MAX_OF_CHAT, alone === -1 ? Infinity : Math.max(1, alone)))
}

function ending(): Unavailable {
  return new Unavailable('The server is ending. Try again.')
}

/** The messages that a call has stored. */
function messagesOf(all: readonly Waiting[], rows: readonly SendRow[]): MessageRow[] {
  return rows.flatMap(({ ord, answer }) => {
    const item = all[ord - 1]?.item
    return typeof answer === 'string' || answer.outcome !== 'CREATED' || item === undefined ? [] : [messageOfSend(item, answer)]
  })
}

/** The events of these messages. */
function eventsOf(messages: readonly MessageRow[], rows: readonly SendRow[]): EventRow[] {
  const xid = BigInt(rows[0]?.xid ?? 0)
  return messages.map(({ chatId, seq, senderId, number, createdAt }) => ({ streamId: chatId, seq, xid, kind: EventKind.MESSAGE_ADDED, actorId: senderId, refId: number, rev: 1, at: createdAt }))
}
