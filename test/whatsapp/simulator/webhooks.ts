import { createHmac, randomBytes } from 'node:crypto'
import { seeded, shuffled } from './chance.ts'

/** How webhooks are delivered. */
export interface Delivery {
  /** Nothing goes out until `flush`. */
  hold: boolean
  /** Each update waits so long, by chance between the two. Milliseconds. */
  delayMs: [from: number, to: number]
  /** How often each update comes, 1 or more; the repeats stand in batches of their own. */
  repeats: number
  /** Updates go out in an order by chance, and are spread over entries and changes by chance. Otherwise in the order in which they came about, one POST after the other. */
  shuffle: boolean
  /** At most so many updates in one POST: 1 to 1,000. */
  batch: number
  /** How many POSTs may be on the way at once; only with `shuffle`. */
  parallel: number
  /** An answer that takes longer counts as none. */
  timeoutMs: number
  /** What is not answered with 200 comes again. Meta goes on for up to 7 days; after `attempts` the simulator gives up. */
  retry: { firstMs: number; factor: number; attempts: number }
}

export const PLAIN_DELIVERY: Delivery = {
  hold: false,
  delayMs: [0, 0],
  repeats: 1,
  shuffle: false,
  batch: 1000,
  parallel: 4,
  timeoutMs: 10_000,
  retry: { firstMs: 200, factor: 2, attempts: 12 },
}

/** One thing to tell. `list` names where in the value it stands; null: it is the value. */
export interface Update {
  wabaId: string
  field: string
  list: 'messages' | 'message_echoes' | 'statuses' | 'errors' | null
  metadata: object | null
  contact: object | null
  item: object
}

/** One POST that was made. */
export interface Posted {
  body: Buffer
  updates: number
  attempt: number
  /** The HTTP status; null: there was no answer. */
  status: number | null
  /** Until the answer was there. */
  ms: number
}

interface Parcel {
  updates: Update[]
  attempt: number
}

