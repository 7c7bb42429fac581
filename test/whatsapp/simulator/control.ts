import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Customer } from './customer.ts'
import { META_ERRORS } from './errors.ts'
import type { Simulator } from './simulator.ts'

// The simulator by HTTP and JSON, for the page and for whoever tests in another language. Nobody but this machine reaches it unless `host`
// says so: who does can do everything.

const PAGE = new URL('page.html', import.meta.url)

const file = { data: z.base64(), mimeType: z.string().min(1), caption: z.string().optional(), filename: z.string().optional(), voice: z.boolean().optional(), animated: z.boolean().optional(), withUrl: z.boolean().optional() }
const aside = { replyTo: z.string().optional(), forwarded: z.boolean().optional(), at: z.number().optional(), phoneNumberId: z.string().optional() }
const messageId = z.string().min(1)

type Deed = (customer: Customer, body: unknown) => string | undefined

const deed = <T extends z.ZodRawShape>(shape: T, act: (customer: Customer, said: z.output<z.ZodObject<T & typeof aside>>) => string | undefined): Deed => {
  const schema = z.strictObject({ ...shape, ...aside })
  return (customer, body) => act(customer, schema.parse(body) as z.output<z.ZodObject<T & typeof aside>>)
}

/** What a customer can do, by `POST /_simulator/customers/{phone}/{deed}`. */
const DEEDS: Record<string, Deed> = {
  writes: deed({ text: z.string().min(1) }, (customer, { text, ...rest }) => customer.writes(text, rest)),
  sends: deed({ kind: z.enum(['image', 'video', 'audio', 'document', 'sticker']), ...file }, (customer, { kind, data, ...rest }) => customer.sends(kind, { ...rest, bytes: Buffer.from(data, 'base64') }, rest)),
  sharesPlace: deed({ latitude: z.number(), longitude: z.number(), name: z.string().optional(), address: z.string().optional(), url: z.string().optional() }, (customer, { latitude, longitude, name, address, url, ...rest }) => customer.sharesPlace({ latitude, longitude, name, address, url }, rest)),
  sharesContacts: deed({ contacts: z.array(z.strictObject({ name: z.string(), phone: z.string(), waId: z.string().optional() })) }, (customer, { contacts, ...rest }) => customer.sharesContacts(contacts, rest)),
  reacts: deed({ messageId, emoji: z.string().min(1) }, (customer, { messageId, emoji, ...rest }) => customer.reacts(messageId, emoji, rest)),
  takesReactionBack: deed({ messageId, how: z.enum(['empty', 'missing']).optional() }, (customer, { messageId, how, ...rest }) => customer.takesReactionBack(messageId, how, rest)),
  taps: deed({ messageId, id: z.string(), title: z.string() }, (customer, { messageId, id, title, ...rest }) => customer.taps(messageId, { id, title }, rest)),
  picks: deed({ messageId, id: z.string(), title: z.string(), description: z.string().optional() }, (customer, { messageId, id, title, description, ...rest }) => customer.picks(messageId, { id, title, description }, rest)),
  tapsQuickReply: deed({ messageId, payload: z.string(), text: z.string() }, (customer, { messageId, payload, text, ...rest }) => customer.tapsQuickReply(messageId, { payload, text }, rest)),
  edits: deed({ messageId, text: z.string().min(1) }, (customer, { messageId, text, ...rest }) => customer.edits(messageId, text, rest)),
  revokes: deed({ messageId }, (customer, { messageId, ...rest }) => customer.revokes(messageId, rest)),
  changesNumber: deed({ phone: z.string().regex(/^\d{5,20}$/) }, (customer, { phone, ...rest }) => customer.changesNumber(phone, rest)),
  changesUserId: deed({ userId: z.string() }, (customer, { userId, ...rest }) => customer.changesUserId(userId, rest)),
  changesPhone: deed({}, (customer, rest) => customer.changesPhone(rest)),
  sendsUnsupported: deed({ type: z.string().optional() }, (customer, { type, ...rest }) => customer.sendsUnsupported(type, rest)),
  does: deed({ message: z.looseObject({ type: z.string() }) }, (customer, { message, ...rest }) => customer.does(message, rest)),
  reads: deed({ messageId: messageId.optional() }, (customer, said) => { customer.reads(said.messageId); return undefined }),
  plays: deed({ messageId }, (customer, said) => { customer.plays(said.messageId); return undefined }),
  goesAway: deed({}, (customer) => { customer.goesAway(); return undefined }),
  comesBack: deed({}, (customer) => { customer.comesBack(); return undefined }),
}

