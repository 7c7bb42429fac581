import { BadUserInput } from '../base/errors.ts'
import { decodeKeyOf, encodeKey, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { loadChat } from '../chat/domain.ts'
import type { Chat as ChatShape } from '../chat/domain.ts'
import { Chat } from '../chat/schema.ts'
import { NO_CURSORS } from '../event/resume.ts'
import type { EventRow } from '../event/types.ts'
import { builder } from '../graphql/builder.ts'
import { argId } from '../graphql/errors.ts'
import { LiveSource } from '../graphql/live.ts'
import { defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { loadActor } from '../user/contacts.ts'
import { Actor, User } from '../user/schema.ts'
import { viewerOf } from '../viewer.ts'
import { MESSAGE_KINDS, countMessages, lastMessage, listMessages, repliedMessage, unreadCount, visibleMessage } from './domain.ts'
import type { ContactCard as ContactCardShape, Location as LocationShape, Message as MessageShape } from './domain.ts'
import { editHistory } from './edit.ts'
import type { Revision } from './edit.ts'
import { mentionedUsers, unreadMentionCount } from './mentions.ts'
import { pinnedMessages } from './pins.ts'
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

const Location = builder.objectRef<LocationShape>('Location').implement({
  description: 'A place on Earth.',
  fields: (t) => ({
    latitude: t.exposeFloat('latitude', { description: 'Degrees from -90 (south) to 90 (north).' }),
    longitude: t.exposeFloat('longitude', { description: 'Degrees from -180 (west) to 180 (east).' }),
    name: t.exposeString('name', { nullable: true, description: 'What the place is called.' }),
    address: t.exposeString('address', { nullable: true, description: 'Where it is, in words.' }),
  }),
})

const ContactCard = builder.objectRef<ContactCardShape>('ContactCard').implement({
  description: "Somebody's card.",
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What they are called.' }),
    phones: t.exposeStringList('phones', { description: 'Their phone numbers, as the sender wrote them.' }),
  }),
})

const MessageRevision = builder.objectRef<Revision>('MessageRevision').implement({
  description: 'What a message said before an edit.',
  fields: (t) => ({
    revision: t.exposeInt('revision', { description: 'The revision that had this text.' }),
    text: t.string({ nullable: true, description: 'What it said; null where it said nothing.', resolve: (revision) => revision.body }),
    at: t.expose('at', { type: 'DateTime', description: 'When this text was written.' }),
  }),
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
    sender: t.field({ type: Actor, nullable: true, description: 'Who sent it.', resolve: (message, _args, ctx) => (message.senderId === null ? null : loadActor(ctx, message.senderId)) }),
    kind: t.field({ type: MessageKind, description: 'What it holds.', resolve: (message) => MESSAGE_KINDS[message.kind] ?? 'UNSUPPORTED' }),
    text: t.string({ nullable: true, description: 'What it says; null where it says nothing, or is deleted.', resolve: (message) => message.body }),
    mentions: t.field({ type: [User], description: 'The members of the chat whom its text names by `@username`; at most 50.', resolve: (message, _args, ctx) => mentionedUsers(ctx, message) }),
    replyTo: t.field({ type: Message, nullable: true, description: 'The message that it answers; null where that is from before the viewer joined.', resolve: (message, _args, ctx) => repliedMessage(ctx, message) }),
    forwarded: t.exposeBoolean('forwarded', { description: 'Whether its text was taken over from another message.' }),
    location: t.field({ type: Location, nullable: true, description: 'The place that it tells; null where it tells none, or is deleted.', resolve: (message) => message.location }),
    contactCards: t.field({ type: [ContactCard], description: 'Cards of people that it carries.', resolve: (message) => message.cards ?? [] }),
    revision: t.exposeInt('revision', { description: '1, then one more with each edit.' }),
    editHistory: t.field({
      type: [MessageRevision],
      description: 'What it said before its edits, oldest first: the newest 100 of them. Empty once it is deleted.',
      resolve: (message, _args, ctx) => editHistory(ctx, message),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was sent, by the server.' }),
    editedAt: t.expose('editedAt', { type: 'DateTime', nullable: true, description: 'When it was last edited.' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true, description: 'When it was deleted; its text is gone then.' }),
    pinnedAt: t.expose('pinnedAt', { type: 'DateTime', nullable: true, description: 'When it was pinned; null where it is not.' }),
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
  unreadMentionCount: t.int({ description: "Messages above the viewer's read mark that mention the viewer.", resolve: (chat, _args, ctx) => unreadMentionCount(ctx, chat.chat.id) }),
  pinnedMessages: t.field({ type: [Message], description: 'The pinned messages that the viewer may read, the newest pin first; at most 50.', resolve: (chat, _args, ctx) => pinnedMessages(ctx, chat) }),
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

builder.subscriptionField('messageAdded', (t) =>
  t.field({
    type: Message,
    description: 'The simple form: new messages of one chat, from now on. It completes when the viewer leaves the chat.',
    args: { chatId: t.arg.id({ required: true, description: 'Global ID of the chat.' }) },
    subscribe: async (_root, args, ctx) => {
      const chatId = argId('Chat', args.chatId, 'chatId')
      const feed = await ctx.hub.open({ viewerId: viewerOf(ctx).userId, chatId }, NO_CURSORS, ctx.endConnection)
      if (feed === null) throw new BadUserInput('`chatId`: no such chat.')
      return new LiveSource<EventRow>(feed, 'messages')
    },
    resolve: (event, _args, ctx) => messageOf(ctx, event),
  }),
)