/** Meta's spelling of JSON: what is not ASCII comes as `\uXXXX`, and slashes with a backslash. So who signs JSON that was written anew sees another signature. */
export function spell(value: unknown): Buffer {
  const text = JSON.stringify(value).replaceAll('/', '\\/')
  return Buffer.from(text.replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

export function sign(body: Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** Delivers webhooks as Meta does: at least once, in batches, again where they were not taken. */
export class Webhooks {
  readonly posted: Posted[] = []
  delivery: Delivery
  readonly #secret: string
  readonly #random: () => number
  #url: string | null = null
  #held: Update[] = []
  #ready: Update[] = []
  #retries = new Map<NodeJS.Timeout, Parcel>()
  #delayed = new Map<NodeJS.Timeout, Update>()
  #onTheWay = 0
  #pumping = false
  #waiters: (() => void)[] = []
  readonly #stop = new AbortController()
  readonly #onPosted: () => void

  constructor(options: { secret: string; seed: number; delivery: Delivery; onPosted: () => void }) {
    this.#secret = options.secret
    this.#random = seeded(options.seed)
    this.delivery = options.delivery
    this.#onPosted = options.onPosted
  }

  get url(): string | null {
    return this.#url
  }

  /**
   * Makes sure by the handshake that whoever is there knows the token, as Meta does when somebody enters the address in its console.
   * @throws where the challenge does not come back.
   */
  async connect(url: string, verifyToken: string): Promise<void> {
    const challenge = String(1_000_000_000 + Math.floor(this.#random() * 1_000_000_000))
    const asked = new URL(url)
    asked.search = new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.challenge': challenge, 'hub.verify_token': verifyToken }).toString()
    const answer = await fetch(asked, { signal: AbortSignal.timeout(this.delivery.timeoutMs) })
    const text = await answer.text()
    if (answer.status !== 200 || text !== challenge) throw new Error(`${url} does not pass the handshake: it answers ${answer.status} ${JSON.stringify(text.slice(0, 100))} rather than the challenge.`)
    this.#url = url
    this.#pump()
  }

  /** From now on nothing is delivered; what comes about waits. */
  disconnect(): void {
    this.#url = null
  }

  add(update: Update, afterMs = 0): void {
    const { hold, repeats, delayMs: [from, to] } = this.delivery
    for (let nth = 0; nth < repeats; nth++) {
      const delay = afterMs + from + (to > from ? this.#random() * (to - from) : 0)
      if (hold) this.#held.push(update)
      else if (delay <= 0) this.#ready.push(update)
      else this.#later(update, delay)
    }
    this.#pump()
  }

  /** Lets everything out that is held or waits for its time; resolves when all of it was taken, or given up. */
  async flush(): Promise<void> {
    for (const [timer, update] of this.#delayed) {
      clearTimeout(timer)
      this.#ready.push(update)
    }
    this.#delayed.clear()
    this.#ready.push(...this.#held.splice(0))
    this.#pump()
    await this.idle()
  }

  /** Resolves when nothing is on the way or waits for its time, but for what is held. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => { this.#waiters.push(resolve) })
  }

  /** How many updates were not taken yet. */
  get waiting(): number {
    return this.#held.length + this.#ready.length + this.#delayed.size + this.#onTheWay + this.#retries.size
  }

  /**
   * Posts a body as it is, signed unless told otherwise; for what Meta would not send. `signature` null: without any.
   * Answers the HTTP status.
   */
  async postRaw(body: Uint8Array | string, { signature, headers = {}, url = this.#url }: { signature?: string | null; headers?: Record<string, string>; url?: string | null } = {}): Promise<number> {
    if (url === null) throw new Error('connect first')
    const bytes = Buffer.from(body)
    const given = signature === undefined ? sign(bytes, this.#secret) : signature
    const answer = await fetch(url, { method: 'POST', body: bytes, headers: { 'content-type': 'application/json', ...(given !== null && { 'x-hub-signature-256': given }), ...headers }, signal: this.#stop.signal })
    await answer.arrayBuffer()
    return answer.status
  }

  close(): void {
    this.#stop.abort()
    for (const timer of [...this.#delayed.keys(), ...this.#retries.keys()]) clearTimeout(timer)
    this.#delayed.clear()
    this.#retries.clear()
    this.#held = []
    this.#ready = []
    this.#wake()
  }

  #later(update: Update, ms: number): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer)
      this.#ready.push(update)
      this.#pump()
    }, ms)
    this.#delayed.set(timer, update)
  }

  /** Starts with the next turn, so that what comes about together goes out together. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      const { shuffle, batch, parallel } = this.delivery
      if (this.#url === null || this.#stop.signal.aborted) return
      if (shuffle) this.#ready = shuffled(this.#ready, this.#random)
      // In order: while something waits to come again, what is later waits too.
      const most = shuffle ? parallel : this.#retries.size > 0 ? 0 : 1
      while (this.#onTheWay < most && this.#ready.length > 0) {
        const size = shuffle ? 1 + Math.floor(this.#random() * batch) : batch
        void this.#post(this.#url, { updates: this.#ready.splice(0, size), attempt: 1 })
      }
    })
  }

  async #post(url: string, parcel: Parcel): Promise<void> {
    this.#onTheWay += 1
    const body = spell(this.#envelope(parcel.updates))
    const began = performance.now()
    let status: number | null = null
    try {
      const headers = { 'content-type': 'application/json', 'user-agent': 'facebookexternalua', 'x-hub-signature-256': sign(body, this.#secret), 'x-request-id': randomBytes(8).toString('hex') }
      const answer = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers, signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.delivery.timeoutMs)]), redirect: 'manual' })
      status = answer.status
      await answer.arrayBuffer()
    } catch {
      // No answer, or none in time: the same as one that is not 200.
    }
    this.#onTheWay -= 1
    this.posted.push({ body, updates: parcel.updates.length, attempt: parcel.attempt, status, ms: performance.now() - began })
    if (status !== 200) this.#again(parcel)
    this.#onPosted()
    this.#pump()
    this.#wake()
  }

  #again({ updates, attempt }: Parcel): void {
    const { firstMs, factor, attempts } = this.delivery.retry
    if (attempt >= attempts || this.#stop.signal.aborted) return
    const parcel = { updates, attempt: attempt + 1 }
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      if (this.#url !== null) void this.#post(this.#url, parcel)
      else this.#ready.unshift(...updates)
    }, firstMs * factor ** (attempt - 1))
    this.#retries.set(timer, parcel)
  }

  /** Updates about the same number stand together, as long as they follow each other; with `shuffle`, chance parts them too. */
  #envelope(updates: Update[]): object {
    const entries: { id: string; time: number; changes: { field: string; value: Record<string, unknown>; list: Update['list']; people: Set<string> }[] }[] = []
    for (const { wabaId, field, list, metadata, contact, item } of updates) {
      const apart = () => this.delivery.shuffle && this.#random() < 0.2
      let entry = entries.at(-1)
      if (entry?.id !== wabaId || apart()) entries.push((entry = { id: wabaId, time: Math.floor(Date.now() / 1000), changes: [] }))
      let change = entry.changes.at(-1)
      const phone = (value: object | null | undefined) => JSON.stringify(value ?? null)
      if (list === null || change?.list !== list || change.field !== field || phone(change.value.metadata as object) !== phone(metadata) || apart()) {
        const value: Record<string, unknown> = list === null ? { ...item } : { messaging_product: 'whatsapp', metadata, [list]: [] }
        entry.changes.push((change = { field, value, list, people: new Set() }))
      }
      if (list === null) continue
      ;(change.value[list] as object[]).push(item)
      const person = JSON.stringify(contact)
      if (contact === null || change.people.has(person)) continue
      change.people.add(person)
      ;((change.value.contacts ??= []) as object[]).push(contact)
    }
    return { object: 'whatsapp_business_account', entry: entries.map((entry) => ({ ...entry, changes: entry.changes.map(({ field, value }) => ({ value, field })) })) }
  }

  #isIdle(): boolean {
    return this.#onTheWay === 0 && this.#delayed.size === 0 && this.#retries.size === 0 && (this.#ready.length === 0 || this.#url === null || this.#stop.signal.aborted)
  }

  #wake(): void {
    if (!this.#isIdle() && !this.#stop.signal.aborted) return
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
