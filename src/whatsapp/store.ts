import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm'
import { idList } from '../db/columns.ts'
import type { Db } from '../db/index.ts'
import { media, outsideChats, providerMessages, sends, templateUses, templates, uploads } from './table.ts'

export type OutsideChatRow = typeof outsideChats.$inferSelect
export type ProviderMessageRow = typeof providerMessages.$inferSelect
export type SendRow = typeof sends.$inferSelect
export type MediaRow = typeof media.$inferSelect
export type TemplateRow = typeof templates.$inferSelect
export type TemplateUseRow = typeof templateUses.$inferSelect
type MessageKey = readonly [chatId: number, number: number]

// ------------------------------------------------------------------ chats

export function findOutsideChats(db: Db, chatIds: readonly number[]): Promise<OutsideChatRow[]> {
  return db.select().from(outsideChats).where(sql`${outsideChats.chatId} = any (${idList(chatIds)})`)
}

export async function findOutsideChat(db: Db, contactId: number, phoneNumberId: string): Promise<OutsideChatRow | null> {
  const [row] = await db
    .select()
    .from(outsideChats)
    .where(and(eq(outsideChats.contactId, contactId), eq(outsideChats.phoneNumberId, phoneNumberId)))
  return row ?? null
}

export function findChatsOfContact(db: Db, contactId: number): Promise<OutsideChatRow[]> {
  return db.select().from(outsideChats).where(eq(outsideChats.contactId, contactId)).orderBy(outsideChats.chatId)
}

/** @throws where somebody else made the chat of this contact and number just now. */
export async function insertOutsideChat(db: Db, values: typeof outsideChats.$inferInsert): Promise<void> {
  await db.insert(outsideChats).values(values)
}

/** Two who make the chat of one contact at once: the second waits, and then finds it. */
export async function lockContact(db: Db, contactId: number): Promise<void> {
  await db.execute(sql`select id from contact where id = ${contactId} for update`)
}

/** The newest message of the customer's up to this number, and whether Meta heard of it; null where there is none to tell of. */
export async function findToTellRead(db: Db, chatId: number, upTo: number): Promise<{ wamid: string; number: number } | null> {
  const [row] = await db
    .select({ wamid: providerMessages.wamid, number: providerMessages.number })
    .from(providerMessages)
    .innerJoin(outsideChats, eq(outsideChats.chatId, providerMessages.chatId))
    .where(and(eq(providerMessages.chatId, chatId), eq(providerMessages.attempt, 0), sql`${providerMessages.number} <= ${upTo}`, sql`${providerMessages.number} > ${outsideChats.readTold}`))
    .orderBy(desc(providerMessages.number))
    .limit(1)
  return row ?? null
}

export async function setReadTold(db: Db, chatId: number, number: number): Promise<void> {
  await db.update(outsideChats).set({ readTold: sql`greatest(${outsideChats.readTold}, ${number})` }).where(eq(outsideChats.chatId, chatId))
}

/** The newest message of the customer's, as WhatsApp names it. */
export async function findNewestOfCustomer(db: Db, chatId: number): Promise<string | null> {
  const [row] = await db
    .select({ wamid: providerMessages.wamid })
    .from(providerMessages)
    .where(and(eq(providerMessages.chatId, chatId), eq(providerMessages.attempt, 0)))
    .orderBy(desc(providerMessages.number))
    .limit(1)
  return row?.wamid ?? null
}

// ------------------------------------------------------------------ messages

export async function findByWamid(db: Db, wamid: string): Promise<ProviderMessageRow | null> {
  const [row] = await db.select().from(providerMessages).where(eq(providerMessages.wamid, wamid))
  return row ?? null
}

/** These messages as WhatsApp knows them, by their parts; of one that was sent several times, the newest attempt first. */
export function findProviderMessages(db: Db, keys: readonly MessageKey[]): Promise<ProviderMessageRow[]> {
  return db
    .select()
    .from(providerMessages)
    .where(sql`(${providerMessages.chatId}, ${providerMessages.number}) in (select * from unnest(${idList(keys.map(([id]) => id))}, ${idList(keys.map(([, number]) => number))}))`)
    .orderBy(asc(providerMessages.part), desc(providerMessages.attempt))
}

/** False where WhatsApp's name for it is known already. */
export async function insertProviderMessage(db: Db, values: typeof providerMessages.$inferInsert): Promise<boolean> {
  const rows = await db.insert(providerMessages).values(values).onConflictDoNothing().returning({ wamid: providerMessages.wamid })
  return rows.length > 0
}

/** Notes a change of a message by WhatsApp's time; false where a newer one was applied. */
export async function noteChange(db: Db, wamid: string, { at, revoked }: { at: Date | null; revoked: boolean }): Promise<boolean> {
  const moment = at?.toISOString() ?? null
  const rows = await db.execute(sql`
    update whatsapp_message set changed_at = coalesce(${moment}::timestamptz, changed_at), revoked = revoked or ${revoked}
    where wamid = ${wamid} and (${revoked} or ${moment}::timestamptz is null or changed_at is null or changed_at <= ${moment}::timestamptz) returning wamid`)
  return rows.length > 0
}

