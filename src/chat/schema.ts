import { encodeId } from '../base/id.ts'
import { decodeKeyOf, isMoment, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { builder } from '../graphql/builder.ts'
import { argId, attempt, definePayload, inputId, inputIds } from '../graphql/errors.ts'
import { defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { loadUser } from '../user/domain.ts'
import { User } from '../user/schema.ts'
import type { User as UserShape } from '../user/domain.ts'
import { avatarUrl } from './avatar.ts'
import { blockUser, unblockUser } from './blocks.ts'
import { createDirectChat, createGroupChat, directChatWith, listMembers, loadChat, loadMember, titleOf } from './domain.ts'
import { memberCount } from './outside.ts'
import type { Chat as ChatShape, Member as MemberShape } from './domain.ts'

export const ChatKind = builder.enumType('ChatKind', {
  description: 'What sort of chat it is.',
  values: {
    DIRECT: { description: 'Two people.' },
    GROUP: { description: 'Any number of people.' },
    WHATSAPP: { description: 'A WhatsApp customer, and the agents who answer.' },
  } as const,
})

export const MemberRole = builder.enumType('MemberRole', {
  description: 'What a member may do in a group.',
  values: {
    OWNER: { description: 'Everything, also ending the group.' },
    ADMIN: { description: 'Manages members and messages.' },
    MEMBER: { description: 'Writes and reads.' },
  } as const,
})

export const Chat = builder.objectRef<ChatShape>('Chat')
export const ChatMember = builder.objectRef<MemberShape>('ChatMember')

/** A page of members, and how many there are in all. */
type MemberPage = Page<MemberShape, unknown> & { totalCount: number }

const ChatMemberConnection = defineConnection<MemberShape, MemberPage>('ChatMember', ChatMember, 'A page of members, by role, then by when they joined.', (t) => ({
  totalCount: t.int({ description: 'How many members there are in all.', resolve: (page) => page.totalCount }),
}))

const memberKey = decodeKeyOf(
  (value): value is [number, string, number] => Array.isArray(value) && value.length === 3 && [0, 1, 2].some((rank) => rank === value[0]) && isMoment(value[1]) && Number.isSafeInteger(value[2]),
)

defineNode('Chat', Chat, {
  description: 'A conversation that the viewer is in.',
  key: ({ chat }) => [chat.id],
  load: (ctx, [id]) => loadChat(ctx, id),
  fields: (t) => ({
    kind: t.field({ type: ChatKind, description: 'What sort of chat it is.', resolve: ({ chat }) => chat.kind }),
    title: t.string({ description: 'Its name. A direct chat is titled by the other person, a WhatsApp chat by its contact.', resolve: ({ chat }, _args, ctx) => titleOf(ctx, chat) }),
    description: t.string({ nullable: true, description: 'What the chat is about.', resolve: ({ chat }) => chat.description }),
    avatarUrl: t.field({
      type: 'URL',
      nullable: true,
      description: 'A small picture (WebP, at most 512 pixels wide and high), by a link of the viewer’s own that is good for two and a half to five minutes. A direct chat has that of the other person. Null where there is none.',
      resolve: (chat, _args, ctx) => avatarUrl(ctx, chat),
    }),
    createdAt: t.field({ type: 'DateTime', description: 'When the chat was made.', resolve: ({ chat }) => chat.createdAt }),
    updatedAt: t.field({ type: 'DateTime', description: 'When its title, description or picture last changed.', resolve: ({ chat }) => chat.updatedAt }),
    lastActivityAt: t.field({ type: 'DateTime', description: 'When the newest message was sent: the key by which `chats` is ordered.', resolve: ({ stream }) => stream.lastAt }),
    seq: t.int({ description: 'Number of the newest event in this chat; events of one chat arrive in this order, without gaps.', resolve: ({ stream }) => stream.headSeq }),
    members: t.field({
      type: ChatMemberConnection,
      description: 'Who is in the chat, by role, then by when they joined.',
      args: pageArgs(t.arg),
      resolve: async ({ chat, stream }, args, ctx) => ({ ...(await listMembers(ctx, chat.id, pageRequest(args, memberKey))), totalCount: await memberCount(ctx, { chat, stream }) }),
    }),
    memberCount: t.int({ description: 'How many are in the chat; in a WhatsApp chat all who answer customers.', resolve: (chat, _args, ctx) => memberCount(ctx, chat) }),
    viewerMember: t.field({ type: ChatMember, nullable: true, description: "The viewer's own membership: role, marks, settings.", resolve: ({ member }) => member }),
  }),
})

defineNode('ChatMember', ChatMember, {
  description: "Somebody's place in a chat. Its ID is the same when somebody leaves and comes back.",
  key: (member) => [member.chatId, member.userId],
  load: async (ctx, [chatId, userId]) => ((await loadChat(ctx, chatId)) === null ? null : loadMember(ctx, chatId, userId ?? 0)),
  fields: (t) => ({
    chat: t.field({ type: Chat, nullable: true, description: 'The chat; null once the viewer has left it.', resolve: (member, _args, ctx) => loadChat(ctx, member.chatId) }),
    user: t.field({ type: User, description: 'Who it is.', resolve: async (member, _args, ctx) => (await loadUser(ctx, member.userId)) as NonNullable<Awaited<ReturnType<typeof loadUser>>> }),
    role: t.field({ type: MemberRole, description: 'What the member may do.', resolve: (member) => member.role }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: 'When the member joined.' }),
    readUpTo: t.exposeInt('readUpTo', { description: 'The member has read the messages up to this number, see Message.number.' }),
  }),
})

builder.queryFields((t) => ({
  chat: t.field({
    type: Chat,
    nullable: true,
    description: 'A chat by global ID; null where the viewer is not in it.',
    args: { id: t.arg.id({ required: true, description: 'Global ID of the chat.' }) },
    resolve: (_root, { id }, ctx) => loadChat(ctx, argId('Chat', id, 'id')),
  }),
  directChat: t.field({
    type: Chat,
    nullable: true,
    description: 'The direct chat with this user, if there is one.',
    args: { userId: t.arg.id({ required: true, description: 'Global ID of the other person.' }) },
    resolve: (_root, { userId }, ctx) => directChatWith(ctx, argId('User', userId, 'userId')),
  }),
}))

const CreateDirectChatInput = builder.inputType('CreateDirectChatInput', {
  description: 'Whom to chat with.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'Global ID of the other person.' }) }),
})

const CreateDirectChatPayload = definePayload<{ chat: ChatShape; created: boolean }>('CreateDirectChatPayload', 'The answer to createDirectChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The direct chat.', resolve: ({ value }) => value?.chat }),
  created: t.boolean({ nullable: true, description: 'False where it was there already.', resolve: ({ value }) => value?.created }),
}))

