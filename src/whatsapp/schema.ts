import { decodeKeyOf, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { assignChat } from '../chat/outside.ts'
import type { Chat as ChatShape } from '../chat/domain.ts'
import { Chat } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import type { Message as MessageShape } from '../message/domain.ts'
import { Message } from '../message/schema.ts'
import { loadContact } from '../user/contacts.ts'
import { Contact } from '../user/contact-schema.ts'
import { loadUser } from '../user/domain.ts'
import { User } from '../user/schema.ts'
import { providerTimeOf, retryMessage, startWhatsAppChat, whatsAppOf } from './domain.ts'
import type { WhatsAppChat as WhatsAppChatShape } from './domain.ts'
import { listTemplates, loadTemplate, sendTemplate } from './templates.ts'
import type { Template } from './templates.ts'

const WhatsAppChat = builder.objectRef<WhatsAppChatShape>('WhatsAppChat').implement({
  description: 'What WhatsApp brings to a chat.',
  fields: (t) => ({
    contact: t.field({
      type: Contact,
      description: 'The customer.',
      resolve: async ({ contactId }, _args, ctx) => {
        const contact = await loadContact(ctx, contactId)
        if (contact === null) throw new Error('a customer is never removed')
        return contact
      },
    }),
    assignee: t.field({ type: User, nullable: true, description: 'Who is to answer; null: nobody in particular.', resolve: ({ chat }, _args, ctx) => (chat.chat.assigneeId === null ? null : loadUser(ctx, chat.chat.assigneeId)) }),
    replyWindowClosesAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: "Until then anything may be sent: 24 hours from the customer's last message, by WhatsApp's clock. Afterwards only templates; null: the customer has not written yet.",
      resolve: ({ chat }) => chat.stream.writableUntil,
    }),
    phoneNumberId: t.exposeString('phoneNumberId', { description: "Meta's id of our number in this chat." }),
  }),
})

builder.objectField(Chat, 'whatsapp', (t) =>
  t.field({ type: WhatsAppChat, nullable: true, description: 'Of a chat of the kind WHATSAPP: the customer, who answers, and until when; null of any other.', resolve: (chat, _args, ctx) => whatsAppOf(ctx, chat) }),
)

builder.objectField(Message, 'providerTime', (t) =>
  t.field({ type: 'DateTime', nullable: true, description: "When it was sent by WhatsApp's clock, to the second; null where WhatsApp has told no time. `createdAt` is when it came to this server.", resolve: (message, _args, ctx) => providerTimeOf(ctx, message) }),
)

// ------------------------------------------------------------------ templates

const WhatsAppTemplate = builder.objectRef<Template>('WhatsAppTemplate')

defineNode('WhatsAppTemplate', WhatsAppTemplate, {
  description: 'A text that Meta has approved, and that may be sent at any time.',
  key: ({ id }) => [id],
  load: (ctx, [id]) => loadTemplate(ctx, id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    language: t.exposeString('language', { description: 'The language, such as en_US.' }),
    category: t.exposeString('category', { description: 'MARKETING, UTILITY or AUTHENTICATION.' }),
    status: t.exposeString('status', { description: 'Whether it can be sent: APPROVED; others are PENDING, REJECTED, PAUSED, DISABLED, and more may come.' }),
    body: t.exposeString('body', { description: 'The text, with {{1}} or {{name}} where values go.' }),
    parameterCount: t.exposeInt('parameterCount', { description: 'How many values it takes.' }),
  }),
})

const WhatsAppTemplateConnection = defineConnection<Template, Page<Template, unknown>>('WhatsAppTemplate', WhatsAppTemplate, 'A page of templates, by name and language.')

