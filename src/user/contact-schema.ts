import { builder } from '../graphql/builder.ts'
import { defineNode } from '../graphql/node.ts'
import { loadContact } from './contacts.ts'
import type { Contact as ContactShape } from './contacts.ts'
import { Actor } from './schema.ts'

export const Contact = builder.objectRef<ContactShape>('Contact')

defineNode('Contact', Contact, {
  description: "A person outside: the other end of a WhatsApp chat. Since 2026 a phone number may be missing and only WhatsApp's business-scoped id known.",
  interfaces: [Actor],
  // To everybody but those who answer them there are none.
  load: (ctx, [id]) => (ctx.viewer?.roles.includes('AGENT') === true ? loadContact(ctx, id) : null),
  fields: (t) => ({
    phone: t.string({ nullable: true, description: 'The phone number, as +14155550123; null where the person hides it.', resolve: ({ phone }) => (phone === null ? null : `+${phone}`) }),
    whatsappUserId: t.exposeString('whatsappUserId', { nullable: true, description: "WhatsApp's id of the person towards this business; null where it is not known." }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the person was first known here.' }),
  }),
})