const CreateGroupChatInput = builder.inputType('CreateGroupChatInput', {
  description: 'A new group.',
  fields: (t) => ({
    clientId: t.string({ description: 'A UUID made by the client for this group: the same one again answers the first group.' }),
    title: t.string({ required: true, description: 'Its name, at most 120 characters.' }),
    description: t.string({ description: 'What it is about, at most 1,000 characters.' }),
    memberIds: t.idList({ required: true, description: 'Global IDs of its first members, the viewer aside; at most 100.' }),
    avatarAttachmentId: t.id({ description: 'Global ID of an uploaded picture of the viewer.' }),
  }),
})

const CreateGroupChatPayload = definePayload<ChatShape>('CreateGroupChatPayload', 'The answer to createGroupChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The new group.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  createDirectChat: t.field({
    type: CreateDirectChatPayload,
    description: 'Finds or makes the direct chat with a user.',
    args: { input: t.arg({ type: CreateDirectChatInput, required: true, description: 'Whom to chat with.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => createDirectChat(ctx, inputId('User', input.userId, ['userId']))),
  }),
  createGroupChat: t.field({
    type: CreateGroupChatPayload,
    description: 'Makes a group; the viewer is its owner.',
    args: { input: t.arg({ type: CreateGroupChatInput, required: true, description: 'The new group.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () =>
        createGroupChat(ctx, {
          ...input,
          memberIds: inputIds('User', input.memberIds, ['memberIds']),
          avatar: input.avatarAttachmentId == null ? null : inputId('Attachment', input.avatarAttachmentId, ['avatarAttachmentId']),
        }),
      ),
  }),
}))

const BlockUserInput = builder.inputType('BlockUserInput', {
  description: 'Whom to block.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'Global ID of the user.' }) }),
})

const BlockUserPayload = definePayload<UserShape>('BlockUserPayload', 'The answer to blockUser.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'Who is blocked now.', resolve: ({ value }) => value }),
}))

const UnblockUserInput = builder.inputType('UnblockUserInput', {
  description: 'Whom to block no more.',
  fields: (t) => ({ userId: t.id({ required: true, description: 'Global ID of the user.' }) }),
})

const UnblockUserPayload = definePayload<UserShape>('UnblockUserPayload', 'The answer to unblockUser.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'Who is not blocked any more.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  blockUser: t.field({
    type: BlockUserPayload,
    description:
      'Ends all between two people: no direct chat (one that is there is closed for writing), neither sees whether the other is there or types. Groups that both are in stay as they are. ' +
      'The other is not told.',
    args: { input: t.arg({ type: BlockUserInput, required: true, description: 'Whom to block.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => blockUser(ctx, inputId('User', input.userId, ['userId']))),
  }),
  unblockUser: t.field({
    type: UnblockUserPayload,
    description: 'Takes a block back.',
    args: { input: t.arg({ type: UnblockUserInput, required: true, description: 'Whom to block no more.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => unblockUser(ctx, inputId('User', input.userId, ['userId']))),
  }),
}))

/** The global ID of a chat. */
export const chatGlobalId = (chatId: number) => encodeId('Chat', chatId)
