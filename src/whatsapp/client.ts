import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { z } from 'zod'
import type { WhatsAppSettings } from '../config.ts'
import { readErrorAnswer } from './payload-error.ts'
import type { ApiError } from './payload-error.ts'
import type { TemplateListed } from './templates.ts'

/** Longer than this nobody waits for Meta. What it did by then is not known. */
const TIMEOUT_MS = 20_000
/** A file may take longer. */
const FILE_TIMEOUT_MS = 10 * 60_000
/** Where Meta keeps files, besides the API itself: the token goes nowhere else. */
const FILE_HOSTS = /(^|\.)(fbsbx\.com|fbcdn\.net|whatsapp\.net|facebook\.com)$/
/** These say that no connection came about, so nothing can have arrived. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

/** What became of a request: Meta took it, refused it in its own words, never got it, or nobody knows. */
export type Answered<T> = { kind: 'accepted'; value: T } | { kind: 'error'; error: ApiError; httpStatus: number } | { kind: 'unreachable'; detail: string } | { kind: 'unknown'; detail: string }

/** The Cloud API, as far as it is needed. Nothing here is tried again: whoever asks knows whether that is safe. */
export interface CloudApi {
  /** Sends a message; answers WhatsApp's name for it. */
  send(phoneNumberId: string, message: object): Promise<Answered<string>>
  /** Tells that this message of a customer's, and all before it, were read; with `typing` also that somebody types. */
  markRead(phoneNumberId: string, wamid: string, typing: boolean): Promise<Answered<true>>
  /** Gives Meta a file for messages by this number; answers Meta's id of it. Twice does no harm. */
  upload(phoneNumberId: string, file: FileUpload): Promise<Answered<string>>
  /** Where a file is that was sent to this number, for five minutes. */
  lookUp(phoneNumberId: string, mediaId: string): Promise<Answered<MediaFound>>
  /** The bytes at such an address; whoever gets them reads or destroys them. An address that is not Meta's is not asked. */
  download(url: string, signal: AbortSignal): Promise<Answered<Readable>>
  /** @throws where Meta does not answer them. */
  listTemplates(): Promise<TemplateListed[]>
}

export interface FileUpload {
  mimeType: string
  /** Meta goes by what is behind its dot. */
  fileName: string
  byteSize: number
  bytes: Readable
}

export interface MediaFound {
  url: string
  /** In base64 or hexadecimal digits. */
  sha256: string | null
  byteSize: number | null
}

const Uploaded = z.object({ id: z.union([z.string().min(1).max(200), z.number().int().transform(String)]) })
const Media = z.object({ url: z.url(), sha256: z.string().nullable().catch(null), file_size: z.coerce.number().int().nonnegative().nullable().catch(null) })
const Sent = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(500) })).min(1) })
const Done = z.object({ success: z.literal(true) })
const Component = z.object({ type: z.string(), text: z.string().optional() })
const TemplatePage = z.object({
  data: z.array(z.object({ name: z.string(), language: z.string(), category: z.string().default('UTILITY'), status: z.string(), components: z.array(Component).default([]) })),
  paging: z.object({ next: z.string().optional(), cursors: z.object({ after: z.string().optional() }).optional() }).optional(),
})