const templateKey = decodeKeyOf((value): value is [string, string] => Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string' && part.length <= 600 && !part.includes('\0') && part.isWellFormed()))

builder.queryField('whatsappTemplates', (t) =>
  t.field({
    type: WhatsAppTemplateConnection,
    nullable: true,
    description: 'The templates of the business account, as Meta listed them last; null for those who do not answer customers.',
    args: pageArgs(t.arg),
    resolve: (_root, args, ctx) => listTemplates(ctx, pageRequest(args, templateKey)),
  }),
)

// ------------------------------------------------------------------ mutations

const StartWhatsAppChatInput = builder.inputType('StartWhatsAppChatInput', {
  description: 'Whom to write to: a phone number, or a contact who is known.',
  fields: (t) => ({
    phone: t.string({ description: 'With country code, such as +14155550123.' }),
    contactId: t.id({ description: 'Global ID of the contact.' }),
    displayName: t.string({ description: 'What to call them, at most 80 characters; what they call themselves does not change it then.' }),
  }),
})

const StartWhatsAppChatPayload = definePayload<{ chat: ChatShape; created: boolean }>('StartWhatsAppChatPayload', 'The answer to startWhatsAppChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The chat.', resolve: ({ value }) => value?.chat }),
  created: t.boolean({ nullable: true, description: 'False where it was there already.', resolve: ({ value }) => value?.created }),
}))

const SendTemplateInput = builder.inputType('SendTemplateInput', {
  description: 'A template to send.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the chat.' }),
    clientId: t.string({ required: true, description: 'A UUID made by the client for this message: the same one again answers the first message.' }),
    name: t.string({ required: true, description: 'The name of the template.' }),
    language: t.string({ required: true, description: 'Its language, such as en_US.' }),
    parameters: t.stringList({ description: 'Its values, in the order in which their places first come.' }),
  }),
})

const SendTemplatePayload = definePayload<{ message: MessageShape; duplicate: boolean }>('SendTemplatePayload', 'The answer to sendTemplate.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message.', resolve: ({ value }) => value?.message }),
  duplicate: t.boolean({ nullable: true, description: 'True where this clientId had been sent before.', resolve: ({ value }) => value?.duplicate }),
}))

const AssignChatInput = builder.inputType('AssignChatInput', {
  description: 'Who is to answer a customer.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the chat.' }),
    userId: t.id({ description: 'Global ID of somebody with the role AGENT; null or left out: nobody in particular.' }),
  }),
})

const AssignChatPayload = definePayload<ChatShape>('AssignChatPayload', 'The answer to assignChat.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The chat.', resolve: ({ value }) => value }),
}))

const RetryMessageInput = builder.inputType('RetryMessageInput', {
  description: 'A message to send again.',
  fields: (t) => ({ messageId: t.id({ required: true, description: 'Global ID of the message.' }) }),
})

const RetryMessagePayload = definePayload<MessageShape>('RetryMessagePayload', 'The answer to retryMessage.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, which is being sent again.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  startWhatsAppChat: t.field({
    type: StartWhatsAppChatPayload,
    description: 'Finds or makes the chat with a customer; for agents. Until the customer writes only templates can be sent.',
    args: { input: t.arg({ type: StartWhatsAppChatInput, required: true, description: 'Whom to write to.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => startWhatsAppChat(ctx, { ...input, contactId: input.contactId == null ? null : inputId('Contact', input.contactId, ['contactId']) })),
  }),
  sendTemplate: t.field({
    type: SendTemplatePayload,
    description: 'Sends a template to a customer, which may be done at any time.',
    args: { input: t.arg({ type: SendTemplateInput, required: true, description: 'The template.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => sendTemplate(ctx, { ...input, chatId: inputId('Chat', input.chatId, ['chatId']) })),
  }),
  assignChat: t.field({
    type: AssignChatPayload,
    description: 'Says who is to answer a customer; everybody with the role AGENT goes on seeing the chat.',
    args: { input: t.arg({ type: AssignChatInput, required: true, description: 'Who.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => assignChat(ctx, inputId('Chat', input.chatId, ['chatId']), input.userId == null ? null : inputId('User', input.userId, ['userId']))),
  }),
  retryMessage: t.field({
    type: RetryMessagePayload,
    description: 'Sends a message again that WhatsApp did not deliver, as a new attempt behind what waits in its chat.',
    args: { input: t.arg({ type: RetryMessageInput, required: true, description: 'The message.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => retryMessage(ctx, inputId('Message', input.messageId, ['messageId']))),
  }),
}))
