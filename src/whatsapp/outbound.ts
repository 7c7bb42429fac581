import { Loaders } from '../base/loaders.ts'
import type { WhatsAppOutcome } from '../base/meters.ts'
import { soonAfter } from '../base/soon.ts'
import { closeReplyWindow, lockChat } from '../chat/outside.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Ports } from '../ctx.ts'
import { Lease, takeOutside } from '../event/outbox.ts'
import type { OutsideMark } from '../event/outbox.ts'
import { EventKind } from '../event/types.ts'
import type { Failure } from '../message/domain.ts'
import type { Answered, CloudApi } from './client.ts'
import { settleStatus } from './domain.ts'
import { secondsUntilNext, treatmentOf } from './errors.ts'
import { fileNameFor } from './files.ts'
import type { Treatment } from './errors.ts'
import type { Worker } from './inbound.ts'
import { fileOf } from './media.ts'
import type { OutgoingFile } from './media.ts'
import { messageToMeta } from './outgoing.ts'
import type { ApiError } from './payload-error.ts'
import { Pace } from './pace.ts'
import { Pauses } from './pauses.ts'
import { queue } from './queue.ts'
import { Signs } from './signs.ts'
import { rankOf } from './status.ts'
import { advanceSend, claimSend, findLost, findNextSends, findOutsideChats, findUpload, forgetUploads, insertProviderMessage, keepUpload, loseCalls, updateSend } from './store.ts'
import type { SendRow } from './store.ts'
import { bytesOf } from '../upload/domain.ts'

// What is said here to customers, sent to Meta: QUEUED → CALLING → DONE or UNKNOWN, see `sends` in table.ts. Of a chat one is under way at a
// time, so their order is kept. CALLING is committed before Meta is asked; who finds it after a crash knows that nobody knows.

const LOOK_MS = 1000
/** So many chats at a time. */
const MAX_CALLS = 10
/** What nobody knows of after so long has failed, for a person to decide. */
const LOST_MS = 15 * 60_000
/** While Meta cannot be reached. */
const AWAY = { firstSeconds: 1, factor: 2, maxSeconds: 60, attempts: 20 }

/** There was nothing to ask Meta for, and that may be a failure. */
interface Nothing {
  kind: 'nothing'
  failure: Failure | null
}

type Outcome = Answered<string> | Nothing

