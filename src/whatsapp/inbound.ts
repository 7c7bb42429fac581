import { AppError } from '../base/errors.ts'
import { Loaders } from '../base/loaders.ts'
import { soonAfter } from '../base/soon.ts'
import { MAX_TEXT_LENGTH } from '../base/text.ts'
import { extendReplyWindow, renameOutsideChat, lockChat, closeReplyWindow } from '../chat/outside.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx, Ports } from '../ctx.ts'
import { Lease } from '../event/outbox.ts'
import { deleteMessage, editMessage } from '../message/edit.ts'
import { OUTSIDE_STATUSES, loadMessage } from '../message/domain.ts'
import type { Location, MessageKey } from '../message/domain.ts'
import { receiveMessage, storable, tellStatus } from '../message/outside.ts'
import type { Received } from '../message/outside.ts'
import { setOnlyReaction } from '../reaction/domain.ts'
import { ensureContact, moveContact } from '../user/contacts.ts'
import type { Contact } from '../user/contacts.ts'
import { alertOf } from './alerts.ts'
import { emptyDeliveriesOf, emptyDelivery, findDueDelivery, findItems, finishDelivery, insertItem, putOffDelivery } from './delivery-store.ts'
import type { DeliveryRow } from './delivery-store.ts'
import { ensureOutsideChat, readCallback, settleStatus } from './domain.ts'
import { treatmentOf } from './errors.ts'
import { takeMedia, uploadAgain } from './media.ts'
import type { Content } from './payload-content.ts'
import type { Item, MessageItem, StatusItem } from './payload-items.ts'
import { readInTurns } from './payload.ts'
import { rankOf, statusTold } from './status.ts'
import { advanceSend, findAttempts, findByWamid, findChatsOfContact, findOutsideChats, findRevoked, insertProviderMessage, noteChange, setTemplateStatus } from './store.ts'

// What Meta posted, worked off from where it is stored: one delivery after the other, its items in their order, each in a transaction of its own
// together with the note that it is done. So nothing is lost when a server dies between any two of them, and nothing is done twice.

/** How often somebody looks by themselves: a wake-up may be lost, and what failed is due again. */
const LOOK_MS = 1000
/** A delivery that fails is tried again, later each time, and then waits for a person. */
const PAUSES_SECONDS = [0.2, 1, 5, 30, 300]
/** A message may be answered or changed before it came itself, where deliveries overtake each other. For so many tries of its delivery that is waited for. */
const TRIES_FOR_TARGET = 4
const WINDOW_MS = 24 * 3600_000

/** What an item speaks of has not come yet. */
class NotYet extends Error {}

export interface Worker {
  /** There may be something to do. */
  wake(): void
  stop(): Promise<void>
}

/** Works off what is stored, on one server at a time. */
export async function startInbound(ports: Ports, { pace = 1 }: { pace?: number } = {}): Promise<Worker> {
  const lease = new Lease(ports, 'whatsapp-in')
  let [stopped, running] = [false, Promise.resolve()]
  const workAll = async () => {
    try {
      while (!stopped && (await lease.hold()).held) {
        const { due } = await findDueDelivery(ports.db)
        if (due === null) return
        await workOff(contextOf(ports), due, pace)
      }
    } catch (error) {
      if (!stopped) ports.log.warn({ err: error }, 'Webhooks could not be worked off just now; it is tried again.')
    }
  }
  const wake = soonAfter(2, () => { if (!stopped) running = running.then(workAll) })
  const timer = setInterval(wake, LOOK_MS)
  const unsubscribe = await ports.bus.subscribe('whatsapp', wake)
  wake()
  return {
    wake,
    async stop() {
      stopped = true
      clearInterval(timer)
      unsubscribe()
      await running
      await lease.release().catch(() => undefined)
    },
  }
}

const contextOf = (ports: Ports): Ctx => ({ ...ports, viewer: null, client: { address: 'whatsapp', userAgent: null, trusted: true }, loaders: new Loaders() })

