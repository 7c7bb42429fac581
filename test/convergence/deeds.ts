import { Readable } from 'node:stream'
import { expect, vi } from 'vitest'
import { Loaders } from '../../src/base/loaders.ts'
import type { EventKind } from '../../src/event/types.ts'
import { attachmentCame } from '../../src/message/attachments.ts'
import { PASSWORD } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { put } from '../support/files.ts'
import { numberIn } from '../support/groups.ts'
import { plain } from '../support/pictures.ts'
import { givePassword } from './cast.ts'
import type { Cast, Watcher } from './cast.ts'

/** Something that people do, and what it tells the watchers who are there. */
export interface Deed {
  kind: keyof typeof EventKind
  deed: string
  /** The event that a watcher hears of it, and of a message what changed. */
  brings: Partial<Record<'alice' | 'bob' | 'carol' | 'erin', string>>
  do(cast: Cast, server: TestServer): Promise<unknown>
  /** Whose watcher is gone with it. */
  without?: Watcher[]
}

const clientId = () => crypto.randomUUID()
const all = (event: string) => ({ alice: event, bob: event, carol: event })

/** At least one for every kind of event. */
export const DEEDS: Deed[] = [
  {
    kind: 'CHAT_CREATED',
    deed: 'alice makes a group',
    brings: { alice: 'ChatAdded', bob: 'ChatAdded', erin: 'ChatAdded' },
    do: ({ by, people: { bob, erin } }) => by('alice', 'createGroupChat', { title: 'Kitchen', description: 'What we eat', memberIds: [bob.id, erin.id] }),
  },
  {
    kind: 'CHAT_CREATED',
    deed: 'alice writes to somebody for the first time',
    brings: { alice: 'MessageAdded', erin: 'MessageAdded' },
    do: ({ by, people: { erin } }) => by('alice', 'sendMessage', { recipientId: erin.id, clientId: clientId(), text: 'are you there?' }),
  },
  {
    kind: 'JOINED',
    deed: 'alice lets somebody in again who was shown out',
    brings: { ...all('MemberAdded'), erin: 'ChatAdded' },
    do: ({ by, group, people: { erin } }) => by('alice', 'addMembers', { chatId: group, userIds: [erin.id] }),
  },
  {
    kind: 'MEMBER_ADDED',
    deed: 'alice adds somebody new',
    brings: all('MemberAdded'),
    do: ({ by, group, people: { heidi } }) => by('alice', 'addMembers', { chatId: group, userIds: [heidi.id] }),
  },
  {
    kind: 'MEMBER_ADDED',
    deed: 'somebody joins by an invite',
    brings: { ...all('MemberAdded'), erin: 'ChatAdded' },
    do: async ({ by, group }) => by('erin', 'joinChat', { code: (await by('alice', 'createInvite', { chatId: group })).invite.code }),
  },
  {
    kind: 'MEMBER_REMOVED',
    deed: 'alice shows bob out',
    brings: { alice: 'MemberRemoved', bob: 'ChatRemoved', carol: 'MemberRemoved' },
    do: ({ by, group, people: { bob } }) => by('alice', 'removeMember', { chatId: group, userId: bob.id }),
  },
  {
    kind: 'MEMBER_REMOVED',
    deed: 'alice, the owner, leaves',
    brings: { alice: 'ChatRemoved', bob: 'MemberRemoved', carol: 'MemberRemoved' },
    do: ({ by, group }) => by('alice', 'leaveChat', { chatId: group }),
  },
  {
    kind: 'MEMBER_REMOVED',
    deed: 'bob is shown out and let in again, and messages come before, between and after',
    brings: { alice: 'MemberAdded', bob: 'ChatAdded', carol: 'MemberAdded' },
    do: async ({ by, group, people: { bob } }) => {
      const send = (text: string) => by('alice', 'sendMessage', { chatId: group, clientId: clientId(), text })
      await send('before')
      await by('alice', 'removeMember', { chatId: group, userId: bob.id })
      await send('between')
      await by('alice', 'addMembers', { chatId: group, userIds: [bob.id] })
      await send('after')
    },
  },
  {
    kind: 'MEMBER_CHANGED',
    deed: 'bob becomes an admin, who sees the invite',
    brings: all('MemberChanged'),
    do: async ({ by, group, people: { bob } }) => {
      await by('alice', 'createInvite', { chatId: group })
      await by('alice', 'setMemberRole', { chatId: group, userId: bob.id, role: 'ADMIN' })
    },
  },
  {
    kind: 'CHAT_CHANGED',
    deed: 'alice gives the group another name',
    brings: all('ChatChanged'),
    do: ({ by, group }) => by('alice', 'updateChat', { chatId: group, title: 'Orchard', description: 'Trees' }),
  },
  { kind: 'CHAT_CHANGED', deed: 'alice makes an invite', brings: all('ChatChanged'), do: ({ by, group }) => by('alice', 'createInvite', { chatId: group }) },
  {
    kind: 'CHAT_CHANGED',
    deed: 'alice takes an invite back',
    brings: all('ChatChanged'),
    do: async ({ by, group }) => {
      await by('alice', 'createInvite', { chatId: group })
      await by('alice', 'revokeInvite', { chatId: group })
    },
  },
  { kind: 'CHAT_DELETED', deed: 'alice ends the group', brings: all('ChatRemoved'), do: ({ by, group }) => by('alice', 'deleteChat', { chatId: group }) },
  {
    kind: 'MESSAGE_ADDED',
    deed: 'alice writes',
    brings: all('MessageAdded'),
    do: ({ by, group }) => by('alice', 'sendMessage', { chatId: group, clientId: clientId(), text: 'six' }),
  },
  {
    kind: 'MESSAGE_ADDED',
    deed: 'bob answers what carol has never seen, and names alice and carol',
    brings: all('MessageAdded'),
    do: ({ by, group, ids, people: { alice, carol } }) =>
      by('bob', 'sendMessage', { chatId: group, clientId: clientId(), text: `@${alice.username} and @${carol.username}, six`, replyToId: ids.one }),
  },
  {
    kind: 'MESSAGE_ADDED',
    deed: 'carol forwards a message, and tells where she is',
    brings: all('MessageAdded'),
    do: async ({ by, group, ids }) => {
      await by('carol', 'sendMessage', { chatId: group, clientId: clientId(), forwardOfId: ids.three })
      await by('carol', 'sendMessage', { chatId: group, clientId: clientId(), location: { latitude: 52.5, longitude: 13.4, name: 'Home' } })
    },
  },
  {
    kind: 'MESSAGE_ADDED',
    deed: 'bob writes to alice alone',
    brings: { alice: 'MessageAdded', bob: 'MessageAdded' },
    do: ({ by, direct }) => by('bob', 'sendMessage', { chatId: direct, clientId: clientId(), text: 'hi' }),
  },
  {
    kind: 'MESSAGE_EDITED',
    deed: 'alice edits what she wrote, and now it names bob instead of carol',
    brings: all('MessageChanged EDITED'),
    do: ({ by, ids, people: { bob } }) => by('alice', 'editMessage', { messageId: ids.three, text: `three for @${bob.username}` }),
  },
  {
    kind: 'MESSAGE_EDITED',
    deed: 'alice edits what carol has never seen',
    brings: all('MessageChanged EDITED'),
    do: ({ by, ids }) => by('alice', 'editMessage', { messageId: ids.one, text: 'uno' }),
  },
  { kind: 'MESSAGE_DELETED', deed: 'bob deletes the newest message, unread by most', brings: all('MessageChanged DELETED'), do: ({ by, ids }) => by('bob', 'deleteMessage', { messageId: ids.five }) },
  { kind: 'MESSAGE_DELETED', deed: 'alice deletes a message that is pinned and was answered', brings: all('MessageChanged DELETED'), do: ({ by, ids }) => by('alice', 'deleteMessage', { messageId: ids.one }) },
  { kind: 'MESSAGE_DELETED', deed: 'alice, the owner, deletes what carol wrote', brings: all('MessageChanged DELETED'), do: ({ by, ids }) => by('alice', 'deleteMessage', { messageId: ids.four }) },
  {
    kind: 'MESSAGE_REACTED',
    deed: 'alice and carol give one message the same emoji',
    brings: all('MessageChanged REACTIONS'),
    do: async ({ by, ids }) => {
      await by('alice', 'addReaction', { messageId: ids.five, emoji: '🎉' })
      await by('carol', 'addReaction', { messageId: ids.five, emoji: '🎉' })
    },
  },
  { kind: 'MESSAGE_REACTED', deed: 'bob takes an emoji back', brings: all('MessageChanged REACTIONS'), do: ({ by, ids }) => by('bob', 'removeReaction', { messageId: ids.one, emoji: '👍' }) },
  { kind: 'MESSAGE_PINNED', deed: 'alice pins a message', brings: all('MessageChanged PINNED'), do: ({ by, ids }) => by('alice', 'pinMessage', { messageId: ids.four }) },
  { kind: 'MESSAGE_PINNED', deed: 'alice takes a pin off', brings: all('MessageChanged PINNED'), do: ({ by, ids }) => by('alice', 'unpinMessage', { messageId: ids.one }) },
  {
    kind: 'MESSAGE_ADDED',
    deed: 'alice sends a picture',
    brings: all('MessageAdded'),
    do: async ({ by, group }) => by('alice', 'sendMessage', { chatId: group, clientId: clientId(), attachmentIds: [await picture(by)], text: 'look' }),
  },
  {
    kind: 'MESSAGE_ATTACHED',
    deed: 'the bytes of a picture that alice has sent come late',
    brings: all('MessageChanged ATTACHMENTS'),
    do: async ({ by, group }, server) => {
      const id = await picture(by)
      await by('alice', 'sendMessage', { chatId: group, clientId: clientId(), attachmentIds: [id] })
      const number = numberIn(id)
      await server.sql`update attachment set state = 'PENDING' where id = ${number}`
      const ctx = { ...server.app.services, viewer: null, client: { address: '', userAgent: null, trusted: false }, loaders: new Loaders() }
      await attachmentCame(ctx, number, Readable.from([await plain('png', 20, 10)]))
    },
  },
  {
    kind: 'MESSAGES_ERASED',
    deed: 'bob leaves for good, and takes along what he wrote',
    brings: { alice: 'MessagesErased', carol: 'MessagesErased' },
    without: ['bob'],
    do: async ({ by, people: { bob } }, server) => {
      await givePassword(server, bob)
      await by('bob', 'deleteAccount', { password: PASSWORD, messages: 'ERASE' })
      await untilGone(server, bob.key)
    },
  },
  {
    kind: 'MEMBER_REMOVED',
    deed: 'bob leaves for good, and what he wrote stays',
    brings: { alice: 'MemberRemoved', carol: 'MemberRemoved' },
    without: ['bob'],
    do: async ({ by, people: { bob } }, server) => {
      await givePassword(server, bob)
      await by('bob', 'deleteAccount', { password: PASSWORD, messages: 'KEEP' })
      await untilGone(server, bob.key)
    },
  },
  { kind: 'PROFILE_CHANGED', deed: 'alice changes her profile', brings: all('UserChanged'), do: ({ by }) => by('alice', 'updateProfile', { displayName: 'Alice the First', bio: 'Gardener' }) },
  {
    kind: 'CONTACT_CHANGED',
    deed: 'bob changes his profile, and with it the title of his chat with alice',
    brings: all('UserChanged'),
    do: ({ by, people: { bob } }) => by('bob', 'updateProfile', { displayName: 'Robert', username: `robert-${bob.key}` }),
  },
  {
    kind: 'CONTACT_CHANGED',
    deed: 'erin, who is in the group no more but wrote in it, changes her profile',
    brings: { alice: 'UserChanged', bob: 'UserChanged' },
    do: ({ by }) => by('erin', 'updateProfile', { displayName: 'Erin of Old' }),
  },
  {
    kind: 'SESSION_ENDED',
    deed: 'alice ends another session of hers',
    brings: { alice: 'UserChanged' },
    do: async ({ by, people: { alice } }, server) => {
      const [session] = await server.sql<{ id: number }[]>`insert into session (user_id) values (${alice.key}) returning id`
      await by('alice', 'revokeSession', { sessionId: Buffer.from(`Session:${session?.id ?? 0}`).toString('base64url') })
    },
  },
  { kind: 'BLOCKS_CHANGED', deed: 'alice blocks bob', brings: { alice: 'UserChanged' }, do: ({ by, people: { bob } }) => by('alice', 'blockUser', { userId: bob.id }) },
  {
    kind: 'BLOCKS_CHANGED',
    deed: 'alice blocks erin and takes it back',
    brings: { alice: 'UserChanged' },
    do: async ({ by, people: { erin } }) => {
      await by('alice', 'blockUser', { userId: erin.id })
      await by('alice', 'unblockUser', { userId: erin.id })
    },
  },
  {
    kind: 'SETTINGS_CHANGED',
    deed: 'alice archives, pins and mutes the group',
    brings: { alice: 'MemberChanged' },
    do: ({ by, group }) => by('alice', 'updateChatSettings', { chatId: group, archived: true, pinned: true, mutedUntil: '2030-01-01T00:00:00.000Z' }),
  },
  { kind: 'CHAT_HIDDEN', deed: 'alice deletes her chat with bob', brings: { alice: 'ChatRemoved' }, do: ({ by, direct }) => by('alice', 'deleteChat', { chatId: direct }) },
  {
    kind: 'CHAT_HIDDEN',
    deed: 'alice deletes her chat with bob, who then edits, and tells that he has read',
    brings: { alice: 'ChatRemoved', bob: 'ReceiptsChanged' },
    do: async ({ by, direct, ids }) => {
      await by('alice', 'deleteChat', { chatId: direct })
      await by('bob', 'addReaction', { messageId: ids.hello, emoji: '👍' })
      await by('bob', 'markRead', { messageId: ids.hello })
    },
  },
  {
    kind: 'CHAT_SHOWN',
    deed: 'alice deletes her chat with bob, who then writes',
    brings: { alice: 'MessageAdded', bob: 'MessageAdded' },
    do: async ({ by, direct }) => {
      await by('alice', 'deleteChat', { chatId: direct })
      await by('bob', 'sendMessage', { chatId: direct, clientId: clientId(), text: 'still there?' })
    },
  },
  {
    kind: 'CHAT_SHOWN',
    deed: 'alice deletes her chat with bob while bob writes and writes',
    brings: { alice: 'MessageAdded', bob: 'MessageAdded' },
    do: async ({ by, direct }) => {
      const write = () => by('bob', 'sendMessage', { chatId: direct, clientId: clientId(), text: 'listen' })
      await Promise.all([write(), write(), write(), by('alice', 'deleteChat', { chatId: direct }), write(), write()])
      await write()
    },
  },
  {
    kind: 'CHAT_SHOWN',
    deed: 'alice deletes her chat with bob and opens it again',
    brings: { alice: 'ChatAdded' },
    do: async ({ by, direct, people: { bob } }) => {
      await by('alice', 'deleteChat', { chatId: direct })
      await by('alice', 'createDirectChat', { userId: bob.id })
    },
  },
  { kind: 'MARKS_MOVED', deed: 'bob has read everything', brings: all('ReceiptsChanged'), do: ({ by, ids }) => by('bob', 'markRead', { messageId: ids.five }) },
  {
    kind: 'MARKS_MOVED',
    deed: 'alice has read everything, and dave has received it',
    brings: all('ReceiptsChanged'),
    do: async ({ by, ids }) => {
      await by('alice', 'markRead', { messageId: ids.five })
      await by('dave', 'markDelivered', { messageId: ids.five })
    },
  },
  {
    kind: 'MARKS_MOVED',
    deed: 'bob has read what alice wrote to him',
    brings: { alice: 'ReceiptsChanged', bob: 'ReceiptsChanged' },
    do: ({ by, ids }) => by('bob', 'markRead', { messageId: ids.hello }),
  },
]

/** A picture that alice has uploaded. */
async function picture(by: Cast['by']): Promise<string> {
  const bytes = await plain('png')
  const { upload } = await by('alice', 'createUpload', { fileName: 'rose.png', mimeType: 'image/png', byteSize: bytes.length })
  expect((await put(upload.url, bytes)).status).toBe(201)
  return upload.attachmentId
}

/** An account leaves its chats one by one, behind the answer. */
async function untilGone(server: TestServer, userId: number): Promise<void> {
  await vi.waitFor(async () => expect(await server.sql`select from account_leaving where user_id = ${userId}`).toHaveLength(0), { timeout: 10_000 })
}
