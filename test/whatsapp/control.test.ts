import { describe, expect, test } from 'vitest'
import { ADA, closing, codeOf, post, text } from './asks.ts'
import { startReceiver } from './receiver.ts'
import { startSimulator } from './simulator/simulator.ts'
import type { Simulator } from './simulator/simulator.ts'

describe('from outside', () => {
  const control = async (meta: Simulator, method: string, path: string, body?: object) => {
    const answer = await fetch(`${meta.url}/_simulator/${path}`, { method, headers: { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  test('customers, rules and delivery are commanded by JSON', async () => {
    const meta = await startSimulator()
    closing(meta)
    const receiver = await startReceiver(meta)
    closing(receiver)
    expect((await control(meta, 'POST', 'connect', { url: receiver.url })).status).toBe(200)
    expect((await control(meta, 'POST', 'customers', { phone: ADA, name: 'Ada' })).body).toMatchObject({ phone: ADA, name: 'Ada' })
    const { id } = (await control(meta, 'POST', `customers/${ADA}/writes`, { text: 'hi' })).body
    await control(meta, 'POST', `customers/${ADA}/sends`, { kind: 'image', data: 'eA==', mimeType: 'image/png', caption: 'x' })
    await control(meta, 'POST', `customers/${ADA}/habits`, { reads: true })
    await control(meta, 'POST', 'rules', { match: { contains: 'fail' }, effect: { error: 131000 } })
    expect(codeOf(await post(meta, text('fail')))).toEqual([500, 131000])
    await post(meta, text('hello'))
    await control(meta, 'POST', 'flush', {})
    expect(receiver.items().map((item) => (item.kind === 'STATUS' ? item.status : item.kind))).toEqual(['MESSAGE', 'MESSAGE', 'SENT', 'DELIVERED', 'READ'])
    const state = (await control(meta, 'GET', 'state')).body
    expect(state).toMatchObject({ webhook: receiver.url, waiting: 0, settings: { WHATSAPP_API_URL: meta.url }, customers: [{ phone: ADA, lines: [{ id, from: 'customer' }, { type: 'image' }, { from: 'business', text: 'hello', statuses: ['sent', 'delivered', 'read'] }] }] })
    expect((await control(meta, 'GET', 'accepted')).body).toHaveLength(1)
  })

  test.each([
    ['POST', `customers/${ADA}/flies`, {}, 404],
    ['POST', `customers/${ADA}/writes`, { text: '' }, 400],
    ['POST', `customers/${ADA}/writes`, { words: 'x' }, 400],
    ['GET', 'nothing', undefined, 404],
    ['POST', 'rules', { effect: { error: 'x' } }, 400],
    ['POST', 'connect', { url: 'http://127.0.0.1:1/' }, 400],
  ])('%s %s %j is answered with an explanation', async (method, path, body, status) => {
    const meta = await startSimulator()
    closing(meta)
    const answer = await control(meta, method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toEqual(expect.any(String))
  })

  test('another page cannot play the customer by a form', async () => {
    const meta = await startSimulator()
    closing(meta)
    const answer = await fetch(`${meta.url}/_simulator/customers/${ADA}/writes`, { method: 'POST', body: '{"text":"hi"}', headers: { 'content-type': 'text/plain' } })
    expect(answer.status).toBe(400)
    expect(meta.received).toEqual([])
  })

  test('there is a page for people', async () => {
    const meta = await startSimulator()
    closing(meta)
    const page = await fetch(meta.url)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('<title>WhatsApp simulator</title>')
  })
})
