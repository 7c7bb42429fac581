import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerApi } from './api.ts'
import { answerControl } from './control.ts'
import { Customer } from './customer.ts'
import type { Aside, Profile } from './customer.ts'
import { META_ERRORS, MetaError } from './errors.ts'
import { Happenings } from './happenings.ts'
import { Later } from './later.ts'
import { META_LIMITS, Meter } from './limits.ts'
import { MediaStore } from './media.ts'
import type { SendRequest } from './messages.ts'
import { ReplyWindow } from './reply-window.ts'
import { Rules } from './rules.ts'
import type { Effect, Rule } from './rules.ts'
import { cardOf, messageShape, statusShape } from './shapes.ts'
import type { Failure } from './shapes.ts'
import { Templates } from './templates.ts'
import type { Template } from './templates.ts'
import type { Accepted, PhoneNumber, SimulatorOptions, Told } from './types.ts'
import { Wamids } from './wamids.ts'
import { PLAIN_DELIVERY, Webhooks } from './webhooks.ts'
import type { Delivery, Update } from './webhooks.ts'

const WINDOW_CLOSED: Failure = { fails: 131047, details: 'Message failed to send because more than 24 hours have passed since the customer last replied to this number.' }

/**
 * A Cloud API without Meta: it takes what Parley sends, plays the customers, and delivers webhooks. All that happens is recorded.
 * Made by {@link startSimulator}.
 */
export class Simulator extends Happenings {
  readonly wabaId: string
  readonly phoneNumbers: PhoneNumber[]
  readonly accessToken: string
  readonly appSecret: string
  readonly verifyToken: string
  readonly media: MediaStore
  readonly templates = new Templates()
  readonly rules: Rules
  readonly meter: Meter
  readonly webhooks: Webhooks
  readonly customers: Customer[] = []
  #url = ''
  readonly #server: Server
  readonly #options: SimulatorOptions
  readonly #window: NonNullable<SimulatorOptions['window']>
  readonly #heard = new ReplyWindow()
  #aheadMs = 0
  #stoppedAt: number | null = null
  readonly #wamids: Wamids
  readonly #later = new Later()

