import { BadUserInput } from '../base/errors.ts'
import { flatMap } from '../base/latest.ts'
import { decodeKeyOf, encodeKey, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat as ChatShape } from '../chat/domain.ts'
import { Chat } from '../chat/schema.ts'
import { NO_CURSORS } from '../event/resume.ts'
import { EventKind } from '../event/types.ts'
import { builder } from '../graphql/builder.ts'
import { argId, attempt, definePayload, inputId } from '../graphql/errors.ts'
import { defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { loadUser } from '../user/domain.ts'
import { Actor } from '../user/schema.ts'
import { viewerOf } from '../viewer.ts'
import { MESSAGE_KINDS, countMessages, deleteMessage, editMessage, lastMessage, listMessages, repliedMessage, unreadCount, visibleMessage } from './domain.ts'
import type { Message as MessageShape } from './domain.ts'
import { sendMessage } from './send.ts'
import { messageOf } from './visible.ts'

export const MessageKind = builder.enumType('MessageKind', {
  description: 'What a message holds. Take a value you do not know as UNSUPPORTED.',
  values: {
    TEXT: { description: 'Text alone.' },
    IMAGE: { description: 'A picture.' },
    VIDEO: { description: 'A video.' },
    AUDIO: { description: 'Sound or a voice note.' },
    FILE: { description: 'Any other file.' },
    STICKER: { description: 'A sticker.' },
    LOCATION: { description: 'A place.' },
    CONTACTS: { description: 'Contact cards.' },
    TEMPLATE: { description: 'A WhatsApp template.' },
    UNSUPPORTED: { description: 'Something that cannot be shown here.' },
  } as const,
})

export const Message = builder.objectRef<MessageShape>('Message')

defineNode('Message', Message, {
  description: 'Something said in a chat. A deleted message stays as a tombstone: its number, sender and times, without text.',
  key: (message) => [message.chatId, message.number],
  load: (ctx, [chatId, number]) => visibleMessage(ctx, [chatId, number ?? 0]),
  fields: (t) => ({
    chat: t.field({ type: Chat, nullable: true, description: 'Its chat; null once the viewer has left it.', resolve: (message, _args, ctx) => loadChat(ctx, message.chatId) }),
    seq: t.exposeInt('seq', { description: 'Number of its newest event: of two answers the higher one is newer.' }),
    number: t.exposeInt('number', { description: '1, 2, 3 ... in this chat, by send order.' }),
    cursor: t.string({ description: 'Cursor of this message in Chat.messages: jump to it by `after` or `before`.', resolve: (message) => encodeKey(message.number) }),
    clientId: t.exposeString('clientId', { nullable: true, description: 'The id that the sender made for it; null where it came from outside.' }),
    sender: t.field({ type: Actor, nullable: true, description: 'Who sent it.', resolve: (message, _args, ctx) => (message.senderId === null ? null : loadUser(ctx, message.senderId)) }),
    kind: t.field({ type: MessageKind, description: 'What it holds.', resolve: (message) => MESSAGE_KINDS[message.kind] ?? 'UNSUPPORTED' }),
    text: t.string({ nullable: true, description: 'What it says; null where it says nothing, or is deleted.', resolve: (message) => message.body }),
    replyTo: t.field({ type: Message, nullable: true, description: 'The message that it answers; null where that is from before the viewer joined.', resolve: (message, _args, ctx) => repliedMessage(ctx, message) }),
    revision: t.exposeInt('revision', { description: '1, then one more with each edit.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was sent, by the server.' }),
    editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true, description: 'When it was last edited.' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true, description: 'When it was deleted; its text is gone then.' }),
  }),
})

/** A page of messages, and the chat whose they are. */
type MessagePage = Page<MessageShape, unknown> & { chat: ChatShape }

const MessageConnection = defineConnection<MessageShape, MessagePage>('Message', Message, 'A page of messages, ascending by number; the newest page is `last: 50`.', (t) => ({
  totalCount: t.int({ nullable: true, description: 'How many the viewer may read in all, deleted ones included.', resolve: (page) => countMessages(page.chat) }),
}))

const messageKey = decodeKeyOf((value): value is number => Number.isSafeInteger(value) && Number(value) >= 0)

builder.objectFields(Chat, (t) => ({
  messages: t.field({
    type: MessageConnection,
    description: 'The history that the viewer may read, ascending by number.',
    args: { ...pageArgs(t.arg), around: t.arg.id({ description: 'Centres the page on this message; `first` or `last` is the size.' }) },
    resolve: async (chat, { around, ...args }, ctx) => ({
      ...(await listMessages(ctx, chat, pageRequest(args, messageKey), around == null ? null : argId('Message', around, 'around'))),
      chat,
    }),
  }),
  lastMessage: t.field({ type: Message, nullable: true, description: 'The newest message, a deleted one too; null in an empty chat.', resolve: (chat, _args, ctx) => lastMessage(ctx, chat) }),
  unreadCount: t.int({ description: "Others' undeleted messages above the viewer's read mark.", resolve: (chat, _args, ctx) => unreadCount(ctx, chat.chat.id) }),
}))

