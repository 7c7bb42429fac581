import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Client, Untyped } from '../../client.ts'
import { take } from '../../support/events.ts'
import { fetchBytes, sendFiles, upload } from '../../support/files.ts'
import { isoMedia, photo, plain, seen, voice } from '../../support/pictures.ts'
import { succeed } from '../../support/refusal.ts'
import { chatsOf, closing, historyOf, messageOf, refused, stage, until } from './parley.ts'
import type { Stage } from './parley.ts'

const ADA = { phone: '14155550123', name: 'Ada' }
const PDF = Buffer.from('%PDF-1.4\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n')

/** Ada has written, so that she can be answered. */
async function answerable(options: Parameters<typeof stage>[0] = {}) {
  const all = await stage(options)
  const ada = all.meta.customer(ADA)
  ada.writes('hello')
  const [chat] = await chatsOf(all.alice)
  return { ...all, ada, chatId: chat.id as string }
}

/** The file of the newest message, once it has come, or will not. */
async function newestFile(alice: Client, chatId: string): Promise<Untyped> {
  const messages = await historyOf(alice, chatId, (all) => all.length > 1 && all.at(-1).attachments[0]?.state !== 'PENDING')
  return { ...messages.at(-1), file: messages.at(-1).attachments[0] }
}

const waiting = ({ server }: Stage) => server.sql<{ count: number }[]>`select count(*)::int as count from whatsapp_media`

