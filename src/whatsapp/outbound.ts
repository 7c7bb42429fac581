import { Loaders } from '../base/loaders.ts'
import { soonAfter } from '../base/soon.ts'
import { closeReplyWindow, lockChat } from '../chat/outside.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Ports } from '../ctx.ts'
import { Lease, takeOutside } from '../event/outbox.ts'
import type { OutsideEvent, OutsideMark } from '../event/outbox.ts'
import { EventKind } from '../event/types.ts'
import type { Failure } from '../message/domain.ts'
import type { Answered, CloudApi } from './client.ts'
import { settleStatus } from './domain.ts'
import { secondsUntilNext, treatmentOf } from './errors.ts'
import type { Treatment } from './errors.ts'
import type { Worker } from './inbound.ts'
import { messageToMeta } from './outgoing.ts'
import { Pace } from './pace.ts'
import { rankOf } from './status.ts'
import { advanceSend, claimSend, findLost, findNewestOfCustomer, findNextSends, findOutsideChats, findToTellRead, insertProviderMessage, insertSend, loseCalls, setReadTold, updateSend } from './store.ts'
import type { SendRow } from './store.ts'

// What is said here to customers, sent to Meta: QUEUED → CALLING → DONE or UNKNOWN, see `sends` in table.ts. Of a chat one is under way at a
// time, so their order is kept. CALLING is committed before Meta is asked; who finds it after a crash knows that nobody knows.

const LOOK_MS = 1000
/** So many chats at a time. */
const MAX_CALLS = 10
/** What nobody knows of after so long has failed, for a person to decide. */
const LOST_MS = 15 * 60_000
/** While Meta cannot be reached. */
const AWAY = { firstSeconds: 1, factor: 2, maxSeconds: 60, attempts: 20 }
/** Meta shows that somebody types for 25 seconds at the longest. */
const TYPING_MS = 20_000

interface Options {
  api: CloudApi
  /** Stretches or shortens every pause; 1 unless told. For tests. */
  pace?: number
}

/** Sends what waits, on one server at a time. */
export async function startOutbound(ports: Ports, options: Options): Promise<Worker> {
  const outbound = new Outbound(ports, options)
  await outbound.start()
  return outbound
}