builder.queryField('message', (t) =>
  t.field({
    type: Message,
    nullable: true,
    description: 'A message by global ID; null where the viewer may not see it.',
    args: { id: t.arg.id({ required: true, description: 'Global ID of the message.' }) },
    resolve: (_root, { id }, ctx) => visibleMessage(ctx, argId('Message', id, 'id')),
  }),
)

const SendMessageInput = builder.inputType('SendMessageInput', {
  description: 'A message to send.',
  fields: (t) => ({
    chatId: t.id({ description: 'Global ID of the chat. Exactly one of chatId and recipientId is given.' }),
    recipientId: t.id({ description: 'Global ID of a user, whose direct chat is made if there is none.' }),
    clientId: t.string({ required: true, description: 'A UUID made by the client for this message. The same one again, from any device, answers the first message (`duplicate: true`).' }),
    text: t.string({ description: 'What to say: 1 to 10,000 Unicode code points.' }),
    replyToId: t.id({ description: 'Global ID of the message in the same chat that this one answers.' }),
  }),
})

const SendMessagePayload = definePayload<{ message: MessageShape; duplicate: boolean }>('SendMessagePayload', 'The answer to sendMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, as it is stored.', resolve: ({ value }) => value?.message }),
  duplicate: t.boolean({ nullable: true, description: 'True where the same clientId had sent it before.', resolve: ({ value }) => value?.duplicate }),
}))

const EditMessageInput = builder.inputType('EditMessageInput', {
  description: 'A new text for a message.',
  fields: (t) => ({
    messageId: t.id({ required: true, description: 'Global ID of the message.' }),
    text: t.string({ required: true, description: 'What it says from now on: 1 to 10,000 Unicode code points.' }),
    expectedRevision: t.int({ description: 'When given, the edit is a Conflict unless this is the current revision.' }),
  }),
})

const EditMessagePayload = definePayload<MessageShape>('EditMessagePayload', 'The answer to editMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, changed.', resolve: ({ value }) => value }),
}))

const DeleteMessageInput = builder.inputType('DeleteMessageInput', {
  description: 'A message to delete.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the message.' }) }),
})

const DeleteMessagePayload = definePayload<MessageShape>('DeleteMessagePayload', 'The answer to deleteMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The tombstone.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  sendMessage: t.field({
    type: SendMessagePayload,
    description: 'Sends a message. Once it is answered, it is stored and reaches every member.',
    args: { input: t.arg({ type: SendMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, () =>
        sendMessage(ctx, {
          ...input,
          chatId: input.chatId == null ? null : inputId('Chat', input.chatId, ['chatId']),
          recipientId: input.recipientId == null ? null : inputId('User', input.recipientId, ['recipientId']),
          replyTo: input.replyToId == null ? null : inputId('Message', input.replyToId, ['replyToId']),
        }),
      ),
  }),
  editMessage: t.field({
    type: EditMessagePayload,
    description: "Replaces the text of the viewer's own message.",
    args: { input: t.arg({ type: EditMessageInput, required: true, description: 'The new text.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => editMessage(ctx, inputId('Message', input.messageId, ['messageId']), input.text, input.expectedRevision ?? null)),
  }),
  deleteMessage: t.field({
    type: DeleteMessagePayload,
    description: "Deletes the viewer's own message for everyone: a tombstone stays.",
    args: { input: t.arg({ type: DeleteMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => deleteMessage(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
}))

builder.subscriptionField('messageAdded', (t) =>
  t.field({
    type: Message,
    description: 'The simple form: new messages of one chat, from now on. It completes when the viewer leaves the chat.',
    args: { chatId: t.arg.id({ required: true, description: 'Global ID of the chat.' }) },
    subscribe: async (_root, args, ctx) => {
      const chatId = argId('Chat', args.chatId, 'chatId')
      const feed = await ctx.hub.open({ viewerId: viewerOf(ctx).userId, chatId }, NO_CURSORS)
      if (feed === null) throw new BadUserInput('`chatId`: no such chat.')
      return flatMap(feed, (batch) => {
        // Nothing read for an earlier batch is true any more.
        ctx.loaders.clear()
        return batch.events.filter((event) => event.kind === EventKind.MESSAGE_ADDED)
      })
    },
    resolve: (event, _args, ctx) => messageOf(ctx, event),
  }),
)