export async function findRevoked(db: Db, wamids: readonly string[]): Promise<string[]> {
  if (wamids.length === 0) return []
  const rows = await db.select({ wamid: providerMessages.wamid }).from(providerMessages).where(and(inArray(providerMessages.wamid, [...wamids]), eq(providerMessages.revoked, true)))
  return rows.map(({ wamid }) => wamid)
}

// ------------------------------------------------------------------ what is sent

/** Queues what an event asks for; the same event again asks for nothing more. */
export async function insertSend(db: Db, values: Pick<SendRow, 'chatId' | 'seq' | 'kind' | 'number'> & { attempt?: number; part?: number }): Promise<void> {
  await db.insert(sends).values(values).onConflictDoNothing()
}

/** The first that waits in each chat, where nothing of it is under way; but for chats by these numbers, which would only stand before the others. */
export async function findNextSends(db: Db, limit: number, exceptNumbers: readonly string[]): Promise<SendRow[]> {
  const rows = await db.execute<{ id: number }>(sql`
    select first.id from (
      select distinct on (chat_id) chat_id, id, state, next_at from whatsapp_send where state in ('QUEUED', 'CALLING') order by chat_id, id
    ) as first join whatsapp_chat c on c.chat_id = first.chat_id
    where first.state = 'QUEUED' and first.next_at <= clock_timestamp()
      and c.phone_number_id not in (select jsonb_array_elements_text(${JSON.stringify(exceptNumbers)}::jsonb))
    order by first.next_at limit ${limit}`)
  if (rows.length === 0) return []
  return db.select().from(sends).where(sql`${sends.id} = any (${idList(rows.map(({ id }) => Number(id)))})`).orderBy(asc(sends.id))
}

/** Takes one that waits, before Meta is asked: whatever happens then, it is never asked again without knowing. Null where somebody else did. */
export async function claimSend(db: Db, id: number): Promise<SendRow | null> {
  const [row] = await db
    .update(sends)
    .set({ state: 'CALLING', calledAt: sql`clock_timestamp()`, tries: sql`${sends.tries} + 1` })
    .where(and(eq(sends.id, id), eq(sends.state, 'QUEUED')))
    .returning()
  return row ?? null
}

/** Those that a server was asking Meta for when it died: nobody knows what became of them. */
export async function loseCalls(db: Db): Promise<number> {
  const rows = await db.update(sends).set({ state: 'UNKNOWN' }).where(eq(sends.state, 'CALLING')).returning({ id: sends.id })
  return rows.length
}

export async function updateSend(db: Db, id: number, values: Partial<Omit<SendRow, 'id' | 'status' | 'nextAt'>> & { waitSeconds?: number }): Promise<void> {
  const { waitSeconds, ...rest } = values
  await db
    .update(sends)
    .set({ ...rest, ...(waitSeconds === undefined ? {} : { nextAt: sql`clock_timestamp() + make_interval(secs => ${waitSeconds})` }) })
    .where(eq(sends.id, id))
}

/** How far an attempt came: only ever further. What Meta calls it is kept, and that it has an outcome. Answers whether it moved. */
export async function advanceSend(db: Db, id: number, { status, wamid, failure }: { status: number; wamid: string | null; failure: SendRow['failure'] }): Promise<void> {
  await db.execute(sql`
    update whatsapp_send set
      failure = case when ${status} > status then ${failure === null ? null : JSON.stringify(failure)}::jsonb else failure end,
      status = greatest(status, ${status}::smallint), wamid = coalesce(wamid, ${wamid}), state = case when state = 'QUEUED' then state else 'DONE' end
    where id = ${id}`)
}

/** All attempts to send a message, part by part, the first one first. */
export function findAttempts(db: Db, [chatId, number]: MessageKey): Promise<SendRow[]> {
  return db
    .select()
    .from(sends)
    .where(and(eq(sends.chatId, chatId), eq(sends.number, number), eq(sends.kind, 'MESSAGE')))
    .orderBy(asc(sends.part), asc(sends.attempt))
}

/** Attempts of which nobody knows since so long what became of them. */
export function findLost(db: Db, olderThanMs: number): Promise<SendRow[]> {
  return db
    .select()
    .from(sends)
    .where(and(eq(sends.state, 'UNKNOWN'), sql`${sends.calledAt} < clock_timestamp() - make_interval(secs => ${olderThanMs / 1000})`))
    .limit(100)
}

// ------------------------------------------------------------------ files

/** Meta keeps what is uploaded for 30 days. */
const UPLOAD_DAYS = 29