describe('what a customer sends', () => {
  test('a picture is there at once, and its bytes soon: upright, without where it was taken', async () => {
    const all = await answerable()
    const { meta, alice, ada, chatId } = all
    const events = alice.subscribe('subscription { events { cursor events { __typename ... on MessageAdded { message { kind text attachments { kind fileName mimeType } } } ... on MessageChanged { change message { attachments { state width height } } } } } }')
    await take(events, 0)
    ada.sends('image', { bytes: await photo(64, 48), mimeType: 'image/jpeg', caption: 'front' })
    const { events: heard } = await take(events, 2)
    expect(heard).toEqual([
      { __typename: 'MessageAdded', message: { kind: 'IMAGE', text: 'front', attachments: [{ kind: 'IMAGE', fileName: 'image.jpg', mimeType: 'image/jpeg' }] } },
      { __typename: 'MessageChanged', change: 'ATTACHMENTS', message: { attachments: [{ state: 'READY', width: 48, height: 64 }] } },
    ])
    const { file } = await newestFile(alice, chatId)
    const { exif } = await seen(await fetchBytes(file.url as string), (picture) => picture.metadata())
    expect(exif).toBeUndefined()
    expect((await fetchBytes(file.thumbnailUrl as string)).length).toBeGreaterThan(0)
    expect(await waiting(all)).toEqual([{ count: 0 }])
    expect(meta.refused).toEqual([])
  })

  test.each([
    ['document', PDF, 'application/pdf', { filename: 'März.pdf', caption: 'March' }, { kind: 'FILE', text: 'March', file: { kind: 'FILE', fileName: 'März.pdf', mimeType: 'application/pdf' } }],
    ['document', PDF, 'application/pdf', { filename: '../../etc/passwd', withUrl: false }, { kind: 'FILE', text: null, file: { fileName: 'passwd' } }],
    ['audio', voice(), 'audio/ogg; codecs=opus', { voice: true }, { kind: 'AUDIO', text: null, file: { kind: 'AUDIO', fileName: 'audio.ogg', mimeType: 'audio/ogg; codecs=opus' } }],
    ['video', isoMedia('isom', { seconds: 3, width: 320, height: 240 }), 'video/mp4', { caption: 'demo' }, { kind: 'VIDEO', text: 'demo', file: { kind: 'VIDEO', mimeType: 'video/mp4' } }],
  ] as const)('a %s too', async (kind, bytes, mimeType, more, expected) => {
    const { alice, ada, chatId } = await answerable()
    ada.sends(kind, { bytes, mimeType, ...more })
    const newest = await newestFile(alice, chatId)
    expect(newest).toMatchObject({ ...expected, file: { ...expected.file, state: 'READY', byteSize: bytes.length } })
    expect(await fetchBytes(newest.file.url as string)).toEqual(bytes)
  })

  test('a sticker too', async () => {
    const { alice, ada, chatId } = await answerable()
    ada.sends('sticker', { bytes: await plain('webp'), mimeType: 'image/webp' })
    expect(await newestFile(alice, chatId)).toMatchObject({ kind: 'STICKER', file: { kind: 'IMAGE', state: 'READY', mimeType: 'image/webp', width: 64 } })
  })

  test('is fetched again where it came broken, and where Meta was away', async () => {
    const { meta, alice, ada, chatId } = await answerable()
    meta.rule({ match: { endpoint: 'download' }, times: 1, effect: { answer: 200, body: 'something else', accepted: false } })
    meta.rule({ match: { endpoint: 'lookup' }, times: 1, effect: { error: 131016 } })
    ada.sends('document', { bytes: PDF, mimeType: 'application/pdf' })
    expect((await newestFile(alice, chatId)).file).toMatchObject({ state: 'READY', byteSize: PDF.length })
  })

  test('waits while the token is bad, however often that is', async () => {
    const { meta, alice, ada, chatId, server } = await answerable({ pace: 0.001 })
    meta.rule({ match: { endpoint: 'lookup' }, times: 6, effect: { error: 190 } })
    ada.sends('document', { bytes: PDF, mimeType: 'application/pdf' })
    expect((await newestFile(alice, chatId)).file).toMatchObject({ state: 'READY' })
    expect(await server.sql`select from whatsapp_media`).toEqual([])
  })

  test('is given up where its bytes are never those that were told', async () => {
    const all = await answerable({ pace: 0.001 })
    const { meta, alice, ada, chatId } = all
    const { id } = meta.media.keep({ bytes: PDF, mimeType: 'application/pdf', filename: 'a.pdf', phoneNumberId: meta.phoneNumberId, from: 'customer' })
    ada.does({ type: 'document', document: { id, mime_type: 'application/pdf', filename: 'a.pdf', sha256: Buffer.alloc(32).toString('base64') } })
    expect((await newestFile(alice, chatId)).file).toMatchObject({ state: 'FAILED', url: null })
    expect(await waiting(all)).toEqual([{ count: 0 }])
  })

  test('is given up where Meta has it no more', async () => {
    const all = await answerable()
    const { meta, alice, ada, chatId } = all
    meta.delivery = { hold: true }
    ada.sends('image', { bytes: await plain('png'), mimeType: 'image/png' })
    meta.advance(7 * 24 * 3600_000 + 1)
    await meta.flush()
    expect(await newestFile(alice, chatId)).toMatchObject({ kind: 'IMAGE', file: { state: 'FAILED', fileName: 'image.png' } })
    expect(await waiting(all)).toEqual([{ count: 0 }])
  })

  test('is not taken where it is too large, whatever Meta says of its size', async () => {
    const { meta, alice, ada, chatId } = await answerable({ settings: { MAX_UPLOAD_BYTES: '1000' } })
    ada.sends('document', { bytes: Buffer.alloc(1001, 'a'), mimeType: 'text/plain' })
    expect((await newestFile(alice, chatId)).file).toMatchObject({ state: 'FAILED' })
    const file = meta.media.keep({ bytes: Buffer.alloc(100_000, 'b'), mimeType: 'text/plain', filename: null, phoneNumberId: meta.phoneNumberId, from: 'customer' })
    meta.rule({ match: { endpoint: 'lookup' }, effect: { answer: 200, body: JSON.stringify({ url: meta.media.address(file, meta.url), id: file.id }), accepted: false } })
    ada.does({ type: 'document', document: { id: file.id, mime_type: 'text/plain', filename: 'b.txt' } })
    await historyOf(alice, chatId, (all) => all.length === 3)
    expect((await newestFile(alice, chatId)).file).toMatchObject({ fileName: 'b.txt', state: 'FAILED' })
  })

  test('is fetched from Meta alone: the token goes to no other address, whoever tells it', async () => {
    const asked: (string | undefined)[] = []
    const evil = createServer((request, response) => { asked.push(request.headers.authorization); response.end('evil') })
    await new Promise<void>((resolve) => { evil.listen(0, '127.0.0.1', resolve) })
    closing({ close: () => new Promise<void>((resolve) => { evil.close(() => { resolve() }) }) })
    const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}/file`
    const { meta, alice, ada, chatId } = await answerable({ pace: 0.001 })

    // The webhook tells another address: nobody asks there, and the file comes from where Meta says.
    const { id } = meta.media.keep({ bytes: PDF, mimeType: 'application/pdf', filename: 'a.pdf', phoneNumberId: meta.phoneNumberId, from: 'customer' })
    ada.does({ type: 'document', document: { id, mime_type: 'application/pdf', filename: 'a.pdf', url } })
    expect((await newestFile(alice, chatId)).file).toMatchObject({ state: 'READY' })

    // Even the look-up does.
    const addresses = [url, url.replace('127.0.0.1', 'localhost'), 'http://169.254.169.254/latest/meta-data', 'https://fbsbx.com.evil.example/x', 'http://lookaside.fbsbx.com/x', 'https://user:word@lookaside.fbsbx.com/x', 'file:///etc/passwd']
    for (const [index, address] of addresses.entries()) {
      meta.rule({ match: { endpoint: 'lookup', contains: `/77${index}` }, effect: { answer: 200, body: JSON.stringify({ url: address, id }), accepted: false } })
      ada.does({ type: 'document', document: { id: `77${index}`, mime_type: 'application/pdf', filename: 'b.pdf' } })
    }
    const messages = await historyOf(alice, chatId, (all) => all.length === 2 + addresses.length && all.slice(1).every(({ attachments }) => attachments[0].state !== 'PENDING'))
    expect(messages.slice(2).map(({ attachments }) => attachments[0].state)).toEqual(addresses.map(() => 'FAILED'))
    expect(asked).toEqual([])
  })

  test('goes with the message when it is taken back', async () => {
    const all = await answerable()
    const { meta, alice, ada, chatId } = all
    meta.rule({ match: { endpoint: 'lookup' }, effect: { error: 131016 } })
    const id = ada.sends('document', { bytes: PDF, mimeType: 'application/pdf' })
    await historyOf(alice, chatId, (messages) => messages.length === 2)
    ada.revokes(id)
    await historyOf(alice, chatId, (messages) => messages[1].deletedAt !== null)
    await until(() => waiting(all), ([row]) => row?.count === 0)
    expect(await all.server.sql`select from attachment`).toEqual([])
  })
})

describe('what an agent sends', () => {
  test('a picture goes up once, and out with its caption', async () => {
    const { meta, alice, chatId } = await answerable()
    const picture = await plain('png')
    meta.rule({ times: 1, effect: { error: 131016 } })
    const id = await sendFiles(alice, chatId, [await upload(alice, picture, { fileName: 'rose.png' })], { text: 'Here' })
    const message = await meta.accepts()
    expect(message).toMatchObject({ type: 'image', part: { caption: 'Here' } })
    await messageOf(alice, id, ({ status }) => status === 'DELIVERED')
    const files = [...meta.media.files.values()]
    expect(files).toMatchObject([{ id: message.part.id, mimeType: 'image/png', phoneNumberId: meta.phoneNumberId }])
    expect(await seen(files[0]?.bytes ?? Buffer.alloc(0), (one) => one.metadata())).toMatchObject({ format: 'png', width: 64 })
  })

  test('a document with its name and caption, a voice note, and what WhatsApp shows as no picture', async () => {
    const { meta, alice, chatId } = await answerable()
    const send = async (bytes: Buffer, fileName: string, text?: string) => sendFiles(alice, chatId, [await upload(alice, bytes, { fileName })], text === undefined ? {} : { text })
    await send(PDF, 'März "1".pdf', 'March')
    expect(await meta.accepts()).toMatchObject({ type: 'document', part: { filename: 'März "1".pdf', caption: 'March' } })
    await send(voice(), 'note.ogg')
    expect(await meta.accepts(({ type }) => type === 'audio')).toMatchObject({ part: { voice: true } })
    await send(await plain('webp'), 'rose.webp')
    expect(await meta.accepts(({ part }) => part.filename === 'rose.webp')).toMatchObject({ type: 'document' })
    expect([...meta.media.files.values()].map(({ mimeType }) => mimeType)).toEqual(['application/pdf', 'audio/ogg; codecs=opus', 'text/plain'])
    expect(meta.refused).toEqual([])
  })

  test('several files go one after the other, and the message is as far as the least of them', async () => {
    const { meta, alice, ada, chatId } = await answerable()
    const [{ id: replyToId }] = await historyOf(alice, chatId)
    meta.rule({ effect: { statuses: [] } })
    const ids = [await upload(alice, voice(), { fileName: 'a.ogg' }), await upload(alice, PDF, { fileName: 'b.pdf' }), await upload(alice, await plain('png'), { fileName: 'c.png' })]
    const id = await sendFiles(alice, chatId, ids, { text: 'All of it', replyToId })
    await meta.until(() => meta.accepted.length === 4)
    // Sound can say nothing besides.
    expect(meta.accepted.map(({ type, text, replyTo }) => [type, text, replyTo !== null])).toEqual([['text', 'All of it', true], ['audio', '[audio]', false], ['document', '[b.pdf]', false], ['image', '[image]', false]])
    const [words, sound, paper, picture] = meta.accepted
    if (words === undefined || sound === undefined || paper === undefined || picture === undefined) throw new Error('there are four')
    for (const message of [words, sound, paper]) meta.tell(message, 'read')
    await messageOf(alice, id, ({ status }) => status === 'SENT')
    meta.tell(picture, 'delivered')
    await messageOf(alice, id, ({ status }) => status === 'DELIVERED')
    meta.tell(picture, 'read')
    await messageOf(alice, id, ({ status }) => status === 'READ')
    expect(ada.inbox.length + meta.doubles().length).toBe(0)
  })

  test('of several files those that failed are sent again, and no other', async () => {
    const { meta, alice, chatId } = await answerable()
    const end = meta.rule({ match: { type: 'document' }, effect: { fails: 131053 } })
    const ids = [await upload(alice, await plain('png'), { fileName: 'a.png' }), await upload(alice, PDF, { fileName: 'b.pdf' })]
    const messageId = await sendFiles(alice, chatId, ids)
    expect((await messageOf(alice, messageId, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: '131053', retryable: true })
    end()
    await succeed(alice, 'retryMessage', { messageId })
    await messageOf(alice, messageId, ({ status }) => status === 'DELIVERED')
    expect(meta.accepted.map(({ type }) => type)).toEqual(['image', 'document', 'document'])
    // Meta could not use what it had, so it has it anew.
    expect([...meta.media.files.values()].map(({ mimeType }) => mimeType)).toEqual(['image/png', 'application/pdf', 'application/pdf'])
    expect(meta.doubles()).toEqual([])
  })

  test('what Meta could not use is uploaded once more, and then it has failed', async () => {
    const { meta, alice, chatId } = await answerable()
    const over = meta.rule({ match: { type: 'document' }, times: 1, effect: { error: 131053 } })
    await messageOf(alice, await sendFiles(alice, chatId, [await upload(alice, PDF)]), ({ status }) => status === 'DELIVERED')
    expect(meta.media.files.size).toBe(2)
    over()
    meta.rule({ match: { endpoint: 'media' }, times: 1, effect: { answer: 502, body: 'away', accepted: false } })
    meta.rule({ match: { type: 'document' }, times: 2, effect: { error: 131053 } })
    const id = await sendFiles(alice, chatId, [await upload(alice, PDF)])
    expect((await messageOf(alice, id, ({ status }) => status === 'FAILED')).failure).toMatchObject({ code: '131053' })
    expect(await refused(alice, 'editMessage', { messageId: id, text: 'no' })).toMatchObject([{ code: 'NOT_ALLOWED' }])
  })

  test('a picture of a customer’s goes on to another', async () => {
    const { meta, alice, ada, chatId } = await answerable()
    ada.sends('sticker', { bytes: await plain('webp'), mimeType: 'image/webp' })
    const { id } = await newestFile(alice, chatId)
    meta.customer({ phone: '14155550199', name: 'Bo' }).writes('and me?')
    const [bo] = await chatsOf(alice, 2)
    await succeed(alice, 'sendMessage', { chatId: bo.id, forwardOfId: id, clientId: crypto.randomUUID() })
    expect(await meta.accepts()).toMatchObject({ to: '14155550199', type: 'sticker' })
  })
})
