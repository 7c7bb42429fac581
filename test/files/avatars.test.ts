import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Client } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { STORES, announce, fetchBytes, sendFiles, someBytes, startGarden, statusOf, upload, urlOf } from '../support/files.ts'
import type { GardenWithFiles } from '../support/files.ts'
import { plain } from '../support/pictures.ts'
import { expectRefused, invalid, notAllowed, notFound, succeed } from '../support/refusal.ts'

describe.each(STORES)('files kept by %s', (kind) => {
  let kept: GardenWithFiles
  let server: TestServer
  let alice: Client
  let bob: Client
  let carol: Client
  let garden: string
  const goes = (key: string) => kept.goes(key)
  const keyOf = (id: string) => kept.keyOf(id)

  beforeAll(async () => {
    kept = await startGarden(kind)
    ;({ server, alice, bob, carol, garden } = kept)
  })
  afterAll(() => kept.close())

  describe('pictures of people and groups', () => {
    const me = 'query ($id: ID!) { user(id: $id) { avatarUrl } }'

    test('a user has one that everybody sees who is signed in, until there is another', async () => {
      expect((await bob.ask(me, { id: alice.id })).user.avatarUrl).toBeNull()
      const first = await upload(alice, await plain('png'))
      const key = await keyOf(first)
      await succeed(alice, 'updateProfile', { avatarAttachmentId: first, bio: 'Gardener' })
      const { avatarUrl } = (await carol.ask(me, { id: alice.id })).user
      expect((await fetch(avatarUrl)).headers.get('content-type')).toBe('image/webp')
      expect((await bob.ask(me, { id: alice.id })).user.avatarUrl).toBe(avatarUrl)
      expect((await alice.ask('query ($id: ID!) { node(id: $id) { ... on Attachment { url } } }', { id: first })).node.url).toEqual(expect.any(String))
      // A direct chat has that of the other.
      await alice.send(await alice.directChat(carol), 'Hello')
      expect((await carol.ask('{ chats { nodes { kind avatarUrl } } }')).chats.nodes).toContainEqual({ kind: 'DIRECT', avatarUrl })
      await succeed(alice, 'updateProfile', { avatarAttachmentId: await upload(alice, await plain('jpeg')) })
      expect(await statusOf(avatarUrl)).toBe(404)
      await goes(key)
      await succeed(alice, 'updateProfile', { avatarAttachmentId: null })
      expect((await bob.ask(me, { id: alice.id })).user.avatarUrl).toBeNull()
    })

    test('only an own picture that is there and used for nothing else will do', async () => {
      await vi.waitFor(async () => { expect(await server.sql`select from discarded_file`).toEqual([]) }, { timeout: 10_000 })
      const path = ['avatarAttachmentId']
      const gone = notFound(path, 'No such upload, or it has been used.')
      const { attachmentId: pending } = await announce(alice, { byteSize: 10 })
      const sent = await upload(alice, await plain('png'))
      await sendFiles(alice, garden, [sent])
      for (const [name, more] of [['updateProfile', { displayName: 'Never' }], ['updateChat', { chatId: garden, title: 'Never' }], ['createGroupChat', { title: 'Never', memberIds: [bob.id] }]] as const) {
        const refused = async (avatarAttachmentId: string, fault: Parameters<typeof expectRefused>[4]) => expectRefused(server, alice, name, { ...more, avatarAttachmentId }, fault as NonNullable<typeof fault>)
        await refused(pending, invalid(path, 'The upload has not ended yet.'))
        await refused(await upload(alice, someBytes()), invalid(path, 'Only a picture can be used here.'))
        await refused(await upload(bob, await plain('png')), gone)
        await refused(sent, gone)
      }
    })

    test('a group has one that its members see, and those who have its invite', async () => {
      const { chat } = await succeed(alice, 'createGroupChat', { title: 'Orchard', memberIds: [bob.id], avatarAttachmentId: await upload(alice, await plain('png')) })
      const ask = async (client: Client) => (await client.ask('query ($id: ID!) { chat(id: $id) { avatarUrl } }', { id: chat.id })).chat?.avatarUrl
      const ofBob = await ask(bob)
      expect(await statusOf(ofBob)).toBe(200)
      const { invite } = await succeed(alice, 'createInvite', { chatId: chat.id })
      const invited = (await carol.ask('query ($code: String!) { chatByInvite(code: $code) { avatarUrl } }', { code: invite.code })).chatByInvite.avatarUrl
      expect(await statusOf(invited)).toBe(200)
      await succeed(alice, 'revokeInvite', { chatId: chat.id })
      expect(await statusOf(invited)).toBe(404)
      await succeed(alice, 'removeMember', { chatId: chat.id, userId: bob.id })
      expect(await statusOf(ofBob)).toBe(404)
      const [ofAlice, key] = [await ask(alice), (await kept.keys())[0]]
      expect(key).toEqual(expect.any(String))
      await succeed(alice, 'updateChat', { chatId: chat.id, avatarAttachmentId: null })
      expect([await ask(alice), await statusOf(ofAlice)]).toEqual([null, 404])
      const member = await server.signUp(`erin-${randomUUID().slice(0, 8)}`)
      await succeed(alice, 'addMembers', { chatId: chat.id, userIds: [member.id] })
      await expectRefused(server, member, 'updateChat', { chatId: chat.id, avatarAttachmentId: await upload(member, await plain('png')) }, notAllowed(['chatId'], 'Only owners and admins may do this.'))
    })
  })

  describe('who leaves for good', () => {
    test.each(['ERASE', 'KEEP'])('takes the files along with what they wrote: %s', async (messages) => {
      const frank = await server.signUp(`frank-${randomUUID().slice(0, 8)}`)
      await succeed(alice, 'addMembers', { chatId: garden, userIds: [frank.id] })
      const [sent, unsent, picture] = [await upload(frank, someBytes()), await upload(frank, someBytes()), await upload(frank, await plain('png'))]
      const keys = await Promise.all([sent, unsent, picture].map(keyOf))
      const message = await sendFiles(frank, garden, [sent])
      await succeed(frank, 'updateProfile', { avatarAttachmentId: picture })
      const [ofBob, ofFrank, { avatarUrl }] = [await urlOf(bob, message), await urlOf(frank, message), (await bob.ask('query ($id: ID!) { user(id: $id) { avatarUrl } }', { id: frank.id })).user]
      expect([await statusOf(ofBob), await statusOf(ofFrank), await statusOf(avatarUrl)]).toEqual([200, 200, 200])
      await succeed(frank, 'deleteAccount', { password: PASSWORD, messages })
      expect([await statusOf(ofFrank), await statusOf(avatarUrl)]).toEqual([404, 404])
      for (const key of keys.slice(1)) await goes(key)
      if (messages === 'ERASE') await goes(keys[0] ?? '')
      await vi.waitFor(async () => { expect(await server.sql`select from account_leaving`).toEqual([]) }, { timeout: 10_000 })
      expect(await statusOf(ofBob)).toBe(messages === 'ERASE' ? 404 : 200)
      if (messages === 'KEEP') expect(await fetchBytes(ofBob)).toHaveLength(100)
    })
  })
})
