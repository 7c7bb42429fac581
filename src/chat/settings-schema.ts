import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import type { Chat as ChatShape, Member } from './domain.ts'
import { Chat, ChatMember, chatGlobalId } from './schema.ts'
import { deleteChat, updateChat, updateChatSettings } from './settings.ts'

/** How somebody has set a chat is nobody else's. */
function ofViewer<T>(member: Member, ctx: GraphQLContext, value: T): T | null {
  return member.userId === ctx.viewer?.userId ? value : null
}

builder.objectFields(ChatMember, (t) => ({
  mutedUntil: t.field({ type: 'DateTime', nullable: true, description: "Until when the viewer wants no notice of the chat. The viewer's own only.", resolve: (member, _args, ctx) => ofViewer(member, ctx, member.mutedUntil) }),
  archived: t.boolean({ nullable: true, description: "Whether the viewer has put the chat away. The viewer's own only.", resolve: (member, _args, ctx) => ofViewer(member, ctx, member.archived) }),
  pinned: t.boolean({ nullable: true, description: "Whether the viewer keeps the chat ahead of the others. The viewer's own only.", resolve: (member, _args, ctx) => ofViewer(member, ctx, member.pinned) }),
}))

const UpdateChatInput = builder.inputType('UpdateChatInput', {
  description: 'What to change of a group; what is left out stays as it is.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the group.' }),
    title: t.string({ description: 'Its new name, at most 120 characters.' }),
    description: t.string({ description: 'What it is about, at most 1,000 characters; null clears it.' }),
    avatarAttachmentId: t.id({ description: 'Global ID of an uploaded picture of the viewer; null takes the present one away.' }),
  }),
})

const UpdateChatPayload = definePayload<ChatShape>('UpdateChatPayload', 'The answer to updateChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group, changed.', resolve: ({ value }) => value }),
}))

const DeleteChatInput = builder.inputType('DeleteChatInput', {
  description: 'A chat to delete.',
  fields: (t) => ({ chatId: t.id({ required: true, description: 'Global ID of the chat.' }) }),
})

const DeleteChatPayload = definePayload<number>('DeleteChatPayload', 'The answer to deleteChat.', (t) => ({
  deletedChatId: t.id({ nullable: true, description: 'Global ID of the chat that was deleted.', resolve: ({ value }) => (value === null ? null : chatGlobalId(value)) }),
}))

const UpdateChatSettingsInput = builder.inputType('UpdateChatSettingsInput', {
  description: 'How the viewer sets a chat for themselves; what is left out stays as it is.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the chat.' }),
    mutedUntil: t.field({ type: 'DateTime', description: 'Until when the viewer wants no notice of the chat; null clears it.' }),
    archived: t.boolean({ description: 'Whether the chat is put away.' }),
    pinned: t.boolean({ description: 'Whether the chat stays ahead of the others.' }),
  }),
})

const UpdateChatSettingsPayload = definePayload<ChatShape>('UpdateChatSettingsPayload', 'The answer to updateChatSettings.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The chat, with its new settings in `viewerMember`.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  updateChat: t.field({
    type: UpdateChatPayload,
    description: 'Changes the name, description and picture of a group: for owners and admins.',
    args: { input: t.arg({ type: UpdateChatInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input: { chatId, avatarAttachmentId: id, ...changes } }, ctx) =>
      attempt(ctx, async () =>
        updateChat(ctx, inputId('Chat', chatId, ['chatId']), { ...changes, ...(id === undefined ? {} : { avatar: id === null ? null : inputId('Attachment', id, ['avatarAttachmentId']) }) }),
      ),
  }),
  deleteChat: t.field({
    type: DeleteChatPayload,
    description: "A group: its owner ends it for all. A direct chat: it leaves the viewer's list and its history is hidden from the viewer.",
    args: { input: t.arg({ type: DeleteChatInput, required: true, description: 'Which chat.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => {
        const chatId = inputId('Chat', input.chatId, ['chatId'])
        await deleteChat(ctx, chatId)
        return chatId
      }),
  }),
  updateChatSettings: t.field({
    type: UpdateChatSettingsPayload,
    description: 'Mutes, archives or pins a chat for the viewer alone.',
    args: { input: t.arg({ type: UpdateChatSettingsInput, required: true, description: 'How it is set.' }) },
    resolve: (_root, { input: { chatId, ...settings } }, ctx) => attempt(ctx, async () => updateChatSettings(ctx, inputId('Chat', chatId, ['chatId']), settings)),
  }),
}))