class Outbound implements Worker {
  readonly #ports: Ports
  readonly #api: CloudApi
  readonly #factor: number
  readonly #lease: Lease
  readonly #pace: Pace
  /** Chats of which something is under way. */
  readonly #busy = new Map<number, Promise<void>>()
  readonly #typing = new Map<number, number>()
  /** Numbers that wait, or the whole account under '': until when, by performance.now(). */
  readonly #holds = new Map<string, number>()
  /** There may be something to send. */
  readonly wake = soonAfter(5, () => { this.#queue() })
  #running = Promise.resolve()
  #queued = false
  #stopped = false
  #ends: (() => void)[] = []

  constructor(ports: Ports, { api, pace = 1 }: Options) {
    this.#ports = ports
    this.#api = api
    this.#factor = pace
    this.#lease = new Lease(ports, 'whatsapp-out')
    this.#pace = new Pace(pace)
  }

  async start(): Promise<void> {
    const timer = setInterval(() => { this.wake() }, LOOK_MS)
    this.#ends = [
      () => { clearInterval(timer) },
      await this.#ports.bus.subscribe('hints', () => { this.wake() }),
      await this.#ports.bus.subscribe('typing', ({ chatId, userId, typing }) => { if (typing) void this.#tellTyping(chatId, userId) }),
    ]
    this.wake()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const end of this.#ends) end()
    await this.#running
    await Promise.all(this.#busy.values())
    await this.#lease.release().catch(() => undefined)
  }

  /** One look at a time, and one more for all that woke meanwhile. */
  #queue(): void {
    if (this.#stopped || this.#queued) return
    this.#queued = true
    this.#running = this.#running.then(async () => {
      this.#queued = false
      try {
        await this.#look()
      } catch (error) {
        if (!this.#stopped) this.#ports.log.warn({ err: error }, 'What is to be sent to WhatsApp could not be looked at just now; it is tried again.')
      }
    })
  }

  async #look(): Promise<void> {
    const { held, gained } = await this.#lease.hold()
    if (!held || this.#stopped) return
    const ctx = this.#context()
    if (gained) {
      const lost = await loseCalls(ctx.db)
      if (lost > 0) ctx.log.warn({ lost }, 'A server ended while it was sending to WhatsApp: of these messages nobody knows yet whether they went out.')
    }
    let marks: OutsideMark[] = []
    await takeOutside(ctx, 'whatsapp-out', [EventKind.MESSAGE_ADDED, EventKind.MESSAGE_REACTED], async (tx, events, moved) => {
      marks = moved
      await queue(tx, events)
    })
    for (const mark of marks) void this.#tellRead(mark)
    await this.#giveUpLost(ctx)
    for (const send of await findNextSends(ctx.db, 100)) if (this.#busy.size < MAX_CALLS && !this.#busy.has(send.chatId) && !this.#stopped) this.#begin(send)
  }

  #context(): Ctx {
    return { ...this.#ports, viewer: null, client: { address: 'whatsapp', userAgent: null, trusted: true }, loaders: new Loaders() }
  }

  #begin(send: SendRow): void {
    const work = this.#send(send)
      .catch((error: unknown) => {
        this.#ports.log.error({ err: error, chatId: send.chatId, number: send.number }, 'A message could not be sent to WhatsApp.')
      })
      .finally(() => {
        this.#busy.delete(send.chatId)
        this.wake()
      })
    this.#busy.set(send.chatId, work)
  }

  async #send({ id, chatId }: SendRow): Promise<void> {
    const ctx = this.#context()
    const [chat] = await findOutsideChats(ctx.db, [chatId])
    if (chat === undefined) throw new Error('a chat with a customer has a number')
    // Too fast, or told to wait: it is looked at again.
    if (this.#isHeld(chat.phoneNumberId) || !(await this.#pace.take(chat.phoneNumberId, chatId))) return
    const { held } = await this.#lease.hold()
    const send = held && !this.#stopped ? await claimSend(ctx.db, id) : null
    if (send === null) return
    const body = await messageToMeta(ctx, send, chat)
    const answer: Answered<string> | { kind: 'nothing'; failure: Failure | null } = 'failure' in body ? { kind: 'nothing', failure: body.failure } : await this.#api.send(chat.phoneNumberId, body.message)
    // Whatever it is, it must be known: while the database is away it is kept in mind.
    for (;;) {
      try {
        await this.#settle(send, answer, chat.phoneNumberId, 'byUserId' in body && body.byUserId)
        return
      } catch (error) {
        ctx.log.warn({ err: error }, 'What became of a message to WhatsApp could not be stored; it is tried again.')
        if (this.#stopped) return
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  async #settle(send: SendRow, answer: Answered<string> | { kind: 'nothing'; failure: Failure | null }, phoneNumberId: string, byUserId: boolean): Promise<void> {
    const ctx = this.#context()
    if (answer.kind === 'accepted') return this.#end(ctx, send, 'SENT', answer.value, null)
    if (answer.kind === 'nothing') return this.#end(ctx, send, answer.failure === null ? 'SENT' : 'FAILED', null, answer.failure)
    if (answer.kind === 'unknown') {
      ctx.log.warn({ chatId: send.chatId, number: send.number, why: answer.detail }, 'WhatsApp did not say whether it took a message; it is not sent again unless somebody decides so.')
      return updateSend(ctx.db, send.id, { state: send.kind === 'REACTION' ? 'DONE' : 'UNKNOWN' })
    }
    if (answer.kind === 'unreachable') {
      const seconds = secondsUntilNext(AWAY, send.tries)
      if (seconds !== null) return this.#again(ctx, send, seconds)
      return this.#end(ctx, send, 'FAILED', null, { code: 'UNREACHABLE', title: 'WhatsApp could not be reached.', detail: answer.detail, retryable: true })
    }
    const { error, httpStatus } = answer
    const treatment = treatmentOf(error, httpStatus)
    if (treatment.alert) ctx.log.error({ code: error.code, details: error.details }, `WhatsApp refuses messages: ${treatment.text}`)
    if (treatment.action === 'USE_PHONE' && byUserId && !send.byPhone) return updateSend(ctx.db, send.id, { state: 'QUEUED', byPhone: true, waitSeconds: 0 })
    const seconds = treatment.action === 'RETRY' || treatment.action === 'UPLOAD_AGAIN' ? secondsUntilNext(treatment.backoff, send.tries) : null
    if (seconds !== null) {
      this.#hold(treatment, phoneNumberId, seconds)
      return this.#again(ctx, send, seconds)
    }
    await this.#end(ctx, send, 'FAILED', null, { code: String(error.code), title: treatment.text, detail: error.details ?? error.message, retryable: treatment.retryCanHelp }, treatment)
  }

  #again(ctx: Ctx, send: SendRow, seconds: number): Promise<void> {
    return updateSend(ctx.db, send.id, { state: 'QUEUED', waitSeconds: seconds * this.#factor })
  }

  #hold({ holds }: Treatment, phoneNumberId: string, seconds: number): void {
    if (holds === 'NUMBER' || holds === 'ACCOUNT') this.#holds.set(holds === 'ACCOUNT' ? '' : phoneNumberId, performance.now() + seconds * 1000 * this.#factor)
  }

  #isHeld(phoneNumberId: string): boolean {
    return ['', phoneNumberId].some((key) => (this.#holds.get(key) ?? 0) > performance.now())
  }

  /** An attempt has an outcome; a status may have told more of it by now. */
  async #end(ctx: Ctx, send: SendRow, status: 'SENT' | 'FAILED', wamid: string | null, failure: Failure | null, treatment: Treatment | null = null): Promise<void> {
    await withTransaction(ctx, async (tx) => {
      const stream = await lockChat(tx, send.chatId)
      if (wamid !== null && send.kind === 'MESSAGE') await insertProviderMessage(tx.db, { wamid, chatId: send.chatId, number: send.number, attempt: send.attempt, at: null })
      await advanceSend(tx.db, send.id, { status: rankOf(status), wamid, failure })
      if (send.kind === 'MESSAGE') await settleStatus(tx, stream, [send.chatId, send.number])
      if (treatment?.action === 'WINDOW_CLOSED') await closeReplyWindow(tx, stream)
    })
  }

  async #giveUpLost(ctx: Ctx): Promise<void> {
    for (const send of await findLost(ctx.db, LOST_MS)) {
      const title = 'WhatsApp never said whether it took this message. Ask the customer, or look at the phone, before you send it again.'
      await this.#end(ctx, send, 'FAILED', null, { code: 'UNKNOWN_OUTCOME', title, detail: null, retryable: true })
    }
  }

  /** Meta hears of what was read, best as it can: a mark that it does not take is told with the next. */
  async #tellRead({ chatId, readUpTo }: OutsideMark): Promise<void> {
    try {
      const { db } = this.#ports
      const [[chat], newest] = await Promise.all([findOutsideChats(db, [chatId]), findToTellRead(db, chatId, readUpTo)])
      if (chat === undefined || newest === null) return
      // Noted first: the same mark is seen more than once.
      await setReadTold(db, chatId, newest.number)
      const answer = await this.#api.markRead(chat.phoneNumberId, newest.wamid, false)
      if (answer.kind !== 'accepted') this.#ports.log.debug({ chatId, answer: answer.kind }, 'WhatsApp did not take a read mark.')
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'A read mark could not be told to WhatsApp.')
    }
  }

  async #tellTyping(chatId: number, userId: number): Promise<void> {
    const now = performance.now()
    if (now - (this.#typing.get(chatId) ?? -Infinity) < TYPING_MS) return
    this.#typing.set(chatId, now)
    if (this.#typing.size > 1000) for (const [id, at] of this.#typing) if (now - at > TYPING_MS) this.#typing.delete(id)
    try {
      const { db } = this.#ports
      const [chat] = await findOutsideChats(db, [chatId])
      if (chat === undefined || chat.contactId === userId || !(await this.#lease.hold()).held) return
      const wamid = await findNewestOfCustomer(db, chatId)
      if (wamid !== null) await this.#api.markRead(chat.phoneNumberId, wamid, true)
    } catch (error) {
      this.#ports.log.debug({ err: error }, 'WhatsApp could not be told that somebody types.')
    }
  }
}

/** Queues what these events ask for. What somebody said on the business's phone has no actor, and is there already. */
async function queue(tx: Ctx, events: readonly OutsideEvent[]): Promise<void> {
  for (const { chatId, seq, kind, actorId, number } of events) {
    if (actorId !== null) await insertSend(tx.db, { chatId, seq, number, kind: kind === EventKind.MESSAGE_ADDED ? 'MESSAGE' : 'REACTION' })
  }
}