export function createCloudApi({ accessToken, apiUrl, apiVersion, wabaId }: WhatsAppSettings): CloudApi {
  const headers = { authorization: `Bearer ${accessToken}` }
  const post = <T>(phoneNumberId: string, body: object, read: (json: unknown) => T | null) =>
    ask(`${apiUrl}/${apiVersion}/${phoneNumberId}/messages`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }, read)
  return {
    send: (phoneNumberId, message) => post(phoneNumberId, message, (json) => Sent.safeParse(json).data?.messages[0]?.id ?? null),
    markRead: (phoneNumberId, wamid, typing) =>
      post(phoneNumberId, { messaging_product: 'whatsapp', status: 'read', message_id: wamid, ...(typing && { typing_indicator: { type: 'text' } }) }, (json) => Done.safeParse(json).data?.success ?? null),
    async upload(phoneNumberId, { mimeType, fileName, byteSize, bytes }) {
      const boundary = randomUUID()
      const field = (name: string, value: string) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
      const head = Buffer.from(`${field('messaging_product', 'whatsapp')}${field('type', mimeType)}--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${fileName}"\r\ncontent-type: ${mimeType}\r\n\r\n`)
      const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
      // A form that is made by hand, so that a large file is never in memory as a whole.
      const body = Readable.toWeb(Readable.from(inOrder(head, bytes, tail), { objectMode: false })) as unknown as BodyInit
      const length = String(head.length + byteSize + tail.length)
      return ask(
        `${apiUrl}/${apiVersion}/${phoneNumberId}/media`,
        { method: 'POST', headers: { ...headers, 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': length }, body, duplex: 'half', signal: AbortSignal.timeout(FILE_TIMEOUT_MS) },
        (json) => Uploaded.safeParse(json).data?.id ?? null,
      )
    },
    lookUp: (phoneNumberId, mediaId) =>
      ask(`${apiUrl}/${apiVersion}/${mediaId}?${new URLSearchParams({ phone_number_id: phoneNumberId }).toString()}`, { headers }, (json) => {
        const found = Media.safeParse(json).data
        return found === undefined ? null : { url: found.url, sha256: found.sha256, byteSize: found.file_size }
      }),
    async download(url, signal) {
      const { origin, protocol, hostname } = new URL(url)
      if (origin !== new URL(apiUrl).origin && (protocol !== 'https:' || !FILE_HOSTS.test(hostname))) return { kind: 'unknown', detail: `${hostname} is no address of Meta’s.` }
      try {
        const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(FILE_TIMEOUT_MS)]) })
        if (response.status === 200 && response.body !== null) return { kind: 'accepted', value: Readable.fromWeb(response.body as ReadableStream) }
        await response.body?.cancel()
        return { kind: 'unknown', detail: `HTTP ${response.status}` }
      } catch (error) {
        return { kind: 'unknown', detail: codeOf(error) }
      }
    },
    async listTemplates() {
      const found: TemplateListed[] = []
      let after: string | undefined
      do {
        const query = new URLSearchParams({ fields: 'name,language,status,category,components', limit: '100', ...(after === undefined ? {} : { after }) })
        const page = await ask(`${apiUrl}/${apiVersion}/${wabaId}/message_templates?${query.toString()}`, { headers }, (json) => TemplatePage.safeParse(json).data ?? null)
        if (page.kind !== 'accepted') throw new Error(`Meta did not list its templates: ${page.kind === 'error' ? `${page.error.code} ${page.error.message ?? ''}` : page.detail}`)
        for (const { components, ...template } of page.value.data) {
          const body = components.find(({ type }) => type.toUpperCase() === 'BODY')?.text ?? ''
          found.push({ ...template, body, parameterCount: new Set(body.match(/\{\{\s*\w+\s*\}\}/g)).size })
        }
        after = page.value.paging?.next === undefined ? undefined : page.value.paging.cursors?.after
      } while (after !== undefined)
      return found
    },
  }
}

/** Only what is of Meta's own shape says what happened: anything else comes from something in between. */
async function ask<T>(url: string, init: RequestInit & { duplex?: 'half' }, read: (json: unknown) => T | null): Promise<Answered<T>> {
  let response: Response
  let text: string
  try {
    // The token goes nowhere else.
    response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), ...init })
    text = await response.text()
  } catch (error) {
    const code = codeOf(error)
    return NEVER_SENT.has(code) ? { kind: 'unreachable', detail: code } : { kind: 'unknown', detail: code }
  }
  const json = parse(text)
  const value = response.ok ? read(json) : null
  if (value !== null) return { kind: 'accepted', value }
  const error = readErrorAnswer(json)
  return error === null ? { kind: 'unknown', detail: `HTTP ${response.status}` } : { kind: 'error', error, httpStatus: response.status }
}

async function* inOrder(head: Buffer, bytes: Readable, tail: Buffer): AsyncGenerator<Uint8Array> {
  yield head
  yield* bytes as AsyncIterable<Uint8Array>
  yield tail
}

function codeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; errors?: { code?: string }[] } }
  return cause?.code ?? cause?.errors?.[0]?.code ?? name ?? 'Error'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
