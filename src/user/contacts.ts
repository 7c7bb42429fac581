import { inOrderOf } from '../base/loaders.ts'
import type { MaybePromise } from '../base/loaders.ts'
import type { Ctx } from '../ctx.ts'
import { findContacts, findContactsBy, insertContact, updateContact } from './contact-store.ts'
import type { ContactRow } from './contact-store.ts'
import { loadUser } from './domain.ts'
import type { User } from './domain.ts'

export type Contact = ContactRow
/** Whoever acts in a chat: a user, or a person outside. */
export type Actor = User | Contact

export const isContact = (actor: Actor): actor is Contact => 'whatsappUserId' in actor

/** A person outside, whoever asks. */
export function loadContact(ctx: Ctx, id: number): Promise<Contact | null> {
  return ctx.loaders.get<number, Contact | null>('contact', async (ids) => inOrderOf(ids, await findContacts(ctx.db, ids), (row) => row.id)).load(id)
}

/** A user or a person outside, by the id that they share; null where there is neither. */
export function loadActor(ctx: Ctx, id: number): MaybePromise<Actor | null> {
  const user = loadUser(ctx, id)
  return user instanceof Promise ? user.then((found): MaybePromise<Actor | null> => found ?? loadContact(ctx, id)) : (user ?? loadContact(ctx, id))
}

/** How a channel knows somebody. */
export interface Identity {
  scope: string
  /** Digits, with country code; null: hidden or not told. */
  phone: string | null
  whatsappUserId: string | null
  /** What they call themselves there; null: not told. */
  name: string | null
}

/**
 * The contact whom the channel knows so, made where there is none; what is new about them is kept. `renamed`: their name is another now.
 * Where the number belongs to one contact and the id to another, the one with the id counts, and takes the number over: ids stay with people.
 */
export async function ensureContact(tx: Ctx, { scope, phone, whatsappUserId, name }: Identity, named = false): Promise<{ contact: Contact; renamed: boolean }> {
  const found = await findContactsBy(tx.db, { scope, phone, whatsappUserId })
  const known = found.find((row) => whatsappUserId !== null && row.whatsappUserId === whatsappUserId) ?? found.find((row) => row.whatsappUserId === null || whatsappUserId === null)
  // A number that goes on with somebody else: its former owner keeps what was said, and is known by the id.
  for (const other of found) if (other.id !== known?.id && other.phone === phone) await updateContact(tx.db, other.id, { phone: null })
  if (known === undefined) {
    const made = await insertContact(tx.db, { scope, phone, whatsappUserId, displayName: nameOf(name, phone), named })
    // Somebody else made them just now, and has committed by the time that the insert answers.
    return made === null ? ensureContact(tx, { scope, phone, whatsappUserId, name }, named) : { contact: made, renamed: false }
  }
  const displayName = (known.named && !named) || name === null ? known.displayName : nameOf(name, phone)
  const changed = { phone: phone ?? known.phone, whatsappUserId: whatsappUserId ?? known.whatsappUserId, displayName, named: known.named || (named && name !== null) }
  const renamed = displayName !== known.displayName
  if (renamed || changed.phone !== known.phone || changed.whatsappUserId !== known.whatsappUserId || changed.named !== known.named) await updateContact(tx.db, known.id, changed)
  return { contact: { ...known, ...changed }, renamed }
}

/** A person who goes on under another number or id; where somebody else is known by it, they lose it. */
export async function moveContact(tx: Ctx, contact: Contact, to: Pick<Identity, 'phone' | 'whatsappUserId'>): Promise<void> {
  const others = (await findContactsBy(tx.db, { scope: contact.scope, ...to })).filter(({ id }) => id !== contact.id)
  for (const other of others) {
    await updateContact(tx.db, other.id, {
      ...(to.phone !== null && other.phone === to.phone ? { phone: null } : {}),
      ...(to.whatsappUserId !== null && other.whatsappUserId === to.whatsappUserId ? { whatsappUserId: null } : {}),
    })
  }
  await updateContact(tx.db, contact.id, { ...(to.phone === null ? {} : { phone: to.phone }), ...(to.whatsappUserId === null ? {} : { whatsappUserId: to.whatsappUserId }) })
}

/** Something to call them by, of a length that fits. */
function nameOf(name: string | null, phone: string | null): string {
  const given = name?.replace(/\p{Cc}/gu, ' ').trim() ?? ''
  return [...given].slice(0, 80).join('') || (phone === null ? 'WhatsApp customer' : `+${phone}`)
}
