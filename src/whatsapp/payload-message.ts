import { z } from 'zod'
import { readContent } from './payload-content.ts'
import { filledOrNull, flag, id, idOrNull, instantOrNull, isRecord, phoneOrNull, read } from './payload-fields.ts'
import { keyOf, source, unknown } from './payload-items.ts'
import type { Item, Person, Place } from './payload-items.ts'
import { complete } from './payload-people.ts'

const Context = z.object({ id: idOrNull, from: filledOrNull, forwarded: flag, frequently_forwarded: flag }).nullable().catch(null)

const Referral = z
  .object({ source_url: filledOrNull, headline: filledOrNull, body: filledOrNull })
  .transform(({ source_url, headline, body }) => ({ url: source_url, headline, body }))
  .nullable()
  .catch(null)

const Message = z.object({
  id,
  type: id,
  from: phoneOrNull,
  from_user_id: idOrNull,
  from_parent_user_id: idOrNull,
  to: phoneOrNull,
  to_user_id: idOrNull,
  to_parent_user_id: idOrNull,
  timestamp: instantOrNull,
  group_id: idOrNull,
  context: Context,
  referral: Referral,
})

/** Reads one of the messages of a change; `people` is its list of contacts. */
export function readMessage(kind: 'MESSAGE' | 'ECHO', raw: unknown, place: Place, people: Person[]): Item {
  const message = read(Message, raw)
  if (message === null || !isRecord(raw)) return unknown(place, raw, 'A message has no id or no type.')
  const { context } = message
  const said =
    kind === 'MESSAGE'
      ? { phone: message.from, userId: message.from_user_id, parentUserId: message.from_parent_user_id }
      : { phone: message.to, userId: message.to_user_id, parentUserId: message.to_parent_user_id }
  const person = complete(said, people)
  if (person.phone === null && person.userId === null) return unknown(place, raw, 'Nobody knows whose message it is.')
  return {
    ...source(place, raw, keyOf('message', message.type, message.id), message.timestamp),
    kind,
    id: message.id,
    person,
    groupId: message.group_id,
    content: readContent(raw),
    replyTo: context?.id ? { id: context.id, from: context.from } : null,
    forwarded: context !== null && (context.forwarded || context.frequently_forwarded),
    frequentlyForwarded: context?.frequently_forwarded ?? false,
    referral: message.referral,
  }
}
