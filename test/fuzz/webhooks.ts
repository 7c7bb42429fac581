import { createHmac } from 'node:crypto'
import { startSimulator } from '../whatsapp/simulator/simulator.ts'
import type { Simulator } from '../whatsapp/simulator/simulator.ts'
import { bodyOf } from './webhook-bodies.ts'
import type { Business } from './webhook-bodies.ts'
import type { Aim } from './targets.ts'
import type { Maker } from './made.ts'

// Webhooks of WhatsApp: what is signed must be taken whatever it says, what is not must be refused; and all of it must be worked off or parked, and leave
// chats that can be read, with room for what comes next.

type Ask = (query: string, variables?: object) => Promise<{ data: Record<string, unknown> }>

/** For so long nothing at all may be worked off before all is. What speaks of messages that never come waits for them for 36 seconds. */
const PATIENCE_MS = 60_000
const ADA = { phone: '14155550123', name: 'Ada' }

const CHATS = `query ($after: String) { chats(first: 5, after: $after) { pageInfo { hasNextPage endCursor } nodes { title lastMessage { text } whatsapp { contact { displayName phone whatsappUserId } replyWindowClosesAt }
  messages(last: 50) { nodes { kind text status revision editedAt forwarded providerTime failure { code title detail } sender { __typename displayName } replyTo { text } location { latitude longitude name address }
  contactCards { name phones } attachments { kind state fileName mimeType } reactions { emoji count } } } } } }`

/** A business with a customer who was answered, and a target for what Meta might post to it. */
export class Webhooks {
  readonly #meta: Simulator
  readonly #business: Business
  #ask: Ask = () => Promise.reject(new Error('nobody is there yet'))
  #url = ''

  private constructor(meta: Simulator) {
    this.#meta = meta
    this.#business = { wabaId: meta.wabaId, phoneNumberId: meta.phoneNumberId, sent: [] }
  }

  static async open(): Promise<Webhooks> {
    return new Webhooks(await startSimulator({ limits: null, statusEveryMs: 0, templates: [{ name: 'order', components: [{ type: 'BODY', text: 'Hello {{1}}' }] }] }))
  }

  get settings(): Record<string, string> {
    return this.#meta.settings()
  }

