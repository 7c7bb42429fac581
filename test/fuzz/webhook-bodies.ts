import type { Maker } from './made.ts'

/** What webhooks may speak of, such that they fit each other and what the server has. */
export interface Business {
  wabaId: string
  phoneNumberId: string
  /** Messages that went out: WhatsApp's name for each, and what was sent along. */
  sent: { id: string; callbackData: string | null }[]
}

type Json = Record<string, unknown>

/** So many customers, and so many names of messages of each: what comes refers to each other now and then. */
const [CUSTOMERS, NAMES] = [10, 60]
const now = () => String(Math.floor(Date.now() / 1000))

const phoneOf = ({ random }: Maker) => `1415555${1000 + random.below(CUSTOMERS)}`
const nameOf = ({ random }: Maker, phone: string) => `wamid.FUZZ${phone}x${random.below(NAMES)}`
/** A message that something is about: mostly one of the same customer's. */
const targetOf = (maker: Maker, phone: string) => nameOf(maker, maker.random.chance(0.7) ? phone : phoneOf(maker))
const mediaPart = (maker: Maker) => ({ id: String(maker.random.below(2 ** 31)), mime_type: 'image/jpeg', sha256: 'YWJj', caption: maker.text(), filename: maker.text(), url: 'https://lookaside.fbsbx.com/x' })

const SAID: ((maker: Maker, phone: string) => Json & { type: string })[] = [
  (maker) => ({ type: 'text', text: { body: maker.text() } }),
  (maker, phone) => ({ type: 'text', text: { body: 'How late are you open today?' }, context: { id: targetOf(maker, phone), from: phoneOf(maker), forwarded: maker.random.chance(0.5) } }),
  ...['image', 'video', 'audio', 'document', 'sticker'].map((type) => (maker: Maker) => ({ type, [type]: mediaPart(maker) })),
  ({ random }) => ({ type: 'location', location: { latitude: random.next() * 180 - 90, longitude: random.next() * 360 - 180, name: 'Shop', address: '1 Main Street' } }),
  (maker) => ({ type: 'contacts', contacts: [{ name: { formatted_name: maker.text(), first_name: 'Bo' }, org: { company: 'Shop' }, phones: [{ phone: '+1 415', wa_id: phoneOf(maker), type: 'CELL' }], emails: [{ email: 'bo@example.com' }] }] }),
  (maker, phone) => ({ type: 'reaction', reaction: { message_id: targetOf(maker, phone), emoji: maker.random.pick(['👍', '', '❤️', 'no emoji', maker.text()]) } }),
  (maker) => ({ type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'yes', title: maker.text() } } }),
  (maker) => ({ type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: '1', title: 'Tuesday', description: maker.text() } } }),
  () => ({ type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { body: 'Sent', name: 'flow', response_json: '{}' } } }),
  (maker) => ({ type: 'button', button: { payload: 'again', text: maker.text() } }),
  (maker, phone) => ({ type: 'edit', edit: { original_message_id: targetOf(maker, phone), message: { type: 'text', text: { body: maker.random.pick([maker.text(), 'changed', `x${'💥'.repeat(6000)}`]) } } } }),
  (maker, phone) => ({ type: 'revoke', revoke: { original_message_id: targetOf(maker, phone) } }),
  (maker) => ({ type: 'system', system: { type: maker.random.pick(['user_changed_number', 'customer_identity_changed', 'user_changed_user_id']), body: 'changed', wa_id: phoneOf(maker), user_id: `US.${maker.random.below(CUSTOMERS)}` } }),
  () => ({ type: 'unsupported', errors: [{ code: 131051, title: 'Unsupported message type' }], unsupported: { type: 'poll' } }),
  () => ({ type: 'order', order: { catalog_id: '1', text: 'two of them', product_items: [{ product_retailer_id: 'a', quantity: 2, item_price: 3.5, currency: 'EUR' }] } }),
]

function messageOf(maker: Maker, phone: string): Json {
  const said = maker.random.pick(SAID)?.(maker, phone) ?? { type: 'text' }
  return { ...(maker.random.chance(0.9) ? { from: phone } : {}), ...(maker.random.chance(0.3) ? { from_user_id: `US.${phone.slice(-2)}` } : {}), id: nameOf(maker, phone), timestamp: now(), ...said }
}

function statusOf(maker: Maker, { sent }: Business): Json {
  const { random } = maker
  const of = random.chance(0.7) ? random.pick(sent) : undefined
  const status = random.pick(['sent', 'delivered', 'read', 'played', 'failed'] as const) ?? 'sent'
  return {
    id: of?.id ?? nameOf(maker, phoneOf(maker)),
    status,
    timestamp: now(),
    recipient_id: phoneOf(maker),
    ...(random.chance(0.7) ? { biz_opaque_callback_data: of?.callbackData ?? maker.text() } : {}),
    ...(status === 'sent' ? { conversation: { id: 'c', expiration_timestamp: now(), origin: { type: 'service' } } } : {}),
    pricing: { billable: false, pricing_model: 'PMP', category: 'service' },
    ...(status === 'failed' ? { errors: [{ code: random.pick([131026, 131047, 131053, 131049, 190, 131000, 4711]), title: 'x', message: 'x', error_data: { details: maker.text() } }] } : {}),
  }
}

