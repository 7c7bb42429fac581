import { afterEach } from 'vitest'
import { startReceiver } from './receiver.ts'
import type { Receiver } from './receiver.ts'
import { startSimulator } from './simulator/simulator.ts'
import type { Simulator } from './simulator/simulator.ts'
import type { SimulatorOptions } from './simulator/types.ts'

// How tests of the simulator ask it, as Parley will.

export const ADA = '14155550123'
const opened: { close(): Promise<void> }[] = []
/** Ended after the test. */
export function closing<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one)
  return one
}

afterEach(async () => { for (const one of opened.splice(0).reverse()) await one.close() })

/** A simulator whose webhooks go to a receiver, without limits of speed unless asked for. */
export async function start(options: SimulatorOptions = {}): Promise<{ meta: Simulator; receiver: Receiver }> {
  const meta = closing(await startSimulator({ limits: null, ...options }))
  const receiver = closing(await startReceiver(meta))
  await meta.connect(receiver.url)
  return { meta, receiver }
}

export type Answer = { status: number; body: { error?: { code: number; message: string; type: string; error_data?: { details: string }; fbtrace_id: string }; messages?: { id: string }[]; id?: string } & Record<string, unknown> }

export async function ask(meta: Simulator, path: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(path.startsWith('http') ? path : `${meta.url}${path}`, { ...init, headers: { authorization: `Bearer ${meta.accessToken}`, ...(init.headers as Record<string, string>) } })
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

export const post = (meta: Simulator, body: object, path = `/v24.0/${meta.phoneNumberId}/messages`) => ask(meta, path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
export const message = (said: object) => ({ messaging_product: 'whatsapp', to: ADA, ...said })
export const text = (body: string, more: object = {}) => message({ type: 'text', text: { body }, ...more })
export const codeOf = ({ status, body }: Answer) => [status, body.error?.code]

export const idOf = ({ body }: Answer) => {
  const id = body.messages?.[0]?.id
  if (id === undefined) throw new Error(JSON.stringify(body))
  return id
}

export function upload(meta: Simulator, bytes: Uint8Array, type: string, more: Record<string, string> = { messaging_product: 'whatsapp' }): Promise<Answer> {
  const form = new FormData()
  for (const [key, value] of Object.entries(more)) form.set(key, value)
  form.set('type', type)
  form.set('file', new Blob([new Uint8Array(bytes)], { type }), 'a.file')
  return ask(meta, `/v24.0/${meta.phoneNumberId}/media`, { method: 'POST', body: form })
}

export const TEMPLATES: SimulatorOptions['templates'] = [
  { name: 'plain' },
  { name: 'order', components: [{ type: 'BODY', text: 'Hello {{1}}, order {{2}} is on its way.' }] },
  { name: 'paused', status: 'PAUSED' },
  { name: 'disabled', status: 'DISABLED' },
  { name: 'pictured', components: [{ type: 'HEADER', format: 'IMAGE' }, { type: 'BODY', text: 'Look' }] },
]

export function template(name: string, more: object = {}): object {
  return message({ type: 'template', template: { name, language: { code: 'en_US' }, ...more } })
}

export function buttons(...titles: string[]): object {
  return { type: 'button', body: { text: 'Which?' }, action: { buttons: titles.map((title, index) => ({ type: 'reply', reply: { id: String(index), title } })) } }
}
