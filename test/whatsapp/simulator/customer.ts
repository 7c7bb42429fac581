import { sha256Base64 } from './media.ts'
import type { MediaFile } from './media.ts'
import type { Simulator } from './simulator.ts'
import type { Accepted } from './types.ts'

export interface Profile {
  /** Digits, with country code. */
  phone: string
  name: string
  /** The id that WhatsApp gives them towards this business (BSUID). */
  userId: string
  username: string | null
  /** Who takes a username may hide the number: then webhooks tell the user id alone. */
  hidesPhone: boolean
}

/** What every deed may say besides. */
export interface Aside {
  /** The message that it answers. */
  replyTo?: string
  forwarded?: boolean
  /** When, by WhatsApp's clock, in milliseconds; now unless given. */
  at?: number
  /** To which of the business's numbers; the first unless given. */
  phoneNumberId?: string
  /** More members of the message, such as `referral`. */
  more?: object
}

export interface SentFile {
  bytes: Uint8Array
  mimeType: string
  caption?: string
  filename?: string
  voice?: boolean
  animated?: boolean
  /** Whether the webhook tells the address of the file at once, as newer ones do; true unless given. */
  withUrl?: boolean
}

/** What the app of a customer does with what arrives. */
export interface Habits {
  /** False: the phone is off; messages stay at `sent` until `comesBack`. */
  online: boolean
  /** Reads what arrives, and tells. */
  reads: boolean
  /** Answers it: by a text, or by what this says; null: not. */
  answers: string | ((message: Accepted) => string | null) | null
}

/** Somebody who writes to the business, and gets its answers. Each deed answers the id of the message by which it is told. */
export class Customer {
  readonly profile: Profile
  habits: Habits = { online: true, reads: false, answers: null }
  /** What the business sent them and they have, the oldest first. */
  readonly inbox: Accepted[] = []
  readonly #simulator: Simulator
  readonly #unseen: Accepted[] = []

  constructor(simulator: Simulator, profile: Profile) {
    this.#simulator = simulator
    this.profile = profile
  }

  writes(text: string, aside: Aside = {}): string {
    return this.does({ type: 'text', text: { body: text } }, aside)
  }

