import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { invitedAvatarUrl } from './avatar.ts'
import type { Chat as ChatShape } from './domain.ts'
import { chatByInvite, createInvite, inviteOf, joinChat, revokeInvite } from './invites.ts'
import type { Invite, InvitedChat } from './invites.ts'
import { Chat } from './schema.ts'

const ChatInvite = builder.objectRef<Invite>('ChatInvite').implement({
  description: 'What lets people join a group by themselves. A group has one at most.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Goes into joinChat. Whoever knows it can join.' }),
    url: t.expose('url', { type: 'URL', description: 'A link to this server that holds the code.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

builder.objectField(Chat, 'invite', (t) =>
  t.field({ type: ChatInvite, nullable: true, description: 'The invite of a group, for its owners and admins; else null.', resolve: (chat, _args, ctx) => inviteOf(ctx, chat) }),
)

const ChatInvitePreview = builder.objectRef<InvitedChat>('ChatInvitePreview').implement({
  description: 'What a group looks like to somebody who is invited.',
  fields: (t) => ({
    title: t.string({ description: 'Its name.', resolve: (chat) => chat.title ?? '' }),
    description: t.exposeString('description', { nullable: true, description: 'What the group is about.' }),
    avatarUrl: t.field({ type: 'URL', nullable: true, description: 'Its picture, for two and a half to five minutes; null where it has none.', resolve: (chat, _args, ctx) => invitedAvatarUrl(ctx, chat) }),
    memberCount: t.exposeInt('memberCount', { description: 'How many are in it.' }),
  }),
})

builder.queryField('chatByInvite', (t) =>
  t.field({
    type: ChatInvitePreview,
    nullable: true,
    description: 'The group that an invite leads into; null where it leads nowhere (any more).',
    args: { code: t.arg.string({ required: true, description: 'The code of the invite.' }) },
    resolve: (_root, { code }, ctx) => chatByInvite(ctx, code),
  }),
)

const CreateInviteInput = builder.inputType('CreateInviteInput', {
  description: 'Which group people are invited to.',
  fields: (t) => ({ chatId: t.id({ required: true, description: 'Global ID of the group.' }) }),
})

const CreateInvitePayload = definePayload<ChatShape>('CreateInvitePayload', 'The answer to createInvite.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group.', resolve: ({ value }) => value }),
  invite: t.field({ type: ChatInvite, nullable: true, description: 'Its invite.', resolve: ({ value }, _args, ctx) => (value === null ? null : inviteOf(ctx, value)) }),
}))

const RevokeInviteInput = builder.inputType('RevokeInviteInput', {
  description: 'Which group nobody is to join by themselves any more.',
  fields: (t) => ({ chatId: t.id({ required: true, description: 'Global ID of the group.' }) }),
})

const RevokeInvitePayload = definePayload<ChatShape>('RevokeInvitePayload', 'The answer to revokeInvite.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group, without an invite.', resolve: ({ value }) => value }),
}))

const JoinChatInput = builder.inputType('JoinChatInput', {
  description: 'An invite to follow.',
  fields: (t) => ({ code: t.string({ required: true, description: 'The code of the invite.' }) }),
})

const JoinChatPayload = definePayload<ChatShape>('JoinChatPayload', 'The answer to joinChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group, which the viewer is in now.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  createInvite: t.field({
    type: CreateInvitePayload,
    description: 'Makes the invite of a group, or answers the one that is there: for owners and admins.',
    args: { input: t.arg({ type: CreateInviteInput, required: true, description: 'Which group.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => createInvite(ctx, inputId('Chat', input.chatId, ['chatId']))),
  }),
  revokeInvite: t.field({
    type: RevokeInvitePayload,
    description: 'Takes the invite of a group back: for owners and admins. The next one has another code.',
    args: { input: t.arg({ type: RevokeInviteInput, required: true, description: 'Which group.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => revokeInvite(ctx, inputId('Chat', input.chatId, ['chatId']))),
  }),
  joinChat: t.field({
    type: JoinChatPayload,
    description: 'Joins a group by an invite. The viewer reads what is written from now on.',
    args: { input: t.arg({ type: JoinChatInput, required: true, description: 'The invite.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => joinChat(ctx, input.code)),
  }),
}))
