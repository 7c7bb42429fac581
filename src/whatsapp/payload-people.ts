import { z } from 'zod'
import { filledOrNull, idOrNull, phoneOrNull } from './payload-fields.ts'
import type { Person } from './payload-items.ts'

const Profile = z.object({ name: filledOrNull, username: filledOrNull }).nullable().catch(null)

/** One of the contacts of a change. */
export const Contact = z
  .object({ profile: Profile, wa_id: phoneOrNull, user_id: idOrNull, parent_user_id: idOrNull })
  .transform(({ profile, wa_id, user_id, parent_user_id }): Person => ({ phone: wa_id, userId: user_id, parentUserId: parent_user_id, name: profile?.name ?? null, username: profile?.username ?? null }))

/** What a message or status says of somebody, with what the list beside it knows of the same person. */
export function complete(said: Pick<Person, 'phone' | 'userId' | 'parentUserId'>, people: Person[]): Person {
  const nameless = said.phone === null && said.userId === null
  const [first] = people
  const known = nameless
    ? people.length === 1 ? first : undefined
    : people.find(({ phone, userId }) => (said.userId !== null && userId === said.userId) || (said.phone !== null && phone === said.phone))
  return {
    phone: said.phone ?? known?.phone ?? null,
    userId: said.userId ?? known?.userId ?? null,
    parentUserId: said.parentUserId ?? known?.parentUserId ?? null,
    name: known?.name ?? null,
    username: known?.username ?? null,
  }
}