const NewCustomer = z.strictObject({ phone: z.string().regex(/^\d{5,20}$/), name: z.string().optional(), userId: z.string().optional(), username: z.string().nullable().optional(), hidesPhone: z.boolean().optional() })
const HabitsSet = z.strictObject({ online: z.boolean().optional(), reads: z.boolean().optional(), answers: z.string().nullable().optional() })

const Code = z.number().int().nonnegative()
const RuleSet = z.strictObject({
  match: z
    .strictObject({
      endpoint: z.enum(['messages', 'media', 'lookup', 'download', 'read', 'templates', 'phone_numbers']).optional(),
      phoneNumberId: z.string().optional(),
      to: z.string().optional(),
      type: z.string().optional(),
      contains: z.string().optional(),
      callbackData: z.string().optional(),
    })
    .optional(),
  chance: z.number().min(0).max(1).optional(),
  times: z.number().int().positive().optional(),
  effect: z.union([
    z.strictObject({ error: Code, details: z.string().optional(), status: z.number().int().min(400).max(599).optional() }),
    z.strictObject({ fails: Code, details: z.string().optional() }),
    z.strictObject({ cut: z.enum(['accepted', 'refused']) }),
    z.strictObject({ answer: z.number().int().min(200).max(599), body: z.string(), accepted: z.boolean() }),
    z.strictObject({ delayMs: z.number().nonnegative() }),
    z.strictObject({ statuses: z.array(z.enum(['sent', 'delivered', 'read', 'played', 'failed'])), code: Code.optional() }),
  ]),
})

const DeliverySet = z.strictObject({
  hold: z.boolean().optional(),
  delayMs: z.tuple([z.number().nonnegative(), z.number().nonnegative()]).optional(),
  repeats: z.number().int().min(1).max(100).optional(),
  shuffle: z.boolean().optional(),
  batch: z.number().int().min(1).max(1000).optional(),
  parallel: z.number().int().min(1).max(100).optional(),
  timeoutMs: z.number().positive().optional(),
  retry: z.strictObject({ firstMs: z.number().positive(), factor: z.number().min(1), attempts: z.number().int().min(1) }).optional(),
})

/** What the control API can do, by method and path. Answers what goes back as JSON. */
const ROUTES: Record<string, (simulator: Simulator, body: unknown) => unknown> = {
  'GET state': stateOf,
  'GET accepted': (simulator) => simulator.accepted,
  'GET refused': (simulator) => simulator.refused,
  'GET received': (simulator) => simulator.received.map(({ id, at, message, customer }) => ({ id, at, message, phone: customer.profile.phone })),
  'GET posted': (simulator) => simulator.webhooks.posted.map(({ body, ...rest }) => ({ ...rest, body: body.toString() })),
  'GET doubles': (simulator) => simulator.doubles(),
  'POST connect': (simulator, body) => simulator.connect(z.strictObject({ url: z.url() }).parse(body).url),
  'POST customers': (simulator, body) => simulator.customer(NewCustomer.parse(body)).profile,
  'POST rules': (simulator, body) => { simulator.rule(RuleSet.parse(body)) },
  'DELETE rules': (simulator) => { simulator.rules.clear() },
  'POST delivery': (simulator, body) => { simulator.delivery = DeliverySet.parse(body) },
  'POST flush': (simulator) => simulator.flush(),
  'POST advance': (simulator, body) => { simulator.advance(z.strictObject({ ms: z.number().positive() }).parse(body).ms) },
  'POST error': (simulator, body) => { const { code, details } = z.strictObject({ code: Code, details: z.string().optional() }).parse(body); simulator.tellError(code, details) },
  'POST template-status': (simulator, body) => { const { name, language, status } = z.strictObject({ name: z.string(), language: z.string(), status: z.enum(['APPROVED', 'PENDING', 'REJECTED', 'PAUSED', 'DISABLED']) }).parse(body); simulator.setTemplateStatus(name, language, status) },
}

