import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MetaError, noSuchObject } from './errors.ts'
import { readSendRequest } from './messages.ts'
import type { SendRequest } from './messages.ts'
import type { Asked, Effect } from './rules.ts'
import type { Simulator } from './simulator.ts'
import { pageOf } from './paging.ts'
import { textOf } from './text.ts'
import { TemplateSent } from './templates.ts'

/** One request to the API, taken apart. */
interface Call {
  simulator: Simulator
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}

/** An answer, or that the line shall be cut. */
type Answer = { status: number; json: object } | { status: number; bytes: Buffer; type: string } | { cut: true }

/** Larger than any request that is in order: a document of 100 MB, and what is around it. */
const MAX_BODY = 105 * 1024 * 1024

/** Answers a request as graph.facebook.com does, and lookaside.fbsbx.com where a file is fetched. */
export async function answerApi(simulator: Simulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator')
  const call: Call = { simulator, method: request.method ?? 'GET', path: pathname, query: searchParams, headers: request.headers, body: Buffer.alloc(0) }
  try {
    call.body = await bodyOf(request)
    give(await answerTo(call), request, response)
  } catch (error) {
    if (!(error instanceof MetaError)) {
      if (!request.destroyed) response.writeHead(500).end(String(error))
      return
    }
    simulator.noteRefusal({ method: call.method, path: call.path, code: error.code, message: error.message, body: call.body.toString('utf8', 0, 10_000) })
    give({ status: error.status, json: error.toAnswer(simulator.trace()) }, request, response)
  }
}

function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  if ('cut' in answer) {
    request.socket.destroy()
    return
  }
  const [type, bytes] = 'json' in answer ? ['application/json; charset=UTF-8', Buffer.from(JSON.stringify(answer.json))] : [answer.type, answer.bytes]
  response.writeHead(answer.status, { 'content-type': type, 'content-length': bytes.length, 'facebook-api-version': 'v24.0' }).end(bytes)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new MetaError(1, { status: 413, details: 'The request is too large.' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function answerTo(call: Call): Promise<Answer> {
  const { simulator, method, path } = call
  if (path === '/whatsapp_business/attachments/') return download(call)
  const [version = '', id = '', edge, ...rest] = path.split('/').slice(1)
  // What Meta says of paths that it does not know.
  if (!/^v\d{2}\.\d$/.test(version) || id === '' || rest.length > 0) throw new MetaError(2500, { message: `Unknown path components: ${path}`, status: 400 })
  authorize(call)
  const number = simulator.phoneNumbers.find((phone) => phone.id === id)
  const key = `${method} ${number !== undefined ? 'number' : id === simulator.wabaId ? 'account' : 'media'}${edge === undefined ? '' : `/${edge}`}`
  switch (key) {
    case 'POST number/messages':
      return send(call, id)
    case 'POST number/media':
      return upload(call, id)
    case 'GET number':
      return plainly(call, 'phone_numbers', () => phoneOf(simulator, id))
    case 'GET account/phone_numbers':
      return plainly(call, 'phone_numbers', () => pageOf(simulator.phoneNumbers.map((phone) => phoneOf(simulator, phone.id)), call.query, `${simulator.url}${path}`))
    case 'GET account/message_templates':
      return plainly(call, 'templates', () => pageOf(templatesFor(call), call.query, `${simulator.url}${path}`))
    case 'POST account/subscribed_apps':
      return { status: 200, json: { success: true } }
    case 'GET media':
      return plainly(call, 'lookup', () => simulator.media.lookUp(id, call.query.get('phone_number_id'), simulator.url))
    case 'DELETE media':
      if (!simulator.media.files.delete(id)) throw noSuchObject(id, 'delete')
      return { status: 200, json: { success: true } }
    default:
      throw noSuchObject(id, method === 'DELETE' ? 'delete' : method === 'POST' ? 'post' : 'get')
  }
}

/** The token as bearer, which is how Meta documents it for this API. */
function authorize({ simulator, headers }: Call): void {
  const given = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  if (given === undefined) throw new MetaError(104, { status: 401, message: 'An access token is required to request this resource.' })
  const [one, other] = [given, simulator.accessToken].map((token) => createHash('sha256').update(token).digest())
  if (one === undefined || other === undefined || !timingSafeEqual(one, other)) throw new MetaError(190, { message: 'Invalid OAuth access token - Cannot parse access token' })
}

// ---------------------------------------------------------------- messages

async function send(call: Call, phoneNumberId: string): Promise<Answer> {
  const { simulator, body, headers } = call
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) throw new MetaError(100, { details: 'The content type must be application/json.' })
  const text = body.toString()
  const request = readSendRequest(parse(text))
  const asked: Asked = { endpoint: request.kind === 'send' ? 'messages' : 'read', phoneNumberId, send: request.kind === 'send' ? request : null, text }
  const effect = simulator.rules.effectOn(asked)
  const early = await before(effect)
  if (early !== null) return early
  if (request.kind === 'read') {
    if (!simulator.received.some(({ id }) => id === request.messageId)) throw new MetaError(131009, { details: 'The message id is not that of a message that was received.' })
    simulator.noteRead({ messageId: request.messageId, typing: request.typing, at: simulator.now() })
    return after(effect, { success: true })
  }
  const seen = checkSend(simulator, request, phoneNumberId)
  const message = simulator.accept(request, phoneNumberId, seen, effect)
  const contact = { input: request.input, ...(request.to !== null ? { wa_id: request.to } : { user_id: request.userId }) }
  const answer = after(effect, { messaging_product: 'whatsapp', contacts: [contact], messages: [{ id: message.id, ...(request.type === 'template' && { message_status: 'accepted' }) }] })
  message.answered = 'json' in answer
  return answer
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new MetaError(100, { details: 'The body is not JSON.' })
  }
}

