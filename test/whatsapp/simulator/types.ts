import type { Limits } from './limits.ts'
import type { SendRequest } from './messages.ts'
import type { Template } from './templates.ts'
import type { Delivery } from './webhooks.ts'

export type Told = 'sent' | 'delivered' | 'read' | 'played' | 'failed'

export interface PhoneNumber {
  id: string
  /** As people write it. */
  display: string
  /** The name of the business. */
  name: string
}

/** How the simulator is set; each has a default. */
export interface SimulatorOptions {
  /** 0: any free port. */
  port?: number
  host?: string
  accessToken?: string
  appSecret?: string
  verifyToken?: string
  wabaId?: string
  phoneNumbers?: PhoneNumber[]
  templates?: (Partial<Template> & Pick<Template, 'name'>)[]
  /** All chance follows from it. */
  seed?: number
  delivery?: Partial<Delivery>
  /** Null: none. */
  limits?: Limits | null
  /** Milliseconds from one status of a message to the next. */
  statusEveryMs?: number
  /** What goes out more than 24 hours after the customer's last message, and is no template, fails: by a status, as Meta mostly does, or at once. `off`: it does not fail. */
  window?: 'status' | 'answer' | 'off'
}

/** A message that the simulator took, as Meta would: 200 does not mean that it was delivered. */
export interface Accepted {
  /** The wamid. */
  id: string
  phoneNumberId: string
  /** Digits of the number it went to; null where it went to a user id. */
  to: string | null
  userId: string
  type: SendRequest['type']
  /** What stood under the name of the type. */
  part: Record<string, unknown>
  /** What the customer sees of it, in words. */
  text: string
  replyTo: string | null
  callbackData: string | null
  /** By the simulator's clock, in milliseconds. */
  at: number
  /** Told so far, in order. */
  statuses: Told[]
  /** Whether the sender got an answer in Meta's shape. */
  answered: boolean
}

/** A request that was refused. */
export interface Refused {
  method: string
  path: string
  code: number
  message: string
  body: string
}
