import { z } from 'zod'
import type { WhatsAppSettings } from '../config.ts'
import { readErrorAnswer } from './payload-error.ts'
import type { ApiError } from './payload-error.ts'
import type { TemplateListed } from './templates.ts'

/** Longer than this nobody waits for Meta. What it did by then is not known. */
const TIMEOUT_MS = 20_000
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
  /** @throws where Meta does not answer them. */
  listTemplates(): Promise<TemplateListed[]>
}

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
async function ask<T>(url: string, init: RequestInit, read: (json: unknown) => T | null): Promise<Answered<T>> {
  let response: Response
  let text: string
  try {
    // The token goes nowhere else.
    response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
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