/** A webhook as Meta makes them. */
export function goodBody(maker: Maker, business: Business): Json {
  const { random } = maker
  const phone = phoneOf(maker)
  const metadata = { display_phone_number: '15550001111', phone_number_id: business.phoneNumberId }
  const contacts = [{ profile: { name: random.chance(0.5) ? 'Ada' : maker.text() }, wa_id: phone, ...(random.chance(0.3) ? { user_id: `US.${phone.slice(-2)}` } : {}) }]
  const several = <T>(one: () => T) => Array.from({ length: 1 + random.below(random.chance(0.2) ? 8 : 2) }, one)
  const changes = several(() =>
    random.pick([
      () => ({ field: 'messages', value: { messaging_product: 'whatsapp', metadata, contacts, messages: several(() => messageOf(maker, phone)) } }),
      () => ({ field: 'messages', value: { messaging_product: 'whatsapp', metadata, contacts, messages: several(() => messageOf(maker, phone)) } }),
      () => ({ field: 'messages', value: { messaging_product: 'whatsapp', metadata, contacts, statuses: several(() => statusOf(maker, business)) } }),
      () => ({ field: 'messages', value: { messaging_product: 'whatsapp', metadata, errors: [{ code: 130429, title: 'Rate limit hit', error_data: { details: 'x' } }] } }),
      () => ({ field: 'smb_message_echoes', value: { metadata, message_echoes: several(() => ({ ...messageOf(maker, '15550001111'), to: phone })) } }),
      () => ({ field: 'message_template_status_update', value: { event: 'PAUSED', message_template_id: 1, message_template_name: 'order', message_template_language: 'en', reason: 'NONE' } }),
      () => ({ field: 'account_update', value: { event: 'VERIFIED' } }),
    ])?.(),
  )
  return { object: 'whatsapp_business_account', entry: [{ id: business.wabaId, time: Number(now()), changes }] }
}

/** All places of a value: in which object or list, and by which key. */
function placesIn(value: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    found.push([value as Json, key])
    placesIn(inner, found)
  }
  return found
}

const ODD: readonly unknown[] = [null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, -1e-308, '', ' ', '\0', '\ud800', '\u202e\u200b', '0', '-1', '99999999999999999999', {}, [], [[]], [null], { length: 1 }, { toString: 1 }, 'x'.repeat(5000), '💥'.repeat(700), `x${'💥'.repeat(6000)}`, '\u0001\u0085\u2028', 'a\u0301'.repeat(50)]

/** Changes one place of a body in place. */
function spoil(maker: Maker, body: Json): void {
  const { random } = maker
  const places = placesIn(body)
  const [holder, key] = random.pick(places) ?? [body, 'object']
  const present = holder[key]
  const ways = [
    () => { Reflect.deleteProperty(holder, key) },
    () => { holder[key] = structuredClone(random.pick(ODD)) },
    () => { holder[key] = maker.json() },
    () => { holder[key] = [present] },
    () => { holder[key] = JSON.stringify(present) },
    () => { holder[key] = typeof present === 'string' ? Number(present) : maker.text() },
    () => { holder[key] = typeof present === 'string' ? maker.mutated(present) : structuredClone(random.pick(places)?.[0]) },
    () => { holder[maker.text()] = maker.json() },
    () => {
      const [other, there] = random.pick(places) ?? [holder, key]
      holder[key] = structuredClone(other[there])
    },
    () => { if (Array.isArray(present)) holder[key] = Array.from({ length: random.chance(0.03) ? 1500 : 1 + random.below(30) }, () => present).flat() },
    () => {
      let deep: unknown = present
      for (let depth = 5 + random.below(60); depth > 0; depth--) deep = random.chance(0.5) ? [deep] : { [key]: deep }
      holder[key] = deep
    },
  ]
  random.pick(ways)?.()
}

/** The bytes of a webhook: sometimes as Meta would write them, mostly spoilt by what they say, sometimes by how it is written. */
export function bodyOf(maker: Maker, business: Business): Buffer {
  const { random } = maker
  const body = goodBody(maker, business)
  for (let times = random.chance(0.15) ? 0 : 1 + random.below(4); times > 0; times--) spoil(maker, body)
  const text = JSON.stringify(body)
  if (random.chance(0.85)) return Buffer.from(text)
  const written = random.pick([
    () => maker.mutated(text),
    () => text.slice(0, random.below(text.length)),
    () => text + text,
    () => `\ufeff${text}`,
    () => text.replace(/"(\w+)":/g, (whole, key: string) => (random.chance(0.2) ? `${whole}${JSON.stringify(maker.json())},"${key}":` : whole)),
    () => text.replace('"text":', `"text":${'['.repeat(random.below(200_000))},"text":`),
    () => `${'{"entry":['.repeat(1 + random.below(100_000))}`,
    () => text.replace(/"body":"[^"]*"/, () => `"body":${'['.repeat(5000)}${']'.repeat(5000)}`),
    () => JSON.stringify(maker.json()),
    () => '',
  ])
  const bytes = Buffer.from(written?.() ?? text)
  if (random.chance(0.2) && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}
