import type { Ctx } from '../ctx.ts'
import { MESSAGE_KINDS, loadMessage } from '../message/domain.ts'
import type { Failure, Message } from '../message/domain.ts'
import { newestReaction } from '../reaction/domain.ts'
import { loadContact } from '../user/contacts.ts'
import type { Contact } from '../user/contacts.ts'
import { callbackOf } from './domain.ts'
import { fileOf, partsOf } from './media.ts'
import { findProviderMessages, findTemplateUse } from './store.ts'
import type { OutsideChatRow, SendRow } from './store.ts'

/** What Meta is to be asked, and whether by its own id of the customer; or that there is nothing to ask, and why that is a failure, if it is one. */
export type Outgoing = { message: object; byUserId: boolean } | { failure: Failure | null }

const failed = (code: string, title: string): Outgoing => ({ failure: { code, title, detail: null, retryable: false } })

/** Makes of what waits what Meta takes, from the message as it is now; `mediaId` is what Meta calls its file. */
export async function messageToMeta(ctx: Ctx, send: SendRow, chat: OutsideChatRow, mediaId: string | null): Promise<Outgoing> {
  const [message, contact] = await Promise.all([loadMessage(ctx, [send.chatId, send.number]), loadContact(ctx, chat.contactId)])
  if (message === null || contact === null) throw new Error('a message and its customer are never removed')
  const to = addressOf(contact, send.byPhone)
  if (to === null) return failed('NO_ADDRESS', 'Neither a phone number nor a WhatsApp id of this customer is known.')
  const content = send.kind === 'REACTION' ? await reactionTo(ctx, message, contact) : await contentOf(ctx, message, send, mediaId)
  if ('failure' in content) return content
  const replied = send.kind === 'REACTION' || send.part > 1 ? null : await repliedWamid(ctx, message)
  return {
    byUserId: 'recipient' in to,
    message: {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      ...to,
      ...content,
      ...(replied === null ? {} : { context: { message_id: replied } }),
      ...(send.kind === 'REACTION' ? {} : { biz_opaque_callback_data: callbackOf({ key: [send.chatId, send.number], attempt: send.attempt, part: send.part }) }),
    },
  }
}

/** The phone number where it is known: everything can be sent to it. */
function addressOf({ phone, whatsappUserId }: Contact, byPhone: boolean): { to: string } | { recipient: string } | null {
  if (phone !== null) return { to: phone }
  return whatsappUserId === null || byPhone ? null : { recipient: whatsappUserId }
}

async function contentOf(ctx: Ctx, message: Message, send: SendRow, mediaId: string | null): Promise<{ type: string } | { failure: Failure | null }> {
  if (message.deletedAt !== null) return failed('DELETED', 'The message was deleted before it went out.') as { failure: Failure }
  switch (MESSAGE_KINDS[message.kind]) {
    case 'TEXT':
      return { type: 'text', text: { body: message.body ?? '' } } as { type: string }
    case 'LOCATION': {
      const { latitude = 0, longitude = 0, name, address } = message.location ?? {}
      return { type: 'location', location: { latitude, longitude, ...(name ? { name } : {}), ...(address ? { address } : {}) } } as { type: string }
    }
    case 'TEMPLATE': {
      const use = await findTemplateUse(ctx.db, [message.chatId, message.number])
      if (use === null) return failed('NO_TEMPLATE', 'A template cannot be forwarded: send it anew.') as { failure: Failure }
      const parameters = use.parameters.map((text) => ({ type: 'text', text }))
      return { type: 'template', template: { name: use.name, language: { code: use.language }, ...(parameters.length === 0 ? {} : { components: [{ type: 'body', parameters }] }) } } as { type: string }
    }
    case 'IMAGE':
    case 'VIDEO':
    case 'AUDIO':
    case 'FILE':
    case 'STICKER':
      return partOf(ctx, message, send, mediaId)
    case 'CONTACTS':
    case 'UNSUPPORTED':
    case undefined:
  }
  return failed('NOT_SUPPORTED', 'Messages of this kind cannot be sent to WhatsApp yet.') as { failure: Failure }
}

async function partOf(ctx: Ctx, message: Message, send: SendRow, mediaId: string | null): Promise<{ type: string } | { failure: Failure | null }> {
  const { file = null, text = null } = (await partsOf(ctx, message))[send.part - 1] ?? {}
  if (file === null) return text === null ? (failed('NO_FILE', 'The file is not there any more.') as { failure: Failure }) : ({ type: 'text', text: { body: text } } as { type: string })
  const outgoing = await fileOf(ctx, send)
  if (outgoing === null) return failed('TOO_LARGE', 'WhatsApp takes files of up to 100 MB.') as { failure: Failure }
  if (mediaId === null) return failed('NO_FILE', 'The file is not there any more.') as { failure: Failure }
  const { form, mimeType, attachment } = outgoing
  const more = form === 'document' ? { filename: attachment.fileName } : form === 'audio' && mimeType.endsWith('opus') ? { voice: true } : {}
  return { type: form, [form]: { id: mediaId, ...(text === null ? {} : { caption: text }), ...more } }
}

/** WhatsApp knows one reaction of the business: the newest that anybody here gave. */
async function reactionTo(ctx: Ctx, message: Message, contact: Contact): Promise<{ type: string } | { failure: Failure | null }> {
  const [known] = await findProviderMessages(ctx.db, [[message.chatId, message.number]])
  // It never got there, so nothing can be said of it there.
  if (known === undefined) return { failure: null }
  const emoji = await newestReaction(ctx, [message.chatId, message.number], contact.id)
  return { type: 'reaction', reaction: { message_id: known.wamid, emoji: emoji ?? '' } } as { type: string }
}

async function repliedWamid(ctx: Ctx, message: Message): Promise<string | null> {
  if (message.replyTo === null) return null
  const [known] = await findProviderMessages(ctx.db, [[message.chatId, message.replyTo]])
  return known?.wamid ?? null
}