/** Works off one delivery. What fails in it holds up nothing else in it. */
async function workOff(ctx: Ctx, delivery: DeliveryRow, pace: number): Promise<void> {
  const list = delivery.body === null ? [] : await readInTurns(delivery.body)
  const done = await findItems(ctx.db, list.map(({ key }) => key))
  const [faults, refusals]: [string[], string[]] = [[], []]
  const seen = new Set<string>()
  let waits = false
  for (const item of list) {
    // The same once more in one body costs nothing.
    if (done.has(item.key) || seen.has(item.key)) continue
    seen.add(item.key)
    try {
      await withTransaction(ctx, (tx) => workOne(tx, item, delivery.attempts >= TRIES_FOR_TARGET))
    } catch (error) {
      if (error instanceof NotYet) waits = true
      else if (error instanceof AppError) refusals.push(`${item.path}: ${error.message}`)
      else {
        faults.push(`${item.path}: ${error instanceof Error ? error.message : String(error)}`)
        ctx.log.warn({ err: error, delivery: delivery.id, path: item.path }, 'An item of a webhook could not be worked off.')
      }
    }
  }
  // Whoever fetches files looks now.
  if (list.some((item) => (item.kind === 'MESSAGE' || item.kind === 'ECHO') && 'media' in item.content)) ctx.bus.publish('whatsapp', null)
  const wamids = [...new Set(list.flatMap((item) => (item.kind === 'MESSAGE' || item.kind === 'ECHO' ? [item.id, ...targetsOf(item.content)] : item.kind === 'STATUS' ? [item.id] : [])))].map(storable)
  const unknown = list.flatMap((item) => (item.kind === 'UNKNOWN' && !done.has(item.key) ? [`${item.path}: ${item.reason}`] : []))
  if (faults.length > 0 || waits) {
    const parked = delivery.attempts >= PAUSES_SECONDS.length
    await putOffDelivery(ctx.db, delivery.id, { seconds: (PAUSES_SECONDS[delivery.attempts] ?? 0) * pace, fault: [...faults, ...refusals].join('\n') || 'It speaks of a message that has not come.', parked })
    if (parked) ctx.log.error({ delivery: delivery.id }, 'A webhook failed too often and waits for a person: see whatsAppDeliveries.')
  } else if (unknown.length + refusals.length > 0) {
    // Kept, and shown to whoever looks: it may be something new of Meta's, and what nobody may do is not allowed a minute later either. Replayed, the unknown counts as done.
    await putOffDelivery(ctx.db, delivery.id, { seconds: 0, fault: [...refusals, ...unknown].join('\n'), parked: true })
  } else {
    await finishDelivery(ctx.db, delivery.id, wamids)
    if ((await findRevoked(ctx.db, wamids)).length > 0) await emptyDelivery(ctx.db, delivery.id)
  }
}

const targetsOf = (content: Content) => (content.kind === 'EDIT' || content.kind === 'REVOKE' ? [content.messageId] : [])

async function workOne(tx: Ctx, item: Item, last: boolean): Promise<void> {
  if (!(await insertItem(tx.db, storable(item.key)))) return
  const { whatsapp } = tx.settings
  // Some other number of the account, which somebody else answers.
  if (item.phoneNumberId !== null && whatsapp?.phoneNumberIds.includes(item.phoneNumberId) !== true) return
  switch (item.kind) {
    case 'MESSAGE':
    case 'ECHO':
      return workMessage(tx, item, last)
    case 'STATUS':
      return workStatus(tx, item, last)
    case 'TEMPLATE_STATUS':
      return setTemplateStatus(tx.db, item.name, item.language, item.event)
    case 'ERROR':
      return alertOf(tx.log, item.error, treatmentOf(item.error), 'WhatsApp tells of a problem')
    case 'UNKNOWN':
  }
}

// ------------------------------------------------------------------ messages