/** How a message goes out: by which number, to which sort of address, and with which file. */
interface Sending {
  phoneNumberId: string
  byUserId: boolean
  file: OutgoingFile | null
}

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
  readonly #signs: Signs
  readonly #pauses: Pauses
  /** Up to where the log was taken. */
  #position = 0n
  /** There may be something to send. */
  readonly wake = soonAfter(15, () => { this.#queue() })
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
    this.#pauses = new Pauses(pace)
    this.#signs = new Signs(ports, api)
  }

  async start(): Promise<void> {
    const timer = setInterval(() => { this.wake() }, LOOK_MS)
    this.#ends = [
      () => { clearInterval(timer) },
      await this.#ports.bus.subscribe('hints', () => { this.wake() }),
      await this.#ports.bus.subscribe('typing', ({ chatId, userId, typing }) => { if (typing) void this.#signs.tellTyping(chatId, userId, async () => (await this.#lease.hold()).held) }),
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
        this.#ports.meters.whatsappLookedAt = performance.now()
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
      ctx.meters.whatsappSends.unknown += lost
      if (lost > 0) ctx.log.warn({ lost }, 'A server ended while it was sending to WhatsApp: of these messages nobody knows yet whether they went out.')
    }
    let marks: OutsideMark[] = []
    this.#position = await takeOutside(ctx, { name: 'whatsapp-out', kinds: [EventKind.MESSAGE_ADDED, EventKind.MESSAGE_REACTED], from: this.#position }, async (tx, events, moved) => {
      marks = moved
      await queue(tx, events)
    })
    for (const mark of marks) void this.#signs.tellRead(mark)
    await this.#giveUpLost(ctx)
    const waiting = this.#pauses.held()
    if (waiting === null) return
    for (const send of await findNextSends(ctx.db, 100, waiting)) if (this.#busy.size < MAX_CALLS && !this.#busy.has(send.chatId) && !this.#stopped) this.#begin(send)
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

  async #send(row: SendRow): Promise<void> {
    const { chatId } = row
    const ctx = this.#context()
    const [chat] = await findOutsideChats(ctx.db, [chatId])
    if (chat === undefined) throw new Error('a chat with a customer has a number')
    if (this.#pauses.isHeld(chat.phoneNumberId)) return
    // Too fast: others go first.
    if (!(await this.#pace.take(chat.phoneNumberId, chatId))) return this.#wait(ctx, row, 1)
    if (!this.#pauses.take(chat.phoneNumberId)) return
    // The file goes first: as long as nothing was asked for with it, it can go again.
    const file = await fileOf(ctx, row)
    const uploaded = file === null ? null : await this.#upload(ctx, chat.phoneNumberId, file)
    const { held } = await this.#lease.hold()
    const send = held && !this.#stopped ? await claimSend(ctx.db, row.id) : null
    if (send === null) return
    // A large file takes its time, and the message may not be what it was.
    ctx.loaders.clear()
    const body = await messageToMeta(ctx, send, chat, uploaded?.kind === 'accepted' ? uploaded.value : null)
    const answer: Outcome =
      uploaded !== null && uploaded.kind !== 'accepted' ? uploaded : 'failure' in body ? { kind: 'nothing', failure: body.failure } : await this.#api.send(chat.phoneNumberId, body.message)
    // Whatever it is, it must be known: while the database is away it is kept in mind.
    for (;;) {
      try {
        const outcome = await this.#settle(send, answer, { phoneNumberId: chat.phoneNumberId, byUserId: 'byUserId' in body && body.byUserId, file })
        if (outcome !== null) ctx.meters.whatsappSends[outcome]++
        return
      } catch (error) {
        ctx.log.warn({ err: error }, 'What became of a message to WhatsApp could not be stored; it is tried again.')
        if (this.#stopped) return
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  }

  /** Meta's id of a file: it is uploaded once for each number, and again after four weeks. Whatever goes wrong with that, nothing was sent. */
  async #upload(ctx: Ctx, phoneNumberId: string, { attachment, mimeType }: OutgoingFile): Promise<Answered<string> | Nothing> {
    const known = await findUpload(ctx.db, attachment.id, phoneNumberId)
    if (known !== null) return { kind: 'accepted', value: known }
    try {
      const bytes = await bytesOf(ctx, attachment, 'file')
      if (bytes === null) return { kind: 'nothing', failure: { code: 'NO_FILE', title: 'The file is not there any more.', detail: null, retryable: false } }
      const answer = await this.#api.upload(phoneNumberId, { mimeType, fileName: fileNameFor('file', mimeType), byteSize: attachment.byteSize ?? 0, bytes })
      bytes.destroy()
      if (answer.kind === 'accepted') await keepUpload(ctx.db, { attachmentId: attachment.id, phoneNumberId, mediaId: answer.value })
      return answer.kind === 'unknown' ? { kind: 'unreachable', detail: answer.detail } : answer
    } catch (error) {
      ctx.log.warn({ err: error, attachmentId: attachment.id }, 'A file for WhatsApp could not be read; it is tried again.')
      return { kind: 'unreachable', detail: 'The file could not be read.' }
    }
  }

  /** Stores what follows from an answer. Answers what it counts as; null: nothing was to be asked. */
  async #settle(send: SendRow, answer: Outcome, { phoneNumberId, byUserId, file }: Sending): Promise<WhatsAppOutcome | null> {
    const ctx = this.#context()
    if (answer.kind === 'accepted') {
      if (this.#pauses.goOn(phoneNumberId)) ctx.log.info({ phoneNumberId }, 'WhatsApp takes messages again.')
      return counted('accepted', this.#end(ctx, send, 'SENT', answer.value, null))
    }
    if (answer.kind === 'nothing') return counted(answer.failure === null ? null : 'failed', this.#end(ctx, send, answer.failure === null ? 'SENT' : 'FAILED', null, answer.failure))
    if (answer.kind === 'unknown') {
      ctx.log.warn({ chatId: send.chatId, number: send.number, why: answer.detail }, 'WhatsApp did not say whether it took a message; it is not sent again unless somebody decides so.')
      return counted('unknown', updateSend(ctx.db, send.id, { state: send.kind === 'REACTION' ? 'DONE' : 'UNKNOWN' }))
    }
    if (answer.kind === 'unreachable') {
      const seconds = secondsUntilNext(AWAY, send.tries)
      if (seconds !== null) return counted('unreachable', this.#again(ctx, send, seconds))
      return counted('failed', this.#end(ctx, send, 'FAILED', null, { code: 'UNREACHABLE', title: 'WhatsApp could not be reached.', detail: answer.detail, retryable: true }))
    }
    return this.#refused(ctx, send, answer, { phoneNumberId, byUserId, file })
  }

  /** Meta said no, and by that that nothing was sent. */
  async #refused(ctx: Ctx, send: SendRow, { error, httpStatus }: Extract<Outcome, { kind: 'error' }>, { phoneNumberId, byUserId, file }: Sending): Promise<WhatsAppOutcome> {
    const treatment = treatmentOf(error, httpStatus)
    if (treatment.action === 'STOP') return counted('stopped', this.#stop(ctx, send, treatment, error, phoneNumberId))
    if (treatment.alert) ctx.log.error({ code: error.code, details: error.details }, `WhatsApp refuses messages: ${treatment.text}`)
    if (treatment.action === 'UPLOAD_AGAIN' && file !== null) await forgetUploads(ctx.db, [file.attachment.id])
    if (treatment.action === 'USE_PHONE' && byUserId && !send.byPhone) return counted('retried', updateSend(ctx.db, send.id, { state: 'QUEUED', byPhone: true, waitSeconds: 0 }))
    const seconds = treatment.action === 'RETRY' || treatment.action === 'UPLOAD_AGAIN' ? secondsUntilNext(treatment.backoff, send.tries) : null
    if (seconds !== null) {
      this.#pauses.hold(treatment, phoneNumberId, seconds)
      return counted('retried', this.#again(ctx, send, seconds))
    }
    const failure = { code: String(error.code), title: treatment.text, detail: error.details ?? error.message, retryable: treatment.retryCanHelp }
    return counted(treatment.alert ? 'to_mend' : 'failed', this.#end(ctx, send, 'FAILED', null, failure, treatment))
  }

  #again(ctx: Ctx, send: SendRow, seconds: number, changes: { tries?: number } = {}): Promise<void> {
    return this.#wait(ctx, send, seconds, { state: 'QUEUED', ...changes })
  }

  /** It is looked at again after so long. Nothing is said of its state unless it is ours: another server may have taken it. */
  #wait(ctx: Ctx, send: SendRow, seconds: number, changes: { state?: 'QUEUED'; tries?: number } = {}): Promise<void> {
    // Sooner than somebody looks anyway.
    if (seconds * 1000 * this.#factor < LOOK_MS) setTimeout(this.wake, seconds * 1000 * this.#factor)
    return updateSend(ctx.db, send.id, { waitSeconds: seconds * this.#factor, ...changes })
  }

  /** Nothing can be sent until a person has acted: what waits goes on waiting, and one message tries now and then. Told once. */
  #stop(ctx: Ctx, send: SendRow, treatment: Treatment, error: ApiError, phoneNumberId: string): Promise<void> {
    const { seconds, begins } = this.#pauses.stop(treatment, phoneNumberId)
    const details = { code: error.code, details: error.details ?? error.message, ...(treatment.holds === 'NUMBER' && { phoneNumberId }) }
    if (begins) ctx.log.error(details, `WhatsApp takes no messages, and they wait: ${treatment.text}`)
    else ctx.log.debug(details, 'WhatsApp still takes no messages.')
    // No fault of this message's: it counts as no try.
    return this.#again(ctx, send, seconds, { tries: send.tries - 1 })
  }

  /** An attempt has an outcome; a status may have told more of it by now. */
  async #end(ctx: Ctx, send: SendRow, status: 'SENT' | 'FAILED', wamid: string | null, failure: Failure | null, treatment: Treatment | null = null): Promise<void> {
    await withTransaction(ctx, async (tx) => {
      const stream = await lockChat(tx, send.chatId)
      if (wamid !== null && send.kind === 'MESSAGE') await insertProviderMessage(tx.db, { wamid, chatId: send.chatId, number: send.number, attempt: send.attempt, part: send.part, at: null })
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
}

/** What it counts as, once it is stored. */
const counted = <T>(outcome: T, stored: Promise<void>): Promise<T> => stored.then(() => outcome)
