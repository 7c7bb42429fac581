import { and, eq, or, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { contacts } from './table.ts'

export type ContactRow = typeof contacts.$inferSelect

export function findContacts(db: Db, ids: readonly number[]): Promise<ContactRow[]> {
  return db
    .select()
    .from(contacts)
    .where(sql`${contacts.id} = any (${idList(ids)})`)
}

/** Those who have this number, or this id of the channel's: two where one person is known by each of them apart. */
export function findContactsBy(db: Db, { scope, phone, whatsappUserId }: { scope: string; phone: string | null; whatsappUserId: string | null }): Promise<ContactRow[]> {
  const fits = [...(phone === null ? [] : [eq(contacts.phone, phone)]), ...(whatsappUserId === null ? [] : [eq(contacts.whatsappUserId, whatsappUserId)])]
  return fits.length === 0 ? Promise.resolve([]) : db.select().from(contacts).where(and(eq(contacts.scope, scope), or(...fits))).orderBy(contacts.id)
}

/** Null where somebody with this number or id came into being just now. */
export async function insertContact(db: Db, values: typeof contacts.$inferInsert): Promise<ContactRow | null> {
  const [row] = await db.insert(contacts).values(values).onConflictDoNothing().returning()
  return row ?? null
}

export async function updateContact(db: Db, id: number, values: Partial<typeof contacts.$inferInsert>): Promise<void> {
  await db.update(contacts).set(values).where(eq(contacts.id, id))
}