async function workMessage(tx: Ctx, item: MessageItem, last: boolean): Promise<void> {
  // What is said in groups is in no chat with a customer.
  if (item.groupId !== null || item.phoneNumberId === null) return
  const scope = item.wabaId ?? tx.settings.whatsapp?.wabaId ?? ''
  const { phone, userId: whatsappUserId, name } = item.person
  const { contact, renamed } = await ensureContact(tx, { scope, phone, whatsappUserId, name: name === null ? null : storable(name) })
  if (renamed) await rename(tx, contact)
  const own = asContact(tx, contact)
  const { content } = item
  switch (content.kind) {
    case 'REACTION':
      return onTarget(tx, content.messageId, last, async (key) => {
        // What the business reacts to on its own phone, nobody here did; and in somebody else's chat this person can do nothing.
        const [chat] = await findOutsideChats(tx.db, [key[0]])
        if (item.kind === 'ECHO' || chat?.contactId !== contact.id) return
        // They have done something: whatever it is, it opens the window.
        await openWindow(tx, key[0], item.at)
        // It may have been taken back meanwhile.
        if ((await loadMessage(tx, key))?.deletedAt === null) await setOnlyReaction(own, key, content.emoji)
      })
    case 'EDIT':
      return onTarget(tx, content.messageId, last, async (key) => {
        const said = receivedOf(content.content)
        const message = await loadMessage(tx, key)
        if (message?.senderId !== contact.id || message.deletedAt !== null || said.text === null) return
        if (await noteChange(tx.db, content.messageId, { at: item.at, revoked: false })) await editMessage(own, key, [...said.text].slice(0, MAX_TEXT_LENGTH).join(''), null)
      })
    case 'REVOKE':
      return onTarget(tx, content.messageId, last, async (key) => {
        if ((await loadMessage(tx, key))?.senderId !== contact.id) return
        await noteChange(tx.db, content.messageId, { at: item.at, revoked: true })
        await deleteMessage(own, key)
        await emptyDeliveriesOf(tx.db, content.messageId)
      })
    case 'NUMBER_CHANGED':
      return moveContact(tx, contact, { phone: content.phone, whatsappUserId: content.userId })
    case 'IDENTITY_CHANGED':
      return
    case 'TEXT':
    case 'CHOICE':
    case 'LOCATION':
    case 'CONTACTS':
    case 'IMAGE':
    case 'VIDEO':
    case 'AUDIO':
    case 'FILE':
    case 'STICKER':
    case 'UNSUPPORTED':
      return store(tx, item, contact, content)
  }
}

/** Whoever writes acts by themselves, by the verbs that everybody acts by. */
const asContact = (tx: Ctx, { id }: Contact): Ctx => ({ ...tx, viewer: { userId: id, sessionId: null, roles: [], expiresAt: null } })

async function onTarget(tx: Ctx, wamid: string, last: boolean, work: (key: MessageKey) => Promise<unknown>): Promise<void> {
  const target = await findByWamid(tx.db, storable(wamid))
  if (target === null && !last) throw new NotYet(wamid)
  // To a message from before Parley was there nothing can happen.
  if (target !== null) await work([target.chatId, target.number])
}

async function store(tx: Ctx, item: MessageItem, contact: Contact, content: Content): Promise<void> {
  const wamid = storable(item.id)
  // Under another key, as when Meta tells its type differently the second time.
  if ((await findByWamid(tx.db, wamid)) !== null) return
  const { stream } = await ensureOutsideChat(item.kind === 'MESSAGE' ? asContact(tx, contact) : tx, contact, item.phoneNumberId ?? '')
  const answered = item.replyTo === null ? null : await findByWamid(tx.db, storable(item.replyTo.id))
  const replyTo = answered?.chatId === stream.id ? answered.number : null
  const message = await receiveMessage(tx, { chatId: stream.id, senderId: item.kind === 'MESSAGE' ? contact.id : null, replyTo, forwarded: item.forwarded, ...receivedOf(content) })
  await insertProviderMessage(tx.db, { wamid, chatId: stream.id, number: message.number, attempt: item.kind === 'MESSAGE' ? 0 : 1, at: item.at })
  if (item.kind === 'MESSAGE') await openWindow(tx, stream.id, item.at)
  if ('media' in content) await takeMedia(tx, message, content, item.phoneNumberId ?? '')
}

/** Each message of the customer's opens the window anew, by WhatsApp's clock, which may not run ahead of ours. */
async function openWindow(tx: Ctx, chatId: number, at: Date | null): Promise<void> {
  const said = Math.min(at?.getTime() ?? Date.now(), Date.now())
  await extendReplyWindow(tx, await lockChat(tx, chatId), new Date(said + WINDOW_MS))
}

async function rename(tx: Ctx, contact: Contact): Promise<void> {
  for (const { chatId } of await findChatsOfContact(tx.db, contact.id)) await renameOutsideChat(tx, await lockChat(tx, chatId), contact.displayName)
}

