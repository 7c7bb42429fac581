import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ADA, ask, codeOf, message, post, start, upload } from './asks.ts'

const HOUR = 3600_000

describe('files', () => {
  test('are uploaded, sent, looked up and fetched, for five minutes by one address', async () => {
    const { meta } = await start({ window: 'off' })
    const bytes = Buffer.from('not really a picture')
    const id = String((await upload(meta, bytes, 'image/png')).body.id)
    expect(await post(meta, message({ type: 'image', image: { id } }))).toMatchObject({ status: 200 })
    expect(codeOf(await post(meta, message({ type: 'video', video: { id } })))).toEqual([400, 131053])
    const found = await ask(meta, `/v24.0/${id}?phone_number_id=${meta.phoneNumberId}`)
    expect(found.body).toMatchObject({ id, mime_type: 'image/png', file_size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    const fetchIt = (token = meta.accessToken) => fetch(String(found.body.url), { headers: { authorization: `Bearer ${token}` } })
    expect(Buffer.from(await (await fetchIt()).arrayBuffer())).toEqual(bytes)
    expect((await fetchIt('another')).status).toBe(401)
    meta.advance(5 * 60_000 + 1)
    expect((await fetchIt()).status).toBe(404)
    expect(await ask(meta, `/v24.0/${id}`, { method: 'DELETE' })).toEqual({ status: 200, body: { success: true } })
    expect(codeOf(await ask(meta, `/v24.0/${id}`))).toEqual([400, 100])
  })

  test('of a customer come with their hash, and are there for seven days', async () => {
    const { meta, receiver } = await start()
    const bytes = Buffer.from('a voice')
    meta.customer({ phone: ADA }).sends('audio', { bytes, mimeType: 'audio/ogg; codecs=opus' })
    await meta.flush()
    const [item] = receiver.items()
    if (item?.kind !== 'MESSAGE' || item.content.kind !== 'AUDIO') throw new Error('expected a voice message')
    const { id, url, sha256, voice } = item.content.media
    expect({ sha256, voice }).toEqual({ sha256: createHash('sha256').update(bytes).digest('base64'), voice: true })
    expect(await (await fetch(String(url), { headers: { authorization: `Bearer ${meta.accessToken}` } })).text()).toBe('a voice')
    meta.advance(7 * 24 * HOUR + 1)
    expect(codeOf(await ask(meta, `/v24.0/${id}`))).toEqual([400, 100])
  })

  test('of a customer may be told by id alone, as they were for long', async () => {
    const { meta, receiver } = await start()
    meta.customer({ phone: ADA }).sends('image', { bytes: Buffer.from('x'), mimeType: 'image/png', withUrl: false })
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ content: { kind: 'IMAGE', media: { id: expect.stringMatching(/^\d+$/) as string, url: null } } }])
  })
})

describe('lists', () => {
  test('of templates come in pages, by status and by fields', async () => {
    const { meta } = await start({ templates: Array.from({ length: 7 }, (_, index) => ({ name: `t${index}` })) })
    const names: string[] = []
    let next: string | undefined = `/v24.0/${meta.wabaId}/message_templates?limit=3&fields=name,status`
    while (next !== undefined) {
      const { body } = await ask(meta, next)
      const { data, paging } = body as unknown as { data: { id: string; name: string; status: string }[]; paging?: { next?: string } }
      expect(data.length).toBeLessThanOrEqual(3)
      expect(Object.keys(data[0] ?? {}).sort()).toEqual(['id', 'name', 'status'])
      names.push(...data.map(({ name }) => name))
      next = paging?.next
    }
    expect(names).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6'])
    expect((await ask(meta, `/v24.0/${meta.wabaId}/message_templates?status=PAUSED`)).body).toEqual({ data: [] })
    expect(codeOf(await ask(meta, `/v24.0/${meta.wabaId}/message_templates?after=x`))).toEqual([400, 100])
  })

  test('of phone numbers name them', async () => {
    const { meta } = await start({ phoneNumbers: [{ id: '21', display: '+1 555-000-1111', name: 'Shop' }, { id: '22', display: '+49 30 1', name: 'Laden' }] })
    expect((await ask(meta, `/v24.0/${meta.wabaId}/phone_numbers`)).body).toMatchObject({ data: [{ id: '21', display_phone_number: '+1 555-000-1111', verified_name: 'Shop' }, { id: '22' }] })
    expect((await ask(meta, '/v24.0/22')).body).toMatchObject({ id: '22', verified_name: 'Laden' })
  })
})
