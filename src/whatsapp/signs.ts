import type { Ports } from '../ctx.ts'
import type { OutsideMark } from '../event/outbox.ts'
import type { CloudApi } from './client.ts'
import { findNewestOfCustomer, findOutsideChats, findToTellRead, setReadTold } from './store.ts'

/** Meta shows that somebody types for 25 seconds at the longest. */
const TYPING_MS = 20_000
const MOST_CHATS = 1000

/** Tells customers what was read and who types, best as it can: nothing is tried again, what is missed is told with the next. */
export class Signs {
  readonly #ports: Ports
  readonly #api: CloudApi
  /** When this was told of a chat, by performance.now(). */
  readonly #typing = new Map<number, number>()

  constructor(ports: Ports, api: CloudApi) {
    this.#ports = ports
    this.#api = api
  }

  /** An agent has read so far: the customer's ticks turn blue. */
  async tellRead({ chatId, readUpTo }: OutsideMark): Promise<void> {
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

  /** Somebody types; all servers hear of it, and the one whose turn it is tells. */
  async tellTyping(chatId: number, userId: number, isOurTurn: () => Promise<boolean>): Promise<void> {
    const now = performance.now()
    if (now - (this.#typing.get(chatId) ?? -Infinity) < TYPING_MS) return
    this.#typing.set(chatId, now)
    if (this.#typing.size > MOST_CHATS) for (const [id, at] of this.#typing) if (now - at > TYPING_MS) this.#typing.delete(id)
    try {
      const { db } = this.#ports
      const [chat] = await findOutsideChats(db, [chatId])
      if (chat === undefined || chat.contactId === userId || !(await isOurTurn())) return
      const wamid = await findNewestOfCustomer(db, chatId)
      if (wamid !== null) await this.#api.markRead(chat.phoneNumberId, wamid, true)
    } catch (error) {
      this.#ports.log.debug({ err: error }, 'WhatsApp could not be told that somebody types.')
    }
  }
}