  /** Sends a file: what WhatsApp makes of it goes by `kind`. */
  sends(kind: 'image' | 'video' | 'audio' | 'document' | 'sticker', { bytes, mimeType, caption, filename, voice, animated, withUrl = true }: SentFile, aside: Aside = {}): string {
    const phoneNumberId = aside.phoneNumberId ?? this.#simulator.phoneNumberId
    const file: MediaFile = this.#simulator.media.keep({ bytes: Buffer.from(bytes), mimeType, filename: filename ?? null, phoneNumberId, from: 'customer' })
    const part = {
      ...(caption !== undefined && { caption }),
      ...(kind === 'document' && { filename: filename ?? 'file' }),
      mime_type: mimeType,
      sha256: sha256Base64(file.bytes),
      id: file.id,
      ...(withUrl && { url: this.#simulator.media.address(file, this.#simulator.url) }),
      ...(kind === 'audio' && { voice: voice ?? true }),
      ...(kind === 'sticker' && { animated: animated ?? false }),
    }
    return this.does({ type: kind, [kind]: part }, aside)
  }

  sharesPlace(place: { latitude: number; longitude: number; name?: string; address?: string; url?: string }, aside: Aside = {}): string {
    return this.does({ type: 'location', location: place }, aside)
  }

  sharesContacts(contacts: { name: string; phone: string; waId?: string }[], aside: Aside = {}): string {
    const cards = contacts.map(({ name, phone, waId }) => ({ name: { formatted_name: name, first_name: name.split(' ')[0] }, phones: [{ phone, ...(waId !== undefined && { wa_id: waId }), type: 'CELL' }] }))
    return this.does({ type: 'contacts', contacts: cards }, aside)
  }

  reacts(messageId: string, emoji: string, aside: Aside = {}): string {
    return this.does({ type: 'reaction', reaction: { message_id: messageId, emoji } }, aside)
  }

  /** Some apps send an empty emoji, some leave it out: `how` says which. */
  takesReactionBack(messageId: string, how: 'empty' | 'missing' = 'empty', aside: Aside = {}): string {
    return this.does({ type: 'reaction', reaction: { message_id: messageId, ...(how === 'empty' && { emoji: '' }) } }, aside)
  }

  /** A reply button of an interactive message. */
  taps(messageId: string, button: { id: string; title: string }, aside: Aside = {}): string {
    return this.does({ type: 'interactive', interactive: { type: 'button_reply', button_reply: button } }, { replyTo: messageId, ...aside })
  }

  /** A row of a list. */
  picks(messageId: string, row: { id: string; title: string; description?: string }, aside: Aside = {}): string {
    return this.does({ type: 'interactive', interactive: { type: 'list_reply', list_reply: row } }, { replyTo: messageId, ...aside })
  }

  /** A quick reply of a template. */
  tapsQuickReply(messageId: string, button: { payload: string; text: string }, aside: Aside = {}): string {
    return this.does({ type: 'button', button }, { replyTo: messageId, ...aside })
  }

  edits(messageId: string, text: string, aside: Aside = {}): string {
    return this.does({ type: 'edit', edit: { original_message_id: messageId, message: { type: 'text', text: { body: text } } } }, aside)
  }

  revokes(messageId: string, aside: Aside = {}): string {
    return this.does({ type: 'revoke', revoke: { original_message_id: messageId } }, aside)
  }

  changesNumber(phone: string, aside: Aside = {}): string {
    const body = `User ${this.profile.name} changed from ${this.profile.phone} to ${phone}`
    const id = this.does({ type: 'system', system: { body, wa_id: phone, user_id: this.profile.userId, type: 'user_changed_number' } }, aside)
    this.#simulator.rename(this, { phone })
    return id
  }

  changesUserId(userId: string, aside: Aside = {}): string {
    const system = { body: `User ${this.profile.name} changed their user id`, user_id: userId, ...(!this.profile.hidesPhone && { wa_id: this.profile.phone }), type: 'user_changed_user_id' }
    const id = this.does({ type: 'system', system }, aside)
    this.#simulator.rename(this, { userId })
    return id
  }

  changesPhone(aside: Aside = {}): string {
    return this.does({ type: 'system', system: { body: `${this.profile.name} has a new phone`, user_id: this.profile.userId, wa_id: this.profile.phone, type: 'customer_identity_changed' } }, aside)
  }

  /** Something that the API does not carry, such as a poll. */
  sendsUnsupported(type = 'poll', aside: Aside = {}): string {
    const error = { code: 131051, title: 'Message type unknown', message: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }
    return this.does({ type: 'unsupported', unsupported: { type }, errors: [error] }, aside)
  }

  /** Any message, as its own members say; who, when and which id are added unless they are there. */
  does(said: object, aside: Aside = {}): string {
    return this.#simulator.receive(this, said, aside)
  }

  /** Reads this message, or all that there is to read. */
  reads(messageId?: string): void {
    for (const message of this.inbox) {
      if (messageId !== undefined && message.id !== messageId) continue
      if (!message.statuses.includes('read')) this.#simulator.tell(message, 'read')
    }
  }

  /** Listens to a voice message. */
  plays(messageId: string): void {
    const message = this.inbox.find(({ id }) => id === messageId)
    if (message !== undefined) this.#simulator.tell(message, 'played')
  }

  goesAway(): void {
    this.habits = { ...this.habits, online: false }
  }

  /** Gets what came while away. */
  comesBack(): void {
    this.habits = { ...this.habits, online: true }
    for (const message of this.#unseen.splice(0)) this.gets(message)
  }

  /** A message is at their phone; the simulator calls this. */
  gets(message: Accepted, tells = true): void {
    if (!this.habits.online) {
      this.#unseen.push(message)
      return
    }
    this.inbox.push(message)
    const { reads, answers } = this.habits
    if (tells && message.type !== 'reaction') {
      this.#simulator.tell(message, 'delivered')
      if (reads) this.#simulator.tell(message, 'read')
    }
    const answer = typeof answers === 'function' ? answers(message) : answers
    if (answer !== null && message.type !== 'reaction') this.writes(answer)
  }
}
