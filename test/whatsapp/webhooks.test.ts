import { describe, expect, test } from 'vitest'
import { ADA, closing, codeOf, idOf, post, start, template, TEMPLATES, text } from './asks.ts'
import { startReceiver } from './receiver.ts'
import { startSimulator } from './simulator/simulator.ts'

describe('webhooks', () => {
  test('begin with a handshake, and not without', async () => {
    const meta = await startSimulator()
    closing(meta)
    const stranger = await startReceiver({ appSecret: 'x', verifyToken: 'another' })
    closing(stranger)
    await expect(meta.connect(stranger.url)).rejects.toThrow('handshake')
    meta.customer({ phone: ADA }).writes('hi')
    await meta.flush()
    expect(stranger.posts).toEqual([])
  })

  test('are signed over the bytes, in Meta’s spelling', async () => {
    const { meta, receiver } = await start()
    meta.customer({ phone: ADA, name: 'Jürgen 🙂' }).writes('Grüße/🙂')
    await meta.flush()
    expect(receiver.posts).toMatchObject([{ signed: true, items: [{ person: { name: 'Jürgen 🙂' }, content: { text: 'Grüße/🙂' } }] }])
    const body = receiver.posts[0]?.body.toString() ?? ''
    expect(body).toContain('Gr\\u00fc\\u00dfe\\/\\ud83d\\ude42')
  })

  test('carry up to a thousand, in order', async () => {
    const { meta, receiver } = await start({ delivery: { hold: true } })
    const ada = meta.customer({ phone: ADA })
    const ids = Array.from({ length: 2500 }, (_, index) => ada.writes(`${index}`))
    await meta.flush()
    expect(receiver.posts.map(({ items }) => items.length)).toEqual([1000, 1000, 500])
    expect(receiver.items().map((item) => ('id' in item ? item.id : null))).toEqual(ids)
  })

  test('come again, shuffled and in batches by chance, as they are told to', async () => {
    const { meta, receiver } = await start({ seed: 7, delivery: { hold: true, repeats: 5, shuffle: true, batch: 40 } })
    const ada = meta.customer({ phone: ADA })
    const ids = Array.from({ length: 300 }, (_, index) => ada.writes(`${index}`))
    await meta.flush()
    const came = receiver.items().map((item) => ('id' in item ? item.id : ''))
    expect(came.toSorted()).toEqual(ids.flatMap((id) => [id, id, id, id, id]).toSorted())
    expect(came.slice(0, 300)).not.toEqual(ids)
    const sizes = receiver.posts.map(({ items }) => items.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40)
    expect(new Set(sizes).size).toBeGreaterThan(5)
    expect(receiver.posts.some(({ items }) => items.some((item) => item.path.startsWith('entry.1')))).toBe(true)
  })

  test('that are not taken come again, and nothing overtakes them', async () => {
    const { meta, receiver } = await start({ delivery: { batch: 2, retry: { firstMs: 1, factor: 1, attempts: 5 } } })
    receiver.answerWith(500, 0, 302)
    const ada = meta.customer({ phone: ADA })
    const ids = ['a', 'b', 'c', 'd', 'e'].map((body) => ada.writes(body))
    await meta.flush()
    expect(receiver.items().map((item) => ('id' in item ? item.id : null))).toEqual(ids)
    expect(meta.webhooks.posted.map(({ status, attempt }) => [status, attempt])).toEqual([[500, 1], [null, 2], [302, 3], [200, 4], [200, 1], [200, 1]])
  })

  test('of their own making, signed falsely or not at all, can be sent too', async () => {
    const { meta, receiver } = await start()
    expect(await meta.webhooks.postRaw('{"entry":[]}')).toBe(200)
    expect(await meta.webhooks.postRaw('{}', { signature: null })).toBe(200)
    expect(await meta.webhooks.postRaw('{}', { signature: 'sha256=00' })).toBe(200)
    expect(receiver.posts.map(({ signed }) => signed)).toEqual([true, false, false])
  })
})

