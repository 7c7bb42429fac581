import { decodeKeyOf, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { listDeliveries, loadDelivery, replayDelivery } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'

const WhatsAppDeliveryState = builder.enumType('WhatsAppDeliveryState', {
  description: 'What became of a webhook of Meta’s.',
  values: {
    PENDING: { description: 'Stored, and still to be worked off, or tried again.' },
    DONE: { description: 'Worked off; it goes after 7 days.' },
    PARKED: { description: 'It failed too often, or holds what is not known here: it waits for a person.' },
  } as const,
})

const WhatsAppDelivery = builder.objectRef<Delivery>('WhatsAppDelivery')

defineNode('WhatsAppDelivery', WhatsAppDelivery, {
  description: 'A webhook of Meta’s, as it came. For admins.',
  key: ({ id }) => [id],
  load: (ctx, [id]) => loadDelivery(ctx, id),
  fields: (t) => ({
    receivedAt: t.expose('receivedAt', { type: 'DateTime', description: 'When it came.' }),
    state: t.field({ type: WhatsAppDeliveryState, description: 'What became of it.', resolve: ({ state }) => state }),
    attempts: t.exposeInt('attempts', { description: 'How often it failed.' }),
    fault: t.exposeString('fault', { nullable: true, description: 'Why it waits; null where it does not.' }),
    body: t.string({ nullable: true, description: 'What was posted; null once a message in it was revoked.', resolve: ({ body }) => body?.toString('utf8') ?? null }),
  }),
})

const WhatsAppDeliveryConnection = defineConnection<Delivery, Page<Delivery, unknown>>('WhatsAppDelivery', WhatsAppDelivery, 'A page of webhooks, the newest first.')

const deliveryKey = decodeKeyOf((value): value is number => Number.isSafeInteger(value))

builder.queryField('whatsAppDeliveries', (t) =>
  t.field({
    type: WhatsAppDeliveryConnection,
    nullable: true,
    description: 'What Meta posted, the newest first; null for those who are no admins.',
    args: { state: t.arg({ type: WhatsAppDeliveryState, description: 'Only those that came to this.' }), ...pageArgs(t.arg) },
    resolve: (_root, { state, ...page }, ctx) => listDeliveries(ctx, state ?? null, pageRequest(page, deliveryKey)),
  }),
)

const ReplayWhatsAppDeliveryInput = builder.inputType('ReplayWhatsAppDeliveryInput', {
  description: 'A webhook to work off again.',
  fields: (t) => ({ deliveryId: t.id({ required: true, description: 'Global ID of the delivery.' }) }),
})

const ReplayWhatsAppDeliveryPayload = definePayload<Delivery>('ReplayWhatsAppDeliveryPayload', 'The answer to replayWhatsAppDelivery.', (t) => ({
  delivery: t.field({ type: WhatsAppDelivery, nullable: true, description: 'The delivery, which is pending again.', resolve: ({ value }) => value }),
}))

builder.mutationField('replayWhatsAppDelivery', (t) =>
  t.field({
    type: ReplayWhatsAppDeliveryPayload,
    description: 'Works a webhook off again; for admins. What of it was done is not done twice.',
    args: { input: t.arg({ type: ReplayWhatsAppDeliveryInput, required: true, description: 'Which.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => replayDelivery(ctx, inputId('WhatsAppDelivery', input.deliveryId, ['deliveryId']))),
  }),
)
