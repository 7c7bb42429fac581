import { describe, expect, test } from 'vitest'
import { TREATMENTS } from '../../src/whatsapp/errors.ts'
import { ADA, codeOf, post, start, template, TEMPLATES, text } from './asks.ts'
import { ERROR_CODES } from './simulator/simulator.ts'

const HOUR = 3600_000

describe('errors', () => {
  test.each(ERROR_CODES)('%d can be answered, and told by a status', async (code) => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ times: 1, effect: { error: code, details: 'as asked' } })
    const answer = await post(meta, text('now'))
    expect(answer.body.error).toMatchObject({ code, error_data: { messaging_product: 'whatsapp', details: 'as asked' } })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    meta.rule({ effect: { fails: code } })
    expect(await post(meta, text('later', { biz_opaque_callback_data: 'msg_2' }))).toMatchObject({ status: 200 })
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'STATUS', status: 'FAILED', callbackData: 'msg_2', errors: [{ code }] }])
  })

  test('are known here by every code that has a treatment', () => {
    const here = new Set(ERROR_CODES)
    expect([...TREATMENTS.keys()].filter((code) => !here.has(code) && !(code > 200 && code < 299))).toEqual([])
    expect(ERROR_CODES.filter((code) => !TREATMENTS.has(code))).toEqual([])
  })

  test('belong to the requests that a rule is about, for as often as it says', async () => {
    const { meta } = await start({ window: 'off' })
    const end = meta.rule({ match: { to: ADA, type: 'text', contains: 'now' }, times: 2, effect: { error: 131016 } })
    const codes = async (...bodies: object[]) => Promise.all(bodies.map(async (body) => (await post(meta, body)).body.error?.code ?? null))
    expect(await codes(text('later'), text('now', { to: '14155550199' }))).toEqual([null, null])
    expect([await codes(text('now')), await codes(text('now')), await codes(text('now'))]).toEqual([[131016], [131016], [null]])
    end()
  })

  test('by chance hit the same messages from the same seed, whatever comes first', async () => {
    const hit = async (order: number[]) => {
      const { meta } = await start({ window: 'off', seed: 3 })
      meta.rule({ chance: 0.3, effect: { error: 130429 } })
      const hits: number[] = []
      for (const number of order) if ((await post(meta, text('x', { biz_opaque_callback_data: `msg_${number}` }))).status !== 200) hits.push(number)
      return hits.toSorted((one, other) => one - other)
    }
    const order = Array.from({ length: 60 }, (_, index) => index)
    const first = await hit(order)
    expect(first.length).toBeGreaterThan(8)
    expect(first.length).toBeLessThan(30)
    expect(await hit(order.toReversed())).toEqual(first)
  })

  test('of the line: cut after or before the message was taken, or answered by something else', async () => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ match: { callbackData: 'taken' }, times: 1, effect: { cut: 'accepted' } })
    meta.rule({ match: { callbackData: 'lost' }, times: 1, effect: { cut: 'refused' } })
    meta.rule({ match: { callbackData: 'odd' }, times: 1, effect: { answer: 502, body: '<h1>Bad Gateway</h1>', accepted: true } })
    for (const callbackData of ['taken', 'lost']) await expect(post(meta, text('x', { biz_opaque_callback_data: callbackData }))).rejects.toThrow('fetch failed')
    await expect(post(meta, text('x', { biz_opaque_callback_data: 'odd' }))).rejects.toThrow('JSON')
    expect(meta.accepted.map(({ callbackData, answered }) => [callbackData, answered])).toEqual([['taken', false], ['odd', false]])
    await meta.flush()
    expect(receiver.items().flatMap((item) => (item.kind === 'STATUS' ? [`${item.callbackData ?? ''} ${item.status}`] : []))).toEqual(['taken SENT', 'taken DELIVERED', 'odd SENT', 'odd DELIVERED'])
    expect(meta.doubles()).toEqual([])
    await post(meta, text('x', { biz_opaque_callback_data: 'taken' }))
    expect(meta.doubles()).toEqual(['taken'])
  })

  test('that belong to no message are told on their own', async () => {
    const { meta, receiver } = await start()
    meta.tellError(131031, 'locked')
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'ERROR', error: { code: 131031, details: 'locked' } }])
  })
})

describe('limits', () => {
  test('hold for a number, and for two who write to each other', async () => {
    const { meta } = await start({ window: 'off', limits: { perSecond: 80, pair: { burst: 3, everyMs: 6000 } } })
    meta.stopClock()
    const codes = async (...recipients: string[]) => {
      const found: (number | null)[] = []
      for (const to of recipients) found.push((await post(meta, text('x', { to }))).body.error?.code ?? null)
      return found
    }
    expect(await codes(ADA, ADA, ADA, ADA, '14155550199')).toEqual([null, null, null, 131056, null])
    meta.advance(6000)
    expect(await codes(ADA, ADA)).toEqual([null, 131056])
    meta.advance(1000)
    const many = await codes(...Array.from({ length: 82 }, (_, index) => String(20_000_000 + index)))
    expect(many.map((code) => code ?? 'taken')).toEqual([...Array<string>(80).fill('taken'), 130429, 130429])
  })

  test('of the 24 hours: what is no template fails outside of them', async () => {
    const { meta, receiver } = await start({ templates: TEMPLATES })
    const ada = meta.customer({ phone: ADA })
    const last = async (body: object) => {
      await post(meta, body)
      await meta.flush()
      return receiver.items().at(-1)
    }
    expect(await last(text('before'))).toMatchObject({ status: 'FAILED', errors: [{ code: 131047 }] })
    ada.writes('hi')
    expect(await last(text('within'))).toMatchObject({ status: 'DELIVERED' })
    meta.advance(24 * HOUR + 1)
    expect(await last(text('after'))).toMatchObject({ status: 'FAILED' })
    expect(await last(template('plain'))).toMatchObject({ status: 'DELIVERED' })
  })

  test('of the 24 hours can be told at once', async () => {
    const { meta } = await start({ window: 'answer' })
    expect(codeOf(await post(meta, text('before')))).toEqual([400, 131047])
  })
})