  /** A customer writes and is answered, so that statuses can speak of something. */
  async begin(url: string, ask: Ask): Promise<void> {
    this.#ask = ask
    this.#url = `${url}/webhooks/whatsapp`
    const { data } = await ask('{ me { id } }')
    await ask('mutation ($input: SetUserRolesInput!) { setUserRoles(input: $input) { errors { message } } }', { input: { userId: (data.me as { id: string }).id, roles: ['ADMIN', 'AGENT'] } })
    const chatId = await this.#honest('hello')
    if (chatId === null) throw new Error('a webhook of the simulator did not become a chat')
    for (let n = 0; n < 5; n++) await ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { errors { message } } }', { input: { chatId, clientId: crypto.randomUUID(), text: `answer ${n}` } })
    await this.#meta.until(() => this.#meta.accepted.length === 5)
    this.#business.sent.push(...this.#meta.accepted.map(({ id, callbackData }) => ({ id, callbackData })))
  }

  readonly shot = async (_aim: Aim, maker: Maker): Promise<string | null> => {
    const { random } = maker
    const body = bodyOf(maker, this.#business)
    const right = this.#sign(body)
    const wrong = random.chance(0.1) ? (random.pick(['', 'sha256=', right.slice(0, -1), right.toUpperCase(), `${right} `, right.replace('sha256', 'sha1'), this.#sign(Buffer.concat([body, Buffer.from(' ')])), maker.text().replace(/[^\x20-\x7e]/g, '').slice(0, 1000)]) ?? '') : null
    const given = wrong === null ? right : wrong.trim() === right ? '' : wrong
    const isTooLarge = body.length > 3 * 1024 * 1024
    const status = await this.#post(body, given, random.chance(0.5) ? '/webhooks/whatsapp' : '/webhook').catch((error: unknown) => String(error))
    const wanted = isTooLarge ? 413 : given === right ? 200 : 403
    // Of one that is too large not all is read, and whoever still writes may find the line cut.
    return status === wanted || (isTooLarge && typeof status === 'string') ? null : `a webhook got ${status} and not ${wanted}: ${body.toString('utf8').slice(0, 600)}`
  }

  /** Waits until all is worked off, then looks at what came of it. Answers what is wrong, how much is where, and why what is parked is. */
  async judge(): Promise<{ faults: string[]; states: string; reasons: Map<string, number> }> {
    const faults: string[] = []
    for (let [left, since] = [Infinity, performance.now()]; performance.now() - since < PATIENCE_MS; ) {
      const now = await this.#count('PENDING')
      if (now === 0) break
      if (now < left) [left, since] = [now, performance.now()]
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
    const reasons = new Map<string, number>()
    const onFault = (fault: string) => { for (const line of fault.split('\n')) reasons.set(line.replace(/^[\w.]*: /, ''), (reasons.get(line.replace(/^[\w.]*: /, '')) ?? 0) + 1) }
    const stuck: string[] = []
    const [pending, parked, done] = [await this.#count('PENDING', Infinity, (fault) => { stuck.push(fault) }), await this.#count('PARKED', Infinity, onFault), await this.#count('DONE')]
    if (pending > 0) faults.push(`${pending} webhooks are not worked off: ${stuck.join('; ')}`)
    for (let after: string | null = null, more = true; more; ) {
      const answer: { data: Record<string, unknown> } = await this.#ask(CHATS, { after })
      const chats = answer.data?.chats as { pageInfo: { hasNextPage: boolean; endCursor: string } } | undefined
      if (chats === undefined || 'errors' in answer) faults.push(`chats cannot be read: ${JSON.stringify(answer).slice(0, 600)}`)
      more = chats?.pageInfo.hasNextPage === true
      after = chats?.pageInfo.endCursor ?? null
    }
    if ((await this.#honest('still there?')) === null) faults.push('an honest webhook afterwards did not arrive')
    return { faults, states: `${done} done, ${parked} parked, ${pending} pending`, reasons }
  }

  close(): Promise<void> {
    return this.#meta.close()
  }

  /** How many webhooks stand so; at most so many are counted. */
  async #count(state: string, most = Infinity, onFault: (fault: string) => void = () => undefined): Promise<number> {
    let count = 0
    for (let after: string | null = null; ; ) {
      const { data } = await this.#ask('query ($state: WhatsAppDeliveryState, $first: Int, $after: String) { whatsAppDeliveries(state: $state, first: $first, after: $after) { nodes { fault } pageInfo { hasNextPage endCursor } } }', { state, first: Math.min(100, most), after })
      const { nodes, pageInfo } = data.whatsAppDeliveries as { nodes: { fault: string | null }[]; pageInfo: { hasNextPage: boolean; endCursor: string } }
      count += nodes.length
      for (const { fault } of nodes) if (fault !== null) onFault(fault)
      if (!pageInfo.hasNextPage || count >= most) return count
      after = pageInfo.endCursor
    }
  }

  /** A customer writes as everybody does; answers the chat in which it stands, null where it did not come. */
  async #honest(text: string): Promise<string | null> {
    const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: this.#business.phoneNumberId }, contacts: [{ profile: { name: ADA.name }, wa_id: ADA.phone }], messages: [{ from: ADA.phone, id: `wamid.HONEST${text}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: text } }] }
    const body = Buffer.from(JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: this.#business.wabaId, changes: [{ field: 'messages', value }] }] }))
    if ((await this.#post(body, this.#sign(body))) !== 200) return null
    for (let tries = 0; tries < 100; tries++) {
      const { data } = await this.#ask('{ chats(first: 1) { nodes { id lastMessage { text } } } }')
      const [chat] = (data.chats as { nodes: { id: string; lastMessage: { text: string | null } | null }[] }).nodes
      if (chat?.lastMessage?.text === text) return chat.id
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return null
  }

  #sign(body: Buffer): string {
    return `sha256=${createHmac('sha256', this.#meta.appSecret).update(body).digest('hex')}`
  }

  async #post(body: Buffer, signature: string, path = '/webhooks/whatsapp'): Promise<number> {
    const response = await fetch(new URL(path, this.#url), { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature }, signal: AbortSignal.timeout(30_000) })
    await response.arrayBuffer()
    return response.status
  }
}