/** What the shape alone does not show. Answers what the customer will see. */
function checkSend(simulator: Simulator, request: SendRequest, phoneNumberId: string): string {
  const { type, part, to, replyTo } = request
  const own = simulator.phoneNumbers.find(({ id }) => id === phoneNumberId)?.display.replace(/\D/g, '')
  if (to !== null && to === own) throw new MetaError(131021)
  if (typeof part.id === 'string') simulator.media.checkSend(part.id, type, phoneNumberId)
  if (type === 'reaction' && !simulator.knows(String(part.message_id))) throw new MetaError(131009, { details: 'message_id: there is no such message.' })
  if (replyTo !== null && !simulator.knows(replyTo)) throw new MetaError(131009, { details: 'context: there is no such message.' })
  const text = type === 'template' ? simulator.templates.fill(TemplateSent.parse(part)) : textOf(type, part)
  simulator.checkWindow(request, phoneNumberId)
  simulator.meter.count(phoneNumberId, request.to ?? request.userId ?? '')
  return text
}

// ---------------------------------------------------------------- files

async function upload(call: Call, phoneNumberId: string): Promise<Answer> {
  const { simulator, headers, body } = call
  const effect = simulator.rules.effectOn({ endpoint: 'media', phoneNumberId, send: null, text: createHash('sha256').update(body).digest('hex') })
  const early = await before(effect)
  if (early !== null) return early
  const form = await formOf(headers['content-type'] ?? '', body)
  const odd = [...form.keys()].find((key) => !['file', 'type', 'messaging_product'].includes(key))
  if (odd !== undefined) throw new MetaError(100, { details: `Unexpected key "${odd}" on param "root".` })
  if (form.get('messaging_product') !== 'whatsapp') throw new MetaError(100, { message: '(#100) The parameter messaging_product is required.' })
  const [file, type] = [form.get('file'), form.get('type')]
  if (!(file instanceof File)) throw new MetaError(100, { message: '(#100) The parameter file is required.' })
  const mimeType = typeof type === 'string' && type !== '' ? type : file.type
  if (file.type !== '' && mimeType.split(';')[0] !== file.type.split(';')[0]) throw new MetaError(100, { details: `type is ${mimeType}, the part of the file says ${file.type}.` })
  const kept = simulator.media.upload({ bytes: Buffer.from(await file.arrayBuffer()), mimeType, filename: file.name, phoneNumberId })
  return after(effect, { id: kept.id })
}

async function formOf(type: string, body: Buffer): Promise<FormData> {
  if (!type.startsWith('multipart/form-data')) throw new MetaError(100, { details: 'The content type must be multipart/form-data.' })
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  } catch {
    throw new MetaError(100, { details: 'The form cannot be read.' })
  }
}

async function download(call: Call): Promise<Answer> {
  const { simulator, query, headers, path } = call
  const effect = simulator.rules.effectOn({ endpoint: 'download', phoneNumberId: null, send: null, text: query.get('mid') ?? '' })
  const early = await before(effect)
  if (early !== null) return early
  if (headers.authorization !== `Bearer ${simulator.accessToken}`) return { status: 401, bytes: Buffer.alloc(0), type: 'text/plain' }
  const file = simulator.media.download(query)
  if (file === null) {
    simulator.noteRefusal({ method: 'GET', path, code: 404, message: 'The address is over, or was never given.', body: '' })
    return { status: 404, bytes: Buffer.from('URL signature expired'), type: 'text/plain' }
  }
  const answer = after(effect, {})
  return 'json' in answer ? { status: 200, bytes: file.bytes, type: file.mimeType } : answer
}

// ---------------------------------------------------------------- lists

function phoneOf(simulator: Simulator, id: string): object {
  const phone = simulator.phoneNumbers.find((one) => one.id === id)
  return { id, display_phone_number: phone?.display, verified_name: phone?.name, code_verification_status: 'VERIFIED', quality_rating: 'GREEN', platform_type: 'CLOUD_API', throughput: { level: 'STANDARD' } }
}

function templatesFor({ simulator, query }: Call): object[] {
  const [name, status, language, category] = ['name', 'status', 'language', 'category'].map((key) => query.get(key))
  return simulator.templates.all
    .filter((template) => (!name || template.name.includes(name)) && (!status || template.status === status) && (!language || template.language === language) && (!category || template.category === category))
    .map((template) => ({ parameter_format: 'POSITIONAL', ...template }))
}

// ---------------------------------------------------------------- effects

async function plainly(call: Call, endpoint: Asked['endpoint'], answer: () => object): Promise<Answer> {
  const effect = call.simulator.rules.effectOn({ endpoint, phoneNumberId: null, send: null, text: `${call.path}${call.query.toString()}` })
  return (await before(effect)) ?? after(effect, answer())
}

/** What an effect does before the request is carried out: refuse it, cut the line, or wait. */
async function before(effect: Effect | null): Promise<Answer | null> {
  if (effect === null) return null
  if ('error' in effect) throw new MetaError(effect.error, { details: effect.details, status: effect.status })
  if ('cut' in effect && effect.cut === 'refused') return { cut: true }
  if ('answer' in effect && !effect.accepted) return strange(effect)
  if ('delayMs' in effect) await new Promise((resolve) => { setTimeout(resolve, effect.delayMs) })
  return null
}

/** The answer, or what an effect makes of it. */
function after(effect: Effect | null, json: object): Answer {
  if (effect !== null && 'cut' in effect) return { cut: true }
  return effect !== null && 'answer' in effect ? strange(effect) : { status: 200, json }
}

function strange({ answer, body }: Extract<Effect, { answer: number }>): Answer {
  return { status: answer, bytes: Buffer.from(body), type: 'text/html' }
}
