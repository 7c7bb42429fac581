import { describe, expect, test } from 'vitest'
import { ADA, ask, buttons, codeOf, idOf, message, post, start, template, TEMPLATES, text, upload } from './asks.ts'
import type { Answer } from './asks.ts'
import type { Simulator } from './simulator/simulator.ts'

describe('a request', () => {
  const refused: [string, number, number, (meta: Simulator) => Promise<Answer>][] = [
    ['without a token', 401, 104, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', headers: { authorization: '' } })],
    ['with another token', 401, 190, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', headers: { authorization: 'Bearer x' } })],
    ['without a version', 400, 2500, (meta) => post(meta, text('hi'), `/${meta.phoneNumberId}/messages`)],
    ['of another number', 400, 100, (meta) => post(meta, text('hi'), '/v24.0/999/messages')],
    ['to another edge', 400, 100, (meta) => post(meta, text('hi'), `/v24.0/${meta.phoneNumberId}/letters`)],
    ['that is no JSON', 400, 100, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })],
    ['of another content type', 400, 100, (meta) => ask(meta, `/v24.0/${meta.phoneNumberId}/messages`, { method: 'POST', body: JSON.stringify(text('hi')), headers: { 'content-type': 'text/plain' } })],
    ['without the product', 400, 100, (meta) => post(meta, { to: ADA, type: 'text', text: { body: 'hi' } })],
    ['without a recipient', 400, 100, (meta) => post(meta, { messaging_product: 'whatsapp', type: 'text', text: { body: 'hi' } })],
    ['to no number', 400, 131009, (meta) => post(meta, text('hi', { to: 'ada' }))],
    ['to the number itself', 400, 131021, (meta) => post(meta, text('hi', { to: '15550001111' }))],
    ['of an unknown type', 400, 131009, (meta) => post(meta, message({ type: 'poll', poll: {} }))],
    ['without its part', 400, 131008, (meta) => post(meta, message({ type: 'image' }))],
    ['without a text', 400, 131008, (meta) => post(meta, message({ type: 'text', text: {} }))],
    ['with an empty text', 400, 100, (meta) => post(meta, text(''))],
    ['with a text that is too long', 400, 100, (meta) => post(meta, text('x'.repeat(4097)))],
    ['with a part of another type', 400, 100, (meta) => post(meta, text('hi', { image: { link: 'https://a.example/b.png' } }))],
    ['with a member that nobody knows', 400, 100, (meta) => post(meta, message({ type: 'text', text: { body: 'hi', colour: 'red' } }))],
    ['with too much to give back', 400, 131009, (meta) => post(meta, text('hi', { biz_opaque_callback_data: 'ü'.repeat(257) }))],
    ['that answers what is not there', 400, 131009, (meta) => post(meta, text('hi', { context: { message_id: 'wamid.NOBODY' } }))],
    ['with a file both ways', 400, 131009, (meta) => post(meta, message({ type: 'image', image: { id: '1', link: 'https://a.example/b.png' } }))],
    ['with a file that was never uploaded', 400, 131009, (meta) => post(meta, message({ type: 'image', image: { id: '1' } }))],
    ['with a caption on a sticker', 400, 100, (meta) => post(meta, message({ type: 'sticker', sticker: { link: 'https://a.example/b.webp', caption: 'x' } }))],
    ['with a place off the globe', 400, 131009, (meta) => post(meta, message({ type: 'location', location: { latitude: 91, longitude: 0 } }))],
    ['with a nameless contact', 400, 131008, (meta) => post(meta, message({ type: 'contacts', contacts: [{ phones: [] }] }))],
    ['with a reaction to nothing', 400, 131009, (meta) => post(meta, message({ type: 'reaction', reaction: { message_id: 'wamid.NOBODY', emoji: '👍' } }))],
    ['with four buttons', 400, 100, (meta) => post(meta, message({ type: 'interactive', interactive: buttons('a', 'b', 'c', 'd') }))],
    ['with two buttons alike', 400, 131009, (meta) => post(meta, message({ type: 'interactive', interactive: buttons('a', 'a') }))],
    ['with a template that is not there', 404, 132001, (meta) => post(meta, template('none'))],
    ['with a template in another language', 404, 132001, (meta) => post(meta, template('order', { language: { code: 'de' } }))],
    ['with too few values', 400, 132000, (meta) => post(meta, template('order'))],
    ['with a paused template', 400, 132015, (meta) => post(meta, template('paused'))],
    ['with a disabled template', 400, 132016, (meta) => post(meta, template('disabled'))],
    ['with a value of another kind', 400, 132012, (meta) => post(meta, template('pictured', { components: [{ type: 'header', parameters: [{ type: 'text', text: 'x' }] }] }))],
    ['that marks what was never received', 400, 131009, (meta) => post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.NOBODY' })],
    ['that shows typing in another way', 400, 131009, (meta) => post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.NOBODY', typing_indicator: { type: 'voice' } })],
    ['with a file of a kind that WhatsApp does not take', 400, 100, (meta) => upload(meta, Buffer.from('x'), 'application/zip')],
    ['with a picture that is too large', 400, 131053, (meta) => upload(meta, Buffer.alloc(5 * 1024 * 1024 + 1), 'image/png')],
    ['with a file for no product', 400, 100, (meta) => upload(meta, Buffer.from('x'), 'image/png', {})],
    ['for a file that is not there', 400, 100, (meta) => ask(meta, '/v24.0/3000000009999')],
  ]
  test.each(refused)('%s is refused with %d and %d', async (_what, status, code, send) => {
    const { meta } = await start({ templates: TEMPLATES })
    const answer = await send(meta)
    expect(codeOf(answer)).toEqual([status, code])
    expect(answer.body.error).toMatchObject({ type: expect.stringMatching(/^(OAuth|GraphMethod)Exception$/) as string, message: expect.any(String) as string, fbtrace_id: expect.any(String) as string })
    expect(meta.accepted).toEqual([])
    expect(meta.refused).toHaveLength(1)
  })

  test.each<[string, object, string]>([
    ['text', { text: { body: 'Yes', preview_url: true } }, 'Yes'],
    ['image', { image: { link: 'https://a.example/b.png', caption: 'Here' } }, '[image] Here'],
    ['video', { video: { link: 'https://a.example/b.mp4' } }, '[video]'],
    ['audio', { audio: { link: 'https://a.example/b.ogg', voice: true } }, '[audio]'],
    ['document', { document: { link: 'https://a.example/b.pdf', filename: 'b.pdf', caption: 'March' } }, '[b.pdf] March'],
    ['sticker', { sticker: { link: 'https://a.example/b.webp' } }, '[sticker]'],
    ['location', { location: { latitude: 52.52, longitude: '13.40', name: 'Shop', address: 'Main St 1' } }, '[place] Shop Main St 1'],
    ['contacts', { contacts: [{ name: { formatted_name: 'Bo Lee', first_name: 'Bo' }, phones: [{ phone: '+1 415 555 0199', type: 'CELL', wa_id: '14155550199' }] }] }, '[contact] Bo Lee'],
    ['interactive', { interactive: { type: 'button', body: { text: 'Shall we?' }, action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] } } }, 'Shall we?'],
    ['interactive', { interactive: { type: 'list', header: { type: 'text', text: 'Sizes' }, body: { text: 'Which?' }, action: { button: 'Choose', sections: [{ rows: [{ id: 'm', title: 'M', description: 'medium' }] }] } } }, 'Which?'],
    ['template', { template: { name: 'order', language: { code: 'en_US' }, components: [{ type: 'body', parameters: [{ type: 'text', text: 'Ada' }, { type: 'text', text: '42' }] }] } }, 'Hello Ada, order 42 is on its way.'],
  ])('to send a %s is taken', async (type, part, seen) => {
    const { meta } = await start({ templates: TEMPLATES })
    meta.customer({ phone: ADA }).writes('hi')
    const answer = await post(meta, message({ recipient_type: 'individual', type, ...part, biz_opaque_callback_data: 'msg_1' }))
    expect(answer).toMatchObject({ status: 200, body: { messaging_product: 'whatsapp', contacts: [{ input: ADA, wa_id: ADA }], messages: [{ id: expect.stringMatching(/^wamid\./) as string }] } })
    expect(meta.accepted).toMatchObject([{ id: idOf(answer), to: ADA, type, text: seen, callbackData: 'msg_1', statuses: ['sent', 'delivered'], answered: true }])
  })

  test('reacts, answers, marks as read and shows typing, to messages that are there', async () => {
    const { meta } = await start()
    const asked = meta.customer({ phone: ADA }).writes('Is it in stock?')
    expect(await post(meta, text('Yes', { context: { message_id: asked } }))).toMatchObject({ status: 200 })
    expect(await post(meta, message({ type: 'reaction', reaction: { message_id: asked, emoji: '👍' } }))).toMatchObject({ status: 200 })
    expect(await post(meta, { messaging_product: 'whatsapp', status: 'read', message_id: asked, typing_indicator: { type: 'text' } })).toEqual({ status: 200, body: { success: true } })
    expect(meta.accepted).toMatchObject([{ replyTo: asked }, { type: 'reaction', statuses: ['sent'] }])
    expect(meta.readMarks).toMatchObject([{ messageId: asked, typing: true }])
  })

  test('reaches a customer whose number nobody knows, by the user id', async () => {
    const { meta, receiver } = await start()
    const cy = meta.customer({ phone: '5511955550188', userId: 'BR.12345678', username: 'cy', hidesPhone: true })
    cy.writes('Oi')
    expect(await post(meta, { messaging_product: 'whatsapp', recipient: 'BR.12345678', type: 'text', text: { body: 'Oi!' } })).toMatchObject({ status: 200, body: { contacts: [{ input: 'BR.12345678', user_id: 'BR.12345678' }] } })
    await meta.flush()
    expect(receiver.items()).toMatchObject([
      { kind: 'MESSAGE', person: { phone: null, userId: 'BR.12345678', username: 'cy' } },
      { kind: 'STATUS', status: 'SENT', recipient: { phone: null, userId: 'BR.12345678' } },
      { kind: 'STATUS', status: 'DELIVERED' },
    ])
  })
})
