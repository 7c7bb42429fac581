import { randomUUID } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Loaders } from '../../src/base/loaders.ts'
import { attachmentCame } from '../../src/message/attachments.ts'
import type { Client, Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'
import { STORES, announce, filesOf, put, sendFiles, someBytes, startGarden, statusOf, upload, urlOf } from '../support/files.ts'
import type { GardenWithFiles } from '../support/files.ts'
import { numberIn } from '../support/groups.ts'
import { plain } from '../support/pictures.ts'
import { conflict, expectRefused, invalid, notFound, succeed } from '../support/refusal.ts'

const noUpload = (at = '0') => notFound(['attachmentIds', at], 'No such upload, or it has been used.')

describe.each(STORES)('files kept by %s', (kind) => {
  let kept: GardenWithFiles
  let server: TestServer
  let alice: Client
  let bob: Client
  let carol: Client
  let garden: string
  const goes = (key: string) => kept.goes(key)
  const keyOf = (id: string) => kept.keyOf(id)
  /** What whoever brings media of other services has. */
  const outside = () => ({ ...server.app.services, viewer: null, client: { address: '', userAgent: null, trusted: false }, loaders: new Loaders() })

  beforeAll(async () => {
    kept = await startGarden(kind)
    ;({ server, alice, bob, carol, garden } = kept)
  })
  afterAll(() => kept.close())

  describe('a message with files', () => {
    test('has them in the order in which they were given, and the text as their caption', async () => {
      const ids = [await upload(alice, await plain('png'), { fileName: 'b.png' }), await upload(alice, await plain('jpeg'), { fileName: 'a.jpg' })]
      const message = await sendFiles(alice, garden, [...ids].reverse(), { text: 'Two roses' })
      expect((await bob.ask('query ($id: ID!) { message(id: $id) { kind text attachments { id fileName } } }', { id: message })).message).toEqual({
        kind: 'IMAGE', text: 'Two roses', attachments: [{ id: ids[1], fileName: 'a.jpg' }, { id: ids[0], fileName: 'b.png' }],
      })
      expect((await bob.ask('query ($id: ID!) { chat(id: $id) { messages(last: 1) { nodes { attachments { fileName } } } lastMessage { attachments { id } } } }', { id: garden })).chat).toEqual({
        messages: { nodes: [{ attachments: [{ fileName: 'a.jpg' }, { fileName: 'b.png' }] }] }, lastMessage: { attachments: [{ id: ids[1] }, { id: ids[0] }] },
      })
    })

    test('is one, however often it is sent', async () => {
      const input = { chatId: garden, clientId: randomUUID(), attachmentIds: [await upload(alice, someBytes())] }
      const sends = await Promise.all(Array.from({ length: 5 }, () => succeed(alice, 'sendMessage', input)))
      expect(new Set(sends.map(({ message }) => message.id)).size).toBe(1)
      expect(sends.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: [await upload(alice, someBytes())] }, conflict(['clientId'], 'This clientId was used for another message.'))
      // Also when it is gone by then.
      await succeed(alice, 'deleteMessage', { messageId: sends[0].message.id })
      expect(await succeed(alice, 'sendMessage', input)).toMatchObject({ duplicate: true, message: { id: sends[0].message.id, text: null } })
    })

    test('is sent to a person too, whose chat is made with it', async () => {
      const message = (await succeed(alice, 'sendMessage', { recipientId: carol.id, clientId: randomUUID(), attachmentIds: [await upload(alice, someBytes())] })).message.id
      expect(await filesOf(carol, message)).toHaveLength(1)
    })

    test('takes no file twice: of two messages at once one has it', async () => {
      const id = await upload(alice, someBytes())
      const send = async () => (await alice.ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } errors { code path } } }', { input: { chatId: garden, clientId: randomUUID(), attachmentIds: [id] } })).sendMessage
      const answers = await Promise.all([send(), send(), send()])
      expect(answers.filter(({ message }) => message !== null)).toHaveLength(1)
      expect(answers.flatMap(({ errors }) => errors)).toEqual(Array(2).fill({ code: 'NOT_FOUND', path: ['attachmentIds', '0'] }))
      await expectRefused(server, alice, 'sendMessage', { chatId: garden, clientId: randomUUID(), attachmentIds: [id] }, noUpload())
    })

    test('has only what its sender has uploaded', async () => {
      const [ofBob, mine] = [await upload(bob, someBytes()), await upload(alice, someBytes())]
      const input = { chatId: garden, clientId: randomUUID() }
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: [mine, ofBob] }, noUpload('1'))
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: [mine, Buffer.from('Attachment:999999').toString('base64url')] }, noUpload('1'))
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: [mine, mine] }, invalid(['attachmentIds'], 'attachmentIds must not name one file twice.'))
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: ['nonsense'] }, invalid(['attachmentIds', '0'], 'attachmentIds.0 is not the ID of an Attachment.'))
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: Array(21).fill(mine) }, invalid(['attachmentIds'], 'attachmentIds must be at most 20.'))
      await expectRefused(server, alice, 'sendMessage', { ...input, attachmentIds: [mine], location: { latitude: 1, longitude: 1 } }, invalid(['attachmentIds'], 'attachmentIds must be left out: a place has no files.'))
      // Nobody but its owner sees what is not sent yet.
      const node = 'query ($id: ID!) { node(id: $id) { ... on Attachment { fileName url } } }'
      expect((await alice.ask(node, { id: ofBob })).node).toBeNull()
      expect(await statusOf((await bob.ask(node, { id: ofBob })).node.url)).toBe(200)
    })

    test('that is deleted has none, and their bytes go', async () => {
      const picture = await plain('png')
      const { attachmentId: id, url } = await announce(alice, { byteSize: picture.length })
      expect((await put(url, picture)).status).toBe(201)
      const key = await keyOf(id)
      const message = await sendFiles(alice, garden, [id])
      const [file] = await filesOf(bob, message)
      expect((await kept.keys()).filter((one) => one.startsWith(key))).toEqual([key, `${key}.t`])
      await succeed(alice, 'deleteMessage', { messageId: message })
      expect(await filesOf(bob, message)).toEqual([])
      expect([await statusOf(file.url), await statusOf(file.thumbnailUrl)]).toEqual([404, 404])
      expect((await bob.ask('query ($id: ID!) { node(id: $id) { id } }', { id })).node).toBeNull()
      await goes(key)
      // Whoever still has the link of the upload brings nothing back.
      expect((await put(url, picture)).status).toBe(404)
      expect((await put(url, '', { 'content-range': `bytes */${picture.length}` })).status).toBe(404)
      expect([(await kept.keys()).filter((one) => one.startsWith(key)), await kept.incoming()]).toEqual([[], []])
    })

    test('forwarded has files of its own, which stay when the first ones go', async () => {
      const id = await upload(alice, someBytes())
      const key = await keyOf(id)
      const message = await sendFiles(alice, garden, [id], { text: 'for you' })
      const kitchen = await bob.group('Kitchen', carol)
      const copy = (await succeed(bob, 'sendMessage', { chatId: kitchen, clientId: randomUUID(), forwardOfId: message })).message.id
      const [original, [file]] = [await filesOf(bob, message), await filesOf(carol, copy)]
      expect(file).toMatchObject({ ...original[0], id: expect.not.stringMatching(id), url: expect.any(String) })
      await succeed(alice, 'deleteMessage', { messageId: message })
      await vi.waitFor(async () => { expect(await server.sql`select from discarded_file where key = ${key}`).toEqual([]) }, { timeout: 10_000 })
      expect(await statusOf(file.url)).toBe(200)
      await succeed(bob, 'deleteMessage', { messageId: copy })
      await goes(key)
    })
  })

  describe('the link to a file', () => {
    test('is each viewer’s own, and ends with what they may read', async () => {
      const message = await sendFiles(alice, garden, [await upload(alice, someBytes())])
      const dave = await server.signUp(`dave-${randomUUID().slice(0, 8)}`)
      await succeed(alice, 'addMembers', { chatId: garden, userIds: [dave.id] })
      // What was there before one came is not for them.
      expect((await dave.ask('query ($id: ID!) { message(id: $id) { id } }', { id: message })).message).toBeNull()
      const later = await sendFiles(alice, garden, [await upload(alice, someBytes())])
      const [ofBob, ofDave] = [await urlOf(bob, later), await urlOf(dave, later)]
      expect(ofBob).not.toBe(ofDave)
      expect([await statusOf(ofBob), await statusOf(ofDave)]).toEqual([200, 200])
      await succeed(alice, 'removeMember', { chatId: garden, userId: dave.id })
      expect([await statusOf(ofBob), await statusOf(ofDave)]).toEqual([200, 404])
      expect(await filesOf(dave, later)).toEqual([])
      // Back again, what was there before is for them no more.
      await succeed(alice, 'addMembers', { chatId: garden, userIds: [dave.id] })
      expect(await statusOf(ofDave)).toBe(404)
    })

    test('is good for what it was made for, and for at most five minutes', async () => {
      const message = await sendFiles(alice, garden, [await upload(alice, await plain('png'))])
      const other = numberIn(await upload(carol, someBytes()))
      const [file] = await filesOf(bob, message)
      const url = new URL(file.url)
      const until = Number(url.searchParams.get('e')) - Date.now() / 1000
      expect(until).toBeGreaterThan(149)
      expect(until).toBeLessThanOrEqual(300)
      const changed = (change: (url: URL) => void) => {
        const copy = new URL(url)
        change(copy)
        return statusOf(copy.href)
      }
      expect(await changed((one) => { one.pathname = one.pathname.replace(/\d+/, String(other)) })).toBe(404)
      expect(await changed((one) => { one.pathname = one.pathname.replace('file/', 'x').replace(/file$/, 'thumbnail') })).toBe(404)
      expect(await changed((one) => { one.searchParams.set('g', `u${numberIn(alice.id)}`) })).toBe(404)
      expect(await changed((one) => { one.searchParams.set('g', 'p') })).toBe(404)
      expect(await changed((one) => { one.searchParams.set('e', String(Number(one.searchParams.get('e')) + 1)) })).toBe(404)
      expect(await changed((one) => { one.searchParams.delete('s') })).toBe(404)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 })
      try {
        expect(await statusOf(file.url)).toBe(404)
      } finally {
        vi.useRealTimers()
      }
      expect(await statusOf(file.url)).toBe(200)
    })

    test('comes with the event, to each their own', async () => {
      const listen = (client: Client) => client.subscribe('subscription ($id: ID!) { messageAdded(chatId: $id) { text attachments { fileName url thumbnailUrl } } }', { id: garden })
      const streams = [alice, bob, bob].map(listen)
      const events = [alice, bob].map((client) => client.subscribe('subscription { events { events { ... on MessageAdded { message { attachments { url } } } } } }'))
      for (const stream of events) await stream.next()
      await expect.poll(async () => {
        await alice.send(garden, 'hello?')
        return streams.every((stream) => stream.waiting > 0)
      }, { timeout: 10_000 }).toBe(true)
      await sendFiles(alice, garden, [await upload(alice, await plain('png'), { fileName: 'live.png' })], { text: 'look' })
      const heard = await Promise.all(streams.map(async (stream) => {
        for (;;) {
          const { messageAdded } = await stream.next()
          if (messageAdded.text === 'look') return messageAdded.attachments[0]
          expect(messageAdded.attachments).toEqual([])
        }
      }))
      expect(heard.map(({ fileName }) => fileName)).toEqual(Array(3).fill('live.png'))
      expect(heard.map(({ url }) => new URL(url).searchParams.get('g'))).toEqual([alice, bob, bob].map(({ id }) => `u${numberIn(id)}`))
      for (const { url, thumbnailUrl } of heard) expect([await statusOf(url), await statusOf(thumbnailUrl)]).toEqual([200, 200])
      for (const [index, stream] of events.entries()) {
        let url: string | undefined
        while (url === undefined) url = (await stream.next()).events.events.map((event: Untyped) => event.message?.attachments[0]?.url).find(Boolean)
        expect(new URL(url).searchParams.get('g')).toBe(`u${numberIn([alice, bob][index]?.id ?? '')}`)
      }
    })
  })

  test('bytes that come after their message are told to all who read it', async () => {
    const message = await sendFiles(alice, garden, [await upload(alice, await plain('png'))])
    const [file] = await filesOf(alice, message)
    // As media of another service are: the message first, then its bytes.
    await server.sql`update attachment set state = 'PENDING' where id = ${numberIn(file.id)}`
    expect((await filesOf(bob, message))[0]).toMatchObject({ state: 'PENDING', url: null })
    expect(await statusOf(file.url)).toBe(404)
    const stream = bob.subscribe('subscription { events { events { ... on MessageChanged { change message { seq attachments { state width url } } } } } }')
    await stream.next()
    await attachmentCame(outside(), numberIn(file.id), Readable.from([await plain('png', 20, 10)]))
    let event: Untyped
    while (event?.change === undefined) [event] = (await stream.next()).events.events
    expect(event).toMatchObject({ change: 'ATTACHMENTS', message: { attachments: [{ state: 'READY', width: 20, url: expect.any(String) }] } })
    // Once is enough.
    await attachmentCame(outside(), numberIn(file.id), null)
    expect((await filesOf(bob, message))[0]).toMatchObject({ state: 'READY' })
  })

  test('bytes that come after their message has gone are not kept', async () => {
    const message = await sendFiles(alice, garden, [await upload(alice, someBytes())])
    const id = (await filesOf(alice, message))[0].id as string
    const key = await keyOf(id)
    await server.sql`update attachment set state = 'PENDING' where id = ${numberIn(id)}`
    const bytes = new PassThrough()
    bytes.write(someBytes())
    const came = attachmentCame(outside(), numberIn(id), bytes)
    await expect.poll(kept.incoming).toHaveLength(1)
    await succeed(alice, 'deleteMessage', { messageId: message })
    await goes(key)
    bytes.end()
    await came
    await goes(key)
    expect(await kept.incoming()).toEqual([])
  })
})
