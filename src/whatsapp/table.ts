import { sql } from 'drizzle-orm'
import { bigserial, boolean, index, integer, jsonb, pgTable, primaryKey, smallint, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytea, int8, moment, newEntityId } from '../db/columns.ts'
import type { Failure } from '../message/table.ts'

/** What Meta posted, byte for byte, stored before it is answered. The work follows from the row. */
export const deliveries = pgTable(
  'whatsapp_delivery',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    receivedAt: moment('received_at').notNull().default(sql`clock_timestamp()`),
    /** Of the body: the same bytes again are the same delivery. */
    digest: bytea('digest').notNull(),
    /** Null once a message in it was revoked: then nothing of it is kept. */
    body: bytea('body'),
    /** PARKED: it failed too often, or some of it could not be understood, and waits for a person. */
    state: text('state').$type<'PENDING' | 'DONE' | 'PARKED'>().notNull().default('PENDING'),
    attempts: integer('attempts').notNull().default(0),
    nextAt: moment('next_at').notNull().default(sql`clock_timestamp()`),
    /** Why it waits. */
    fault: text('fault'),
    doneAt: moment('done_at'),
    /** The messages that it speaks of, known once it was worked off. */
    wamids: text('wamids').array().notNull().default(sql`'{}'`),
  },
  (table) => [
    uniqueIndex('whatsapp_delivery_digest').on(table.digest),
    index('whatsapp_delivery_open').on(table.id).where(sql`${table.state} = 'PENDING'`),
    index('whatsapp_delivery_parked').on(table.id).where(sql`${table.state} = 'PARKED'`),
    index('whatsapp_delivery_done').on(table.doneAt).where(sql`${table.state} = 'DONE'`),
    index('whatsapp_delivery_wamids').using('gin', table.wamids),
  ],
)

/** What was worked off, by the key of each fact: however often and in whatever batch it comes, it is done once. */
export const items = pgTable('whatsapp_item', { key: text('key').primaryKey(), at: moment('at').notNull().default(sql`clock_timestamp()`) }, (table) => [index('whatsapp_item_at').on(table.at)])

/** A chat with a customer, by one of our numbers. */
export const outsideChats = pgTable(
  'whatsapp_chat',
  {
    chatId: int8('chat_id').primaryKey(),
    phoneNumberId: text('phone_number_id').notNull(),
    contactId: int8('contact_id').notNull(),
    /** The newest of the customer's messages that Meta was told we have read. */
    readTold: int8('read_told').notNull().default(0),
  },
  (table) => [uniqueIndex('whatsapp_chat_contact').on(table.contactId, table.phoneNumberId)],
)

/** A message as WhatsApp knows it. One of ours has several names where it was sent several times. */
export const providerMessages = pgTable(
  'whatsapp_message',
  {
    wamid: text('wamid').primaryKey(),
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    /** 0: it came from outside; else which attempt of ours it is. */
    attempt: integer('attempt').notNull(),
    /** Of ours: which part of the message, from 1. */
    part: integer('part').notNull().default(1),
    /** WhatsApp's own time. */
    at: moment('at'),
    /** WhatsApp's time of the newest change that was applied, so that an older one that comes later changes nothing. */
    changedAt: moment('changed_at'),
    revoked: boolean('revoked').notNull().default(false),
  },
  (table) => [index('whatsapp_message_number').on(table.chatId, table.number)],
)

/**
 * What is to be sent to Meta, one row per attempt and part (each file of a message is a message of its own there, see media.ts), worked off per chat in
 * the order of ids.
 * QUEUED → CALLING (committed before Meta is asked) → DONE (Meta answered, or a status told), or UNKNOWN (nobody knows whether Meta took it: it
 * is not sent again).
 */
export const sends = pgTable(
  'whatsapp_send',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    chatId: int8('chat_id').notNull(),
    /** The event that asked for it. */
    seq: int8('seq').notNull(),
    kind: text('kind').$type<'MESSAGE' | 'REACTION'>().notNull(),
    number: int8('number').notNull(),
    attempt: integer('attempt').notNull().default(1),
    part: integer('part').notNull().default(1),
    state: text('state').$type<'QUEUED' | 'CALLING' | 'DONE' | 'UNKNOWN'>().notNull().default('QUEUED'),
    /** As `SendStatus` in status.ts, by its rank. */
    status: smallint('status').notNull().default(0),
    failure: jsonb('failure').$type<Failure>(),
    tries: integer('tries').notNull().default(0),
    nextAt: moment('next_at').notNull().default(sql`clock_timestamp()`),
    calledAt: moment('called_at'),
    wamid: text('wamid'),
    /** By the phone number, although WhatsApp's own id of the customer is known. */
    byPhone: boolean('by_phone').notNull().default(false),
  },
  (table) => [
    uniqueIndex('whatsapp_send_event').on(table.chatId, table.seq, table.part),
    index('whatsapp_send_number').on(table.chatId, table.number),
    index('whatsapp_send_open').on(table.chatId, table.id).where(sql`${table.state} <> 'DONE'`),
  ],
)

/** A file of a received message that is still at Meta. The row goes once the file is here, or will not come. */
export const media = pgTable('whatsapp_media', {
  attachmentId: int8('attachment_id').primaryKey(),
  /** Meta's id of it, by which this number may fetch it for seven days. */
  mediaId: text('media_id').notNull(),
  phoneNumberId: text('phone_number_id').notNull(),
  /** As the webhook told it, in base64. */
  sha256: text('sha256'),
  attempts: integer('attempts').notNull().default(0),
  nextAt: moment('next_at').notNull().default(sql`clock_timestamp()`),
})

/** Files of ours that Meta has, for the number that they were uploaded for. */
export const uploads = pgTable(
  'whatsapp_upload',
  {
    attachmentId: int8('attachment_id').notNull(),
    phoneNumberId: text('phone_number_id').notNull(),
    mediaId: text('media_id').notNull(),
    at: moment('at').notNull().default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.attachmentId, table.phoneNumberId] })],
)

/** Templates as Meta listed them last. */
export const templates = pgTable(
  'whatsapp_template',
  {
    id: newEntityId('id'),
    name: text('name').notNull(),
    language: text('language').notNull(),
    category: text('category').notNull(),
    status: text('status').notNull(),
    body: text('body').notNull(),
    parameterCount: integer('parameter_count').notNull(),
    listedAt: moment('listed_at').notNull().default(sql`now()`),
  },
  (table) => [uniqueIndex('whatsapp_template_name').on(table.name, table.language)],
)

/** Of a message that is a template: which one, with which values. */
export const templateUses = pgTable(
  'whatsapp_template_use',
  {
    chatId: int8('chat_id').notNull(),
    number: int8('number').notNull(),
    name: text('name').notNull(),
    language: text('language').notNull(),
    parameters: jsonb('parameters').$type<string[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.chatId, table.number] })],
)
