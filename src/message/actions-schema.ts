import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId, inputIds } from '../graphql/errors.ts'
import type { Message as MessageShape } from './domain.ts'
import { deleteMessage, editMessage } from './edit.ts'
import { pinMessage, unpinMessage } from './pins.ts'
import { Message } from './schema.ts'
import { sendMessage } from './send.ts'

const LocationInput = builder.inputType('LocationInput', {
  description: 'A place on Earth.',
  fields: (t) => ({
    latitude: t.float({ required: true, description: 'Degrees from -90 (south) to 90 (north).' }),
    longitude: t.float({ required: true, description: 'Degrees from -180 (west) to 180 (east).' }),
    name: t.string({ description: 'What the place is called, at most 200 characters.' }),
    address: t.string({ description: 'Where it is, in words, at most 200 characters.' }),
  }),
})

const SendMessageInput = builder.inputType('SendMessageInput', {
  description: 'A message to send.',
  fields: (t) => ({
    chatId: t.id({ description: 'Global ID of the chat. Exactly one of chatId and recipientId is given.' }),
    recipientId: t.id({ description: 'Global ID of a user, whose direct chat is made if there is none.' }),
    clientId: t.string({ required: true, description: 'A UUID made by the client for this message. The same one again, from any device, answers the first message (`duplicate: true`).' }),
    text: t.string({ description: 'What to say: 1 to 10,000 Unicode code points. `@username` mentions a member. It may be left out with a location or files, and must be with forwardOfId.' }),
    attachmentIds: t.idList({ description: 'Global IDs of uploads of the viewer, in the order in which they are shown; at most 20. The text is their caption.' }),
    replyToId: t.id({ description: 'Global ID of the message in the same chat that this one answers.' }),
    forwardOfId: t.id({ description: 'Global ID of a message in any chat of the viewer: what it says now is sent.' }),
    location: t.field({ type: LocationInput, description: 'A place to tell.' }),
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

const PinMessageInput = builder.inputType('PinMessageInput', {
  description: 'A message to pin.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the message.' }) }),
})

const PinMessagePayload = definePayload<MessageShape>('PinMessagePayload', 'The answer to pinMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, pinned.', resolve: ({ value }) => value }),
}))

const UnpinMessageInput = builder.inputType('UnpinMessageInput', {
  description: 'A message to pin no longer.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the message.' }) }),
})

const UnpinMessagePayload = definePayload<MessageShape>('UnpinMessagePayload', 'The answer to unpinMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, not pinned any more.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  sendMessage: t.field({
    type: SendMessagePayload,
    description: 'Sends a message. Once it is answered, it is stored and reaches every member.',
    args: { input: t.arg({ type: SendMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () =>
        sendMessage(ctx, {
          ...input,
          chatId: input.chatId == null ? null : inputId('Chat', input.chatId, ['chatId']),
          recipientId: input.recipientId == null ? null : inputId('User', input.recipientId, ['recipientId']),
          attachmentIds: input.attachmentIds == null ? null : inputIds('Attachment', input.attachmentIds, ['attachmentIds']),
          replyTo: input.replyToId == null ? null : inputId('Message', input.replyToId, ['replyToId']),
          forwardOf: input.forwardOfId == null ? null : inputId('Message', input.forwardOfId, ['forwardOfId']),
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
    description: "Deletes the viewer's own message for everyone: a tombstone stays. In a group owners and admins may delete anybody's.",
    args: { input: t.arg({ type: DeleteMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => deleteMessage(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
  pinMessage: t.field({
    type: PinMessagePayload,
    description: 'Pins a message to its chat, for all members; in a group owners and admins may. At most 50 are pinned at once.',
    args: { input: t.arg({ type: PinMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => pinMessage(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
  unpinMessage: t.field({
    type: UnpinMessagePayload,
    description: 'Takes a message off the pinned ones.',
    args: { input: t.arg({ type: UnpinMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => unpinMessage(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
}))