export async function insertMedia(db: Db, values: Pick<MediaRow, 'attachmentId' | 'mediaId' | 'phoneNumberId' | 'sha256'>): Promise<void> {
  await db.insert(media).values(values)
}

/** Some of the files that are to be fetched now. */
export function findDueMedia(db: Db, limit: number): Promise<MediaRow[]> {
  return db
    .select()
    .from(media)
    .where(sql`${media.nextAt} <= clock_timestamp()`)
    .orderBy(media.nextAt)
    .limit(limit)
}

/** The file is tried again after so long; `counts`: this was an attempt that failed. */
export async function putOffMedia(db: Db, attachmentId: number, { seconds, counts }: { seconds: number; counts: boolean }): Promise<void> {
  await db
    .update(media)
    .set({ nextAt: sql`clock_timestamp() + make_interval(secs => ${seconds})`, ...(counts && { attempts: sql`${media.attempts} + 1` }) })
    .where(eq(media.attachmentId, attachmentId))
}

export async function deleteMedia(db: Db, attachmentId: number): Promise<void> {
  await db.delete(media).where(eq(media.attachmentId, attachmentId))
}

/** Meta's id of a file of ours; null where it was not uploaded for this number, or too long ago. */
export async function findUpload(db: Db, attachmentId: number, phoneNumberId: string): Promise<string | null> {
  const [row] = await db
    .select({ mediaId: uploads.mediaId })
    .from(uploads)
    .where(and(eq(uploads.attachmentId, attachmentId), eq(uploads.phoneNumberId, phoneNumberId), sql`${uploads.at} > now() - make_interval(days => ${UPLOAD_DAYS})`))
  return row?.mediaId ?? null
}

export async function keepUpload(db: Db, values: { attachmentId: number; phoneNumberId: string; mediaId: string }): Promise<void> {
  await db
    .insert(uploads)
    .values(values)
    .onConflictDoUpdate({ target: [uploads.attachmentId, uploads.phoneNumberId], set: { mediaId: values.mediaId, at: sql`clock_timestamp()` } })
}

export async function forgetUploads(db: Db, attachmentIds: readonly number[]): Promise<void> {
  await db.delete(uploads).where(sql`${uploads.attachmentId} = any (${idList(attachmentIds)})`)
}

/** Forgets what Meta does not keep any more. */
export async function forgetOldUploads(db: Db): Promise<void> {
  await db.delete(uploads).where(sql`${uploads.at} < now() - make_interval(days => ${UPLOAD_DAYS})`)
}

// ------------------------------------------------------------------ templates

/** Takes the present list of Meta's; what is not in it is gone. */
export async function replaceTemplates(db: Db, list: readonly Omit<typeof templates.$inferInsert, 'id'>[]): Promise<void> {
  for (const template of list) {
    const { category, status, body, parameterCount } = template
    await db
      .insert(templates)
      .values(template)
      .onConflictDoUpdate({ target: [templates.name, templates.language], set: { category, status, body, parameterCount, listedAt: sql`now()` } })
  }
  await db.delete(templates).where(sql`(${templates.name}, ${templates.language}) not in (select t ->> 0, t ->> 1 from jsonb_array_elements(${JSON.stringify(list.map(({ name, language }) => [name, language]))}::jsonb) t)`)
}

export async function setTemplateStatus(db: Db, name: string, language: string, status: string): Promise<void> {
  await db.update(templates).set({ status }).where(and(eq(templates.name, name), eq(templates.language, language)))
}

export async function findTemplate(db: Db, name: string, language: string): Promise<TemplateRow | null> {
  const [row] = await db.select().from(templates).where(and(eq(templates.name, name), eq(templates.language, language)))
  return row ?? null
}

export async function findTemplateById(db: Db, id: number): Promise<TemplateRow | null> {
  const [row] = await db.select().from(templates).where(eq(templates.id, id))
  return row ?? null
}

export function findTemplates(db: Db, { after, backward, limit }: { after: readonly [string, string] | null; backward: boolean; limit: number }): Promise<TemplateRow[]> {
  const key = sql`(${templates.name}, ${templates.language})`
  const bound = after === null ? null : sql`(${after[0]}::text, ${after[1]}::text)`
  const order = backward ? desc : asc
  return db
    .select()
    .from(templates)
    .where(bound === null ? undefined : backward ? sql`${key} < ${bound}` : sql`${key} > ${bound}`)
    .orderBy(order(templates.name), order(templates.language))
    .limit(limit)
}

export async function insertTemplateUse(db: Db, values: TemplateUseRow): Promise<void> {
  await db.insert(templateUses).values(values).onConflictDoNothing()
}

export async function findTemplateUse(db: Db, [chatId, number]: MessageKey): Promise<TemplateUseRow | null> {
  const [row] = await db
    .select()
    .from(templateUses)
    .where(and(eq(templateUses.chatId, chatId), eq(templateUses.number, number)))
  return row ?? null
}
