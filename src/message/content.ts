import { InvalidInput } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { MAX_TEXT_LENGTH, isUuid, textFault } from '../base/text.ts'
import type { Ctx } from '../ctx.ts'
import type { SendItem } from '../db/sends.ts'
import { MESSAGE_KINDS } from './domain.ts'
import type { Location, MessageKey } from './domain.ts'

export interface SendInput {
  chatId?: number | null
  recipientId?: number | null
  clientId: string
  text?: string | null
  /** Uploads of the sender, in the order in which they are shown. */
  attachmentIds?: readonly number[] | null
  replyTo?: MessageKey | null
  /** Any message that the sender may see: what it says goes along. */
  forwardOf?: MessageKey | null
  /** Of a template: its name, language and values. */
  template?: readonly string[]
  location?: { latitude: number; longitude: number; name?: string | null; address?: string | null } | null
}

/** A message has at most so many files. */
export const MAX_ATTACHMENTS = 20

/** What a message will say. */
export type Content = Pick<SendItem, 'kind' | 'body' | 'forwarded'> & { location: Location | null }

/** What a message will have besides, which takes a transaction: these uploads of the sender, or the files of another message. */
export type Files = { ids: readonly number[] } | { of: MessageKey } | null

/** What an input says by itself. */
export function contentOf({ text, location }: SendInput): Content {
  if (location == null) return { kind: MESSAGE_KINDS.indexOf('TEXT'), body: text ?? null, location: null, forwarded: false }
  const { latitude, longitude, name = null, address = null } = location
  return { kind: MESSAGE_KINDS.indexOf('LOCATION'), body: text ?? null, location: { latitude, longitude, name, address }, forwarded: false }
}

/**
 * A keyed hash of the input as it was sent, not of what it copies. What came later to the input stands only where it is given, behind the rest:
 * so what was sent before it came is known again.
 */
export function hashOf(ctx: Ctx, chatId: number, { text, replyTo, forwardOf, location, attachmentIds, template }: SendInput): Buffer {
  const kind = MESSAGE_KINDS.indexOf(location == null ? 'TEXT' : 'LOCATION')
  const later = {
    ...(location == null ? {} : { location: [location.latitude, location.longitude, location.name ?? null, location.address ?? null] }),
    ...(forwardOf == null ? {} : { forwardOf }),
    ...(hasFiles({ attachmentIds }) ? { attachmentIds } : {}),
    ...(template === undefined ? {} : { template }),
  }
  const parts = ['message', chatId, kind, text ?? null, replyTo?.[1] ?? null, ...(Object.keys(later).length === 0 ? [] : [later])]
  return ctx.secrets.hmac('client-hash', JSON.stringify(parts))
}

/** Whether an input brings files of its own. */
export function hasFiles({ attachmentIds }: Pick<SendInput, 'attachmentIds'>): boolean {
  return attachmentIds != null && attachmentIds.length > 0
}

/** What is wrong with an input, whoever sends it. */
export function sendFaults(input: SendInput): AppError[] {
  const faults: AppError[] = []
  if ((input.chatId == null) === (input.recipientId == null)) faults.push(new InvalidInput('Give exactly one of chatId and recipientId.', ['chatId']))
  if (!isUuid(input.clientId)) faults.push(new InvalidInput('clientId must be a UUID.', ['clientId']))
  if (input.forwardOf != null) {
    for (const field of ['text', 'location', 'attachmentIds'] as const) {
      if (input[field] != null) faults.push(new InvalidInput(`${field} must be left out: what is forwarded brings its own.`, [field]))
    }
    return faults
  }
  if (hasFiles(input)) faults.push(...fileFaults(input))
  const text = input.text == null && (input.location != null || hasFiles(input)) ? null : textFault(input.text ?? '', { min: 1, max: MAX_TEXT_LENGTH })
  if (text !== null) faults.push(new InvalidInput(`text ${text}.`, ['text']))
  return input.location == null ? faults : [...faults, ...locationFaults(input.location)]
}

function fileFaults({ attachmentIds, location }: SendInput): AppError[] {
  const ids = attachmentIds ?? []
  const faults: AppError[] = []
  if (location != null) faults.push(new InvalidInput('attachmentIds must be left out: a place has no files.', ['attachmentIds']))
  if (ids.length > MAX_ATTACHMENTS) faults.push(new InvalidInput(`attachmentIds must be at most ${MAX_ATTACHMENTS}.`, ['attachmentIds']))
  else if (new Set(ids).size < ids.length) faults.push(new InvalidInput('attachmentIds must not name one file twice.', ['attachmentIds']))
  return faults
}

function locationFaults(location: NonNullable<SendInput['location']>): AppError[] {
  const faults: AppError[] = []
  for (const [field, most] of [['latitude', 90], ['longitude', 180]] as const) {
    // Written so that NaN is a fault as well.
    if (!(Math.abs(location[field]) <= most)) faults.push(new InvalidInput(`location.${field} must be from -${most} to ${most}.`, ['location', field]))
  }
  for (const field of ['name', 'address'] as const) {
    const fault = location[field] == null ? null : textFault(location[field], { min: 0, max: 200 })
    if (fault !== null) faults.push(new InvalidInput(`location.${field} ${fault}.`, ['location', field]))
  }
  return faults
}