  constructor(options: SimulatorOptions) {
    super()
    const seed = options.seed ?? 1
    this.#options = options
    this.#window = options.window ?? 'status'
    this.wabaId = options.wabaId ?? '100000000000001'
    this.phoneNumbers = options.phoneNumbers ?? [{ id: '200000000000002', display: '+1 555-000-1111', name: 'Example Shop' }]
    this.accessToken = options.accessToken ?? 'EAASimulatedAccessToken'
    this.appSecret = options.appSecret ?? 'simulated-app-secret'
    this.verifyToken = options.verifyToken ?? 'simulated-verify-token'
    this.#wamids = new Wamids(seed)
    this.media = new MediaStore(() => this.now())
    this.rules = new Rules(seed)
    this.meter = new Meter(options.limits === null ? { perSecond: null, pair: null } : (options.limits ?? META_LIMITS), () => this.now())
    this.webhooks = new Webhooks({ secret: this.appSecret, seed, delivery: { ...PLAIN_DELIVERY, ...options.delivery }, onPosted: () => { this.notify() } })
    for (const template of options.templates ?? []) this.templates.add(template)
    this.#server = createServer((request, response) => {
      const path = request.url ?? '/'
      void (path === '/' || path.startsWith('/_simulator/') ? answerControl(this, request, response) : answerApi(this, request, response))
    })
  }

  /** Where it is; Parley's WHATSAPP_API_URL. */
  get url(): string {
    return this.#url
  }

  /** The id of the business's first number. */
  get phoneNumberId(): string {
    return this.phoneNumbers[0]?.id ?? ''
  }

  /** The settings with which Parley talks to this simulator. */
  settings(): Record<string, string> {
    return {
      WHATSAPP_API_URL: this.#url,
      WHATSAPP_API_VERSION: 'v24.0',
      WHATSAPP_ACCESS_TOKEN: this.accessToken,
      WHATSAPP_PHONE_NUMBER_ID: this.phoneNumbers.map(({ id }) => id).join(','),
      WHATSAPP_WABA_ID: this.wabaId,
      WHATSAPP_VERIFY_TOKEN: this.verifyToken,
      WHATSAPP_APP_SECRET: this.appSecret,
    }
  }

  /** Passes the handshake, and delivers webhooks to this address from now on. @throws where the handshake fails. */
  connect(webhookUrl: string): Promise<void> {
    return this.webhooks.connect(webhookUrl, this.verifyToken)
  }

  /** Another way of delivering; what is left out stays. */
  set delivery(changes: Partial<Delivery>) {
    this.webhooks.delivery = { ...this.webhooks.delivery, ...changes }
  }

  /** Lets all webhooks out that wait; resolves when they were taken, or given up. */
  flush(): Promise<void> {
    this.#later.hurry()
    return this.webhooks.flush()
  }

  /** From now on requests that fit have this effect; of several rules the latest decides. Answers what ends it. */
  rule(rule: Rule): () => void {
    return this.rules.add(rule)
  }

  /** A customer; the same one for the same number. */
  customer(profile: Partial<Profile> & Pick<Profile, 'phone'>): Customer {
    const known = this.customers.find((customer) => customer.profile.phone === profile.phone)
    if (known !== undefined) return known
    const number = createHash('sha256').update(`${this.wabaId} ${profile.phone}`).digest().readUIntBE(0, 6)
    const customer = new Customer(this, { name: `Customer ${profile.phone.slice(-4)}`, userId: `US.${String(number).padStart(20, '9')}`, username: null, hidesPhone: false, ...profile })
    this.customers.push(customer)
    this.notify()
    return customer
  }

  /** The present time by the simulator's clock, in milliseconds. */
  now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#aheadMs
  }

  /** From now on the simulator's clock moves by `advance` alone: so no test depends on how fast it runs. */
  stopClock(): void {
    this.#stoppedAt = Date.now()
  }

  /** Puts the clock forward: windows close, addresses and files end, limits fill again. */
  advance(ms: number): void {
    this.#aheadMs += ms
  }

  /** A template has a new status; a webhook tells. */
  setTemplateStatus(name: string, language: string, status: Template['status'], reason = 'NONE'): void {
    const template = this.templates.find(name, language)
    if (template === undefined) throw new Error(`There is no template ${name} in ${language}.`)
    template.status = status
    const item = { event: status, message_template_id: Number(template.id), message_template_name: name, message_template_language: language, reason, message_template_category: template.category }
    this.tellRaw({ field: 'message_template_status_update', list: null, item })
  }

  /** An error that belongs to no message. */
  tellError(code: number, details?: string): void {
    this.tellRaw({ list: 'errors', item: new MetaError(code, { details }).toWebhook() })
  }

  /** The business answers on its own phone, beside Parley. */
  tellEcho(customer: Customer, text: string, phoneNumberId = this.phoneNumberId): string {
    const { phone, userId, hidesPhone } = customer.profile
    const id = this.#wamids.next()
    const item = { from: this.#metadata(phoneNumberId).display_phone_number, ...(!hidesPhone && { to: phone }), to_user_id: userId, id, timestamp: String(Math.floor(this.now() / 1000)), type: 'text', text: { body: text } }
    this.tellRaw({ field: 'smb_message_echoes', list: 'message_echoes', item }, phoneNumberId)
    return id
  }

  /** Any update, such as one of a kind that is not known. */
  tellRaw(update: Partial<Update> & Pick<Update, 'item'>, phoneNumberId = this.phoneNumberId): void {
    this.webhooks.add({ wabaId: this.wabaId, field: 'messages', list: null, metadata: this.#metadata(phoneNumberId), contact: null, ...update })
    this.notify()
  }

  async close(): Promise<void> {
    this.#later.close()
    this.webhooks.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Begins to listen; {@link startSimulator} does it. */
  async listen(): Promise<void> {
    const { port = 0, host = '127.0.0.1' } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    this.#url = `http://${host}:${(this.#server.address() as AddressInfo).port}`
  }

  // ---------------------------------------------------------------- what its own parts call

  /** Takes a message for delivery; what follows goes by the effect. */
  accept(request: SendRequest, phoneNumberId: string, text: string, effect: Effect | null): Accepted {
    const { to, userId, type, part, replyTo, callbackData } = request
    const customer = this.#find(request) ?? this.customer(to !== null ? { phone: to } : { phone: `99900${this.customers.length}`, userId: userId ?? undefined, hidesPhone: true })
    const message: Accepted = { id: this.#wamids.next(), phoneNumberId, to, userId: customer.profile.userId, type, part, text, replyTo, callbackData, at: this.now(), statuses: [], answered: true }
    this.accepted.push(message)
    this.#follow(message, customer, effect ?? {}, this.#isClosed(request, phoneNumberId, customer))
    this.notify()
    return message
  }

  /** What comes after a message was taken: its statuses, and that the customer gets it. */
  #follow(message: Accepted, customer: Customer, effect: Effect | object, closed: boolean): void {
    if ('fails' in effect || closed) {
      const failure = 'fails' in effect ? effect : WINDOW_CLOSED
      this.#soon(0, () => { this.tell(message, 'failed', failure) })
    } else if ('statuses' in effect) {
      const failure = { fails: effect.code ?? 131000 }
      for (const [nth, status] of effect.statuses.entries()) this.#soon(nth, () => { this.tell(message, status, failure) })
      if (effect.statuses.includes('delivered')) customer.gets(message, false)
    } else {
      this.#soon(0, () => { this.tell(message, 'sent') })
      this.#soon(1, () => { customer.gets(message) })
    }
  }

  /** Whether only a template may be sent now, at once as an error where it is set so. */
  checkWindow(request: SendRequest, phoneNumberId: string): void {
    if (this.#window === 'answer' && this.#isClosed(request, phoneNumberId, this.#find(request) ?? null)) throw new MetaError(WINDOW_CLOSED.fails, WINDOW_CLOSED)
  }

  /** A status of a message, by webhook. */
  tell(message: Accepted, status: Told, failure?: Failure): void {
    message.statuses.push(status)
    const customer = this.customers.find(({ profile }) => profile.userId === message.userId)
    const item = statusShape(message, status, this.now(), failure)
    const contact = status === 'failed' || customer === undefined ? null : cardOf(customer.profile)
    this.webhooks.add({ wabaId: this.wabaId, field: 'messages', list: 'statuses', metadata: this.#metadata(message.phoneNumberId), contact, item })
    this.notify()
  }

  /** A message of a customer, by webhook. */
  receive(customer: Customer, said: object, { replyTo, forwarded, at = this.now(), phoneNumberId = this.phoneNumberId, more }: Aside): string {
    const { profile } = customer
    const replied = replyTo === undefined ? null : { id: replyTo, from: this.#metadata(phoneNumberId).display_phone_number }
    const message = { ...messageShape(profile, { id: this.#wamids.next(), at, replied, forwarded }), ...said, ...more }
    this.#heard.hear(phoneNumberId, profile.userId, at)
    this.received.push({ id: message.id, customer, message, at })
    this.webhooks.add({ wabaId: this.wabaId, field: 'messages', list: 'messages', metadata: this.#metadata(phoneNumberId), contact: cardOf(profile), item: message })
    this.notify()
    return message.id
  }

  rename(customer: Customer, changes: Partial<Profile>): void {
    const before = customer.profile.userId
    Object.assign(customer.profile, changes)
    this.#heard.rename(before, customer.profile.userId)
    this.notify()
  }

  /** An id that a customer's message has, or one of ours. */
  knows(messageId: string): boolean {
    return this.#wamids.has(messageId)
  }

  trace(): string {
    return `A${randomBytes(9).toString('base64url')}`
  }

  /** The nth status of a message comes so much later than the first. */
  #soon(nth: number, deed: () => void): void {
    this.#later.do(nth * (this.#options.statusEveryMs ?? 0), deed)
  }

  #find({ to, userId }: SendRequest): Customer | undefined {
    return this.customers.find(({ profile }) => (to === null ? profile.userId === userId : profile.phone === to))
  }

  #isClosed(request: SendRequest, phoneNumberId: string, customer: Customer | null): boolean {
    if (this.#window === 'off' || request.type === 'template') return false
    return customer === null || !this.#heard.isOpen(phoneNumberId, customer.profile.userId, this.now())
  }

  #metadata(phoneNumberId: string): { display_phone_number: string; phone_number_id: string } {
    const number = this.phoneNumbers.find(({ id }) => id === phoneNumberId)
    return { display_phone_number: (number?.display ?? '').replace(/\D/g, ''), phone_number_id: phoneNumberId }
  }
}

/** The codes of errors that rules can bring about: all that are known. */
export const ERROR_CODES = [...META_ERRORS.keys()]

/** Starts a simulator on this machine; `close` ends it. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(options)
  await simulator.listen()
  return simulator
}
