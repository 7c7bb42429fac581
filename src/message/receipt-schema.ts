import { decodeKeyOf, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import type { Chat as ChatShape } from '../chat/domain.ts'
import { Chat, ChatMember } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { loadUser } from '../user/domain.ts'
import { User } from '../user/schema.ts'
import { markDelivered, markRead, othersUpTo, receiptsOf, statusOf } from './receipts.ts'
import type { Receipt as ReceiptShape } from './receipts.ts'
import type { Failure as FailureShape } from './domain.ts'
import { Message } from './schema.ts'

const MessageStatus = builder.enumType('MessageStatus', {
  description: 'How far a message has come. It never goes back.',
  values: {
    SENDING: { description: 'On its way: in a client, or queued for WhatsApp.' },
    SENT: { description: 'Stored by the server.' },
    DELIVERED: { description: 'Every other member has it.' },
    READ: { description: 'Every other member has read it.' },
    FAILED: { description: 'It could not be sent.' },
  } as const,
})

const MessageFailure = builder.objectRef<FailureShape>('MessageFailure').implement({
  description: 'Why a message could not be sent.',
  fields: (t) => ({
    code: t.exposeString('code', { description: "WhatsApp's code of the error, or UNKNOWN_OUTCOME: WhatsApp never said whether it took the message." }),
    title: t.exposeString('title', { description: 'What happened and what to do about it.' }),
    detail: t.exposeString('detail', { nullable: true, description: 'What WhatsApp says of it, if anything.' }),
    retryable: t.exposeBoolean('retryable', { description: 'Whether sending it again (`retryMessage`) can help.' }),
  }),
})

const Receipt = builder.objectRef<ReceiptShape>('Receipt').implement({
  description: 'That a member has a message.',
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'Who.',
      resolve: async (receipt, _args, ctx) => {
        const user = await loadUser(ctx, receipt.userId)
        if (user === null) throw new Error('a member has an account')
        return user
      },
    }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true, description: 'Since when a device of theirs has it.' }),
    readAt: t.expose('readAt', { type: 'DateTime', nullable: true, description: 'When they read it; null while they have not.' }),
  }),
})

const ReceiptConnection = defineConnection<ReceiptShape, Page<ReceiptShape, unknown>>('Receipt', Receipt, 'A page of receipts: of the members who have the message.')

const userKey = decodeKeyOf((value): value is number => Number.isSafeInteger(value))

builder.objectFields(Message, (t) => ({
  status: t.field({ type: MessageStatus, description: 'How far it has come: by the least of all members but its sender; to a WhatsApp customer as WhatsApp reports.', resolve: (message, _args, ctx) => statusOf(ctx, message) }),
  receipts: t.field({
    type: ReceiptConnection,
    nullable: true,
    description: "Who has it, who read it: the sender's view; null for anybody else.",
    args: pageArgs(t.arg),
    resolve: (message, args, ctx) => receiptsOf(ctx, message, pageRequest(args, userKey)),
  }),
}))

builder.objectField(Message, 'failure', (t) =>
  t.field({ type: MessageFailure, nullable: true, description: 'Why it could not be sent; null where its status is not FAILED.', resolve: ({ failure }) => failure }),
)

builder.objectFields(Chat, (t) => ({
  deliveredUpTo: t.int({
    description: "Every member but the viewer has the messages up to this number: the ticks of the viewer's own follow from it.",
    resolve: (chat, _args, ctx) => othersUpTo(ctx, chat, 'deliveredUpTo'),
  }),
  readUpTo: t.int({
    description: 'Every member but the viewer has read the messages up to this number.',
    resolve: (chat, _args, ctx) => othersUpTo(ctx, chat, 'readUpTo'),
  }),
}))

builder.objectField(ChatMember, 'deliveredUpTo', (t) =>
  t.exposeInt('deliveredUpTo', { description: 'A device of the member has the messages up to this number, see Message.number.' }),
)

const MarkReadInput = builder.inputType('MarkReadInput', {
  description: 'How far the viewer has read.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the newest message that was read.' }) }),
})

const MarkDeliveredInput = builder.inputType('MarkDeliveredInput', {
  description: 'How far a device of the viewer has the messages.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the newest message that arrived.' }) }),
})

const MarkReadPayload = definePayload<ChatShape>('MarkReadPayload', 'The answer to markRead.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The chat, with its new unread count.', resolve: ({ value }) => value }),
}))

const MarkDeliveredPayload = definePayload<ChatShape>('MarkDeliveredPayload', 'The answer to markDelivered.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The chat.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  markRead: t.field({
    type: MarkReadPayload,
    description: "Moves the viewer's read mark in a chat up to a message; it never goes back.",
    args: { input: t.arg({ type: MarkReadInput, required: true, description: 'How far.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => markRead(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
  markDelivered: t.field({
    type: MarkDeliveredPayload,
    description: 'Tells that a message, and all before it, have reached a device of the viewer; it never goes back.',
    args: { input: t.arg({ type: MarkDeliveredInput, required: true, description: 'How far.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => markDelivered(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
}))