/** Answers the page, and `/_simulator/…`. */
export async function answerControl(simulator: Simulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://simulator').pathname
  try {
    if (path === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(await readFile(PAGE))
    else if (path === '/_simulator/events') streamChanges(simulator, response)
    else json(response, 200, (await answer(simulator, request, path.slice('/_simulator/'.length).split('/'))) ?? { ok: true })
  } catch (error) {
    json(response, error instanceof NothingThere ? 404 : 400, { error: error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error) })
  }
}

class NothingThere extends Error {}

async function answer(simulator: Simulator, request: IncomingMessage, [first = '', phone, name]: string[]): Promise<unknown> {
  // A form of another page cannot send this type without asking first, so no page elsewhere plays the customer.
  if (request.method !== 'GET' && !/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new Error('The content type must be application/json.')
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  const body: unknown = text === '' ? {} : JSON.parse(text)
  if (first !== 'customers' || phone === undefined) {
    const route = Object.entries(ROUTES).find(([key]) => key === `${request.method ?? ''} ${first}`)?.[1]
    if (route === undefined) throw new NothingThere(`There is no ${request.method ?? ''} /_simulator/${first}. There are: ${Object.keys(ROUTES).join(', ')}.`)
    return route(simulator, body)
  }
  const customer = simulator.customer({ phone: z.string().regex(/^\d{5,20}$/).parse(phone) })
  if (name === 'habits') {
    customer.habits = { ...customer.habits, ...HabitsSet.parse(body) }
    return customer.habits
  }
  const act = Object.entries(DEEDS).find(([key]) => key === name)?.[1]
  if (act === undefined) throw new NothingThere(`A customer cannot do that. They can: ${Object.keys(DEEDS).join(', ')}, habits.`)
  return { id: act(customer, body) }
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(JSON.stringify(value))
}

/** A line for each change, by server-sent events. */
function streamChanges(simulator: Simulator, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let open = true
  response.once('close', () => { open = false })
  void (async () => {
    while (open) {
      response.write('data: changed\n\n')
      await simulator.change()
    }
  })()
}

/** All that the page shows. */
function stateOf(simulator: Simulator): object {
  return {
    settings: simulator.settings(),
    webhook: simulator.webhooks.url,
    waiting: simulator.webhooks.waiting,
    delivery: simulator.webhooks.delivery,
    errorCodes: [...META_ERRORS].map(([code, { title }]) => ({ code, title })),
    templates: simulator.templates.all,
    refused: simulator.refused.slice(-20),
    customers: simulator.customers.map((customer) => ({ ...customer.profile, habits: { ...customer.habits, answers: typeof customer.habits.answers === 'function' ? null : customer.habits.answers }, lines: linesOf(simulator, customer), typing: isTyping(simulator, customer) })),
  }
}

/** A chat as the customer sees it, the latest 200. */
function linesOf(simulator: Simulator, customer: Customer): object[] {
  const marks = new Set(simulator.readMarks.map(({ messageId }) => messageId))
  // A mark marks what came before, too.
  const readUpTo = Math.max(-Infinity, ...simulator.received.filter((message) => message.customer === customer && marks.has(message.id)).map(({ at }) => at))
  const said = simulator.received.filter((message) => message.customer === customer).map(({ id, at, message }) => ({ id, at, from: 'customer', type: message.type, message, read: at <= readUpTo }))
  const heard = simulator.accepted.filter(({ userId }) => userId === customer.profile.userId).map(({ id, at, type, text, statuses, replyTo, part }) => ({ id, at, from: 'business', type, text, statuses, replyTo, part }))
  return [...said, ...heard].sort((one, other) => one.at - other.at).slice(-200)
}

/** It ends with an answer, or after 25 seconds. */
function isTyping(simulator: Simulator, customer: Customer): boolean {
  const mark = simulator.readMarks.findLast(({ messageId, typing }) => typing && simulator.received.some(({ id, customer: who }) => id === messageId && who === customer))
  if (mark === undefined || simulator.now() - mark.at > 25_000) return false
  return !simulator.accepted.some(({ userId, at }) => userId === customer.profile.userId && at >= mark.at)
}