const NOTHING = { text: null, location: null, cards: null }

/** What a message of a customer's is here. Buttons and rows of lists are what they say. */
function receivedOf(content: Content): Pick<Received, 'kind' | 'text' | 'location' | 'cards'> {
  switch (content.kind) {
    case 'TEXT':
      return { ...NOTHING, kind: 'TEXT', text: content.text }
    case 'CHOICE':
      return { ...NOTHING, kind: 'TEXT', text: content.description === null ? content.title : `${content.title}\n${content.description}` }
    case 'LOCATION': {
      const { latitude, longitude, name, address } = content
      const location: Location = { latitude, longitude, name: name && storable(name), address: address && storable(address) }
      return { ...NOTHING, kind: 'LOCATION', location }
    }
    case 'CONTACTS':
      return { ...NOTHING, kind: 'CONTACTS', cards: content.contacts.map(({ name, organization, phones }) => ({ name: storable(name ?? organization ?? ''), phones: phones.map(({ phone }) => storable(phone)) })) }
    case 'IMAGE':
    case 'VIDEO':
    case 'AUDIO':
    case 'FILE':
    case 'STICKER':
      return { ...NOTHING, kind: content.kind, text: content.caption }
    case 'UNSUPPORTED':
    case 'EDIT':
    case 'REVOKE':
    case 'REACTION':
    case 'NUMBER_CHANGED':
    case 'IDENTITY_CHANGED':
      return { ...NOTHING, kind: 'UNSUPPORTED', text: 'text' in content ? content.text : null }
  }
}

// ------------------------------------------------------------------ statuses

async function workStatus(tx: Ctx, item: StatusItem, last: boolean): Promise<void> {
  const wamid = storable(item.id)
  const known = await findByWamid(tx.db, wamid)
  const told = known === null || known.attempt === 0 ? readCallback(item.callbackData) : { key: [known.chatId, known.number] as const, attempt: known.attempt, part: known.part }
  // Of a message that we did not send.
  if (told === null) {
    if (known === null && item.callbackData === null && !last) throw new NotYet(wamid)
    return
  }
  const attempt = (await findAttempts(tx.db, told.key)).find(({ attempt, part }) => attempt === told.attempt && part === told.part)
  if (attempt === undefined) return tellEcho(tx, told.key, item, known !== null)
  // One attempt has one name: under another it is somebody else's.
  if (attempt.wamid !== null && attempt.wamid !== wamid) return
  const stream = await lockChat(tx, told.key[0])
  const status = statusTold(item.status)
  const [error] = item.errors
  const treatment = error === undefined ? null : treatmentOf(error)
  const failure = status !== 'FAILED' ? null : { code: String(error?.code ?? 'FAILED'), title: treatment?.text ?? 'WhatsApp could not deliver it.', detail: error?.details ?? error?.message ?? error?.title ?? null, retryable: treatment?.retryCanHelp ?? true }
  if (failure !== null) tx.meters.whatsappSends[treatment?.alert === true ? 'to_mend' : 'failed']++
  await insertProviderMessage(tx.db, { wamid, chatId: told.key[0], number: told.key[1], attempt: told.attempt, part: told.part, at: status === 'SENT' ? item.at : null })
  await advanceSend(tx.db, attempt.id, { status: rankOf(status), wamid, failure })
  await settleStatus(tx, stream, told.key)
  if (treatment?.action === 'WINDOW_CLOSED') await closeReplyWindow(tx, stream)
  if (treatment?.action === 'UPLOAD_AGAIN') await uploadAgain(tx, told.key)
  if (error !== undefined && treatment?.alert === true) alertOf(tx.log, error, treatment, 'WhatsApp refuses messages')
}

/** Of what was said on the business's own phone: Parley has sent nothing, and its message says by itself how far it came. */
async function tellEcho(tx: Ctx, key: MessageKey, item: StatusItem, known: boolean): Promise<void> {
  const message = known ? await loadMessage(tx, key) : null
  if (message?.status == null) return
  const status = statusTold(item.status)
  if (rankOf(status) > message.status) await tellStatus(tx, await lockChat(tx, key[0]), key, OUTSIDE_STATUSES[rankOf(status)] ?? 'SENT', null)
}

