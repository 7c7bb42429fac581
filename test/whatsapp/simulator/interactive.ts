import { z } from 'zod'

// Interactive messages, with the limits of Meta's guide (developers.facebook.com/docs/whatsapp/guides/interactive-messages; whatsapp-api-js,
// src/messages/interactive.ts): 3 buttons of 20 characters, 10 sections, 10 rows in all of 24 and 72 characters, 1,024 for the body (4,096 in
// a list), 60 for header and footer.

const file = z.strictObject({ id: z.string().optional(), link: z.string().optional(), filename: z.string().optional() }).refine(({ id, link }) => (id === undefined) !== (link === undefined), 'must have either id or link')

const Header = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1).max(60) }),
  z.strictObject({ type: z.literal('image'), image: file }),
  z.strictObject({ type: z.literal('video'), video: file }),
  z.strictObject({ type: z.literal('document'), document: file }),
])
const TextHeader = z.strictObject({ type: z.literal('text'), text: z.string().min(1).max(60) })
const Footer = z.strictObject({ text: z.string().min(1).max(60) })
const body = (max: number) => z.strictObject({ text: z.string().min(1).max(max) })

/** No two of a message are called alike. */
const unlike = (names: string[]) => new Set(names).size === names.length

const ReplyButton = z.strictObject({ type: z.literal('reply'), reply: z.strictObject({ id: z.string().min(1).max(256), title: z.string().min(1).max(20) }) })

const Row = z.strictObject({ id: z.string().min(1).max(200), title: z.string().min(1).max(24), description: z.string().max(72).optional() })

const Sections = z
  .array(z.strictObject({ title: z.string().max(24).optional(), rows: z.array(Row).min(1).max(10) }))
  .min(1)
  .max(10)
  .refine((sections) => sections.length === 1 || sections.every(({ title }) => title !== undefined && title !== ''), 'must have titles where there is more than one')
  .refine((sections) => sections.flatMap(({ rows }) => rows).length <= 10, 'must have at most 10 rows in all')
  .refine((sections) => unlike(sections.flatMap(({ rows }) => rows.map(({ id }) => id))), 'must not use an id twice')

export const Interactive = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('button'),
    header: Header.optional(),
    body: body(1024),
    footer: Footer.optional(),
    action: z.strictObject({ buttons: z.array(ReplyButton).min(1).max(3).refine((buttons) => unlike(buttons.map(({ reply }) => reply.id)), 'must not use an id twice').refine((buttons) => unlike(buttons.map(({ reply }) => reply.title)), 'must not use a title twice') }),
  }),
  z.strictObject({ type: z.literal('list'), header: TextHeader.optional(), body: body(4096), footer: Footer.optional(), action: z.strictObject({ button: z.string().min(1).max(20), sections: Sections }) }),
  z.strictObject({
    type: z.literal('cta_url'),
    header: Header.optional(),
    body: body(1024),
    footer: Footer.optional(),
    action: z.strictObject({ name: z.literal('cta_url'), parameters: z.strictObject({ display_text: z.string().min(1).max(20), url: z.url() }) }),
  }),
  z.strictObject({ type: z.literal('location_request_message'), body: body(1024), action: z.strictObject({ name: z.literal('send_location') }) }),
])