describe('a customer', () => {
  test('does all that customers do', async () => {
    const { meta, receiver } = await start({ delivery: { hold: true } })
    const ada = meta.customer({ phone: ADA, name: 'Ada Example', username: 'ada.ex' })
    const first = ada.writes('Is it in stock?')
    const ours = idOf(await post(meta, text('Yes')))
    const file = { bytes: Buffer.from('x'), mimeType: 'image/png' }
    for (const kind of ['image', 'video', 'audio', 'document', 'sticker'] as const) ada.sends(kind, { ...file, caption: kind === 'image' ? 'front' : undefined })
    ada.sharesPlace({ latitude: 52.52, longitude: 13.4, name: 'Shop' })
    ada.sharesContacts([{ name: 'Bo Lee', phone: '+1 415 555 0199' }])
    ada.reacts(ours, '👍')
    ada.takesReactionBack(ours)
    ada.takesReactionBack(ours, 'missing')
    ada.taps(ours, { id: 'y', title: 'Yes' })
    ada.picks(ours, { id: 'm', title: 'M' })
    ada.tapsQuickReply(ours, { payload: 'Y', text: 'Yes' })
    ada.writes('this one', { replyTo: ours, forwarded: true })
    ada.edits(first, 'Is it in stock in blue?')
    ada.revokes(first)
    ada.sendsUnsupported('poll')
    ada.does({ type: 'hologram', hologram: {} })
    ada.changesPhone()
    ada.changesUserId('US.77777777')
    ada.changesNumber('14155550177')
    meta.tellEcho(ada, 'from my own phone')
    await meta.flush()
    expect(receiver.posts.every(({ signed }) => signed)).toBe(true)
    expect(receiver.items().map((item) => (item.kind === 'MESSAGE' || item.kind === 'ECHO' ? item.content.kind : item.kind))).toEqual([
      ...['TEXT', 'STATUS', 'STATUS', 'IMAGE', 'VIDEO', 'AUDIO', 'FILE', 'STICKER', 'LOCATION', 'CONTACTS', 'REACTION', 'REACTION', 'REACTION'],
      ...['CHOICE', 'CHOICE', 'CHOICE', 'TEXT', 'EDIT', 'REVOKE', 'UNSUPPORTED', 'UNSUPPORTED', 'IDENTITY_CHANGED', 'NUMBER_CHANGED', 'NUMBER_CHANGED', 'TEXT'],
    ])
    expect(receiver.items().at(-1)).toMatchObject({ kind: 'ECHO', person: { phone: '14155550177', userId: 'US.77777777' } })
    expect(receiver.items().find((item) => item.kind === 'MESSAGE' && item.forwarded)).toMatchObject({ replyTo: { id: ours, from: '15550001111' }, person: { name: 'Ada Example', username: 'ada.ex' } })
  })

  test('reads and answers when they are so inclined, and gets what came while away', async () => {
    const { meta } = await start()
    const ada = meta.customer({ phone: ADA })
    ada.writes('hi')
    ada.goesAway()
    await post(meta, text('Are you there?'))
    expect(meta.accepted[0]?.statuses).toEqual(['sent'])
    ada.habits = { ...ada.habits, reads: true, answers: ({ text }) => (text.endsWith('?') ? 'Yes' : null) }
    ada.comesBack()
    expect(meta.accepted[0]?.statuses).toEqual(['sent', 'delivered', 'read'])
    expect(meta.received.at(-1)?.message).toMatchObject({ text: { body: 'Yes' } })
    expect((await meta.accepts(({ text }) => text === 'Are you there?')).to).toBe(ADA)
  })

  test('statuses come as a rule says', async () => {
    const { meta, receiver } = await start({ window: 'off' })
    meta.rule({ effect: { statuses: ['read', 'failed', 'sent', 'delivered'], code: 131026 } })
    await post(meta, text('x'))
    await meta.flush()
    expect(receiver.items().map((item) => (item.kind === 'STATUS' ? item.status : null))).toEqual(['READ', 'FAILED', 'SENT', 'DELIVERED'])
  })

  test('a template’s new status is told', async () => {
    const { meta, receiver } = await start({ templates: TEMPLATES })
    meta.setTemplateStatus('order', 'en_US', 'PAUSED')
    await meta.flush()
    expect(receiver.items()).toMatchObject([{ kind: 'TEMPLATE_STATUS', name: 'order', language: 'en_US', event: 'PAUSED' }])
    expect(codeOf(await post(meta, template('order')))).toEqual([400, 132015])
  })
})
