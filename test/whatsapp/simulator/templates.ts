import { z } from 'zod'
import { MetaError } from './errors.ts'

/** A template as Meta lists it (developers.facebook.com/docs/graph-api/reference/whats-app-business-hsm). */
export interface Template {
  id: string
  name: string
  /** Such as en_US. */
  language: string
  category: 'MARKETING' | 'UTILITY' | 'AUTHENTICATION'
  status: 'APPROVED' | 'PENDING' | 'REJECTED' | 'PAUSED' | 'DISABLED'
  components: TemplateComponent[]
}

export interface TemplateComponent {
  type: 'HEADER' | 'BODY' | 'FOOTER' | 'BUTTONS'
  format?: 'TEXT' | 'IMAGE' | 'VIDEO' | 'DOCUMENT' | 'LOCATION'
  /** With `{{1}}` or `{{name}}` where values go. */
  text?: string
  buttons?: { type: 'QUICK_REPLY' | 'URL' | 'PHONE_NUMBER'; text: string; url?: string; phone_number?: string }[]
}

const file = z.strictObject({ id: z.string().optional(), link: z.url().optional(), filename: z.string().optional() }).refine(({ id, link }) => (id === undefined) !== (link === undefined), 'must have either id or link')

/** Values by number, or by name (whatsapp-api-js: lower case and _, at most 20 characters). */
const named = { parameter_name: z.string().regex(/^[a-z_]{1,20}$/).optional() }

const Parameter = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1), ...named }),
  z.strictObject({ type: z.literal('currency'), currency: z.strictObject({ fallback_value: z.string(), code: z.string().length(3), amount_1000: z.number().int() }), ...named }),
  z.strictObject({ type: z.literal('date_time'), date_time: z.object({ fallback_value: z.string() }), ...named }),
  z.strictObject({ type: z.literal('image'), image: file }),
  z.strictObject({ type: z.literal('video'), video: file }),
  z.strictObject({ type: z.literal('document'), document: file }),
  z.strictObject({ type: z.literal('location'), location: z.strictObject({ latitude: z.union([z.string(), z.number()]), longitude: z.union([z.string(), z.number()]), name: z.string(), address: z.string() }) }),
  z.strictObject({ type: z.literal('payload'), payload: z.string().min(1).max(256) }),
])

const Component = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), parameters: z.array(Parameter).min(1).max(1) }),
  z.strictObject({ type: z.literal('body'), parameters: z.array(Parameter).min(1) }),
  z.strictObject({ type: z.literal('button'), sub_type: z.enum(['quick_reply', 'url']), index: z.union([z.number().int(), z.string().regex(/^\d$/)]), parameters: z.array(Parameter).min(1).max(1) }),
])

/** A template within a request to send. */
export const TemplateSent = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  language: z.strictObject({ code: z.string().regex(/^[a-z]{2,3}(_[A-Za-z]{2,4})?$/), policy: z.literal('deterministic').optional() }),
  components: z.array(Component).optional(),
})

/** The places for values in a text. */
function places(text = ''): string[] {
  return [...new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name))]
}

/** The templates of a business account. */
export class Templates {
  readonly all: Template[] = []

  add(template: Partial<Template> & Pick<Template, 'name'>): Template {
    const whole: Template = { id: String(9_000_000_001 + this.all.length), language: 'en_US', category: 'UTILITY', status: 'APPROVED', components: [{ type: 'BODY', text: 'Hello' }], ...template }
    this.all.push(whole)
    return whole
  }

  find(name: string, language: string): Template | undefined {
    return this.all.find((template) => template.name === name && template.language === language)
  }

  /** Whether this may be sent, and the text that the customer sees. @throws {MetaError} by the codes of templates. */
  fill(sent: z.output<typeof TemplateSent>): string {
    const { name, language: { code } } = sent
    const template = this.find(name, code)
    if (template === undefined || template.status === 'PENDING' || template.status === 'REJECTED') throw new MetaError(132001, { details: `template name (${name}) does not exist in ${code}` })
    if (template.status === 'PAUSED') throw new MetaError(132015, { details: 'The template is paused due to low quality.' })
    if (template.status === 'DISABLED') throw new MetaError(132016, { details: 'The template is disabled due to low quality.' })
    for (const component of template.components) this.#checkHeader(component, sent)
    const body = template.components.find(({ type }) => type === 'BODY')
    return this.#fillBody(body?.text ?? '', sent)
  }

  #checkHeader(component: TemplateComponent, { components = [] }: z.output<typeof TemplateSent>): void {
    if (component.type !== 'HEADER') return
    const given = components.find(({ type }) => type === 'header')?.parameters[0]
    const wanted = component.format === undefined || component.format === 'TEXT' ? (places(component.text).length > 0 ? 'text' : null) : component.format.toLowerCase()
    if (wanted === null && given !== undefined) throw new MetaError(132000, { details: 'header: number of localizable_params (1) does not match the expected number of params (0)' })
    if (wanted !== null && given?.type !== wanted) throw new MetaError(132012, { details: `header: Format mismatch, expected ${wanted.toUpperCase()}, received ${given?.type.toUpperCase() ?? 'UNKNOWN'}` })
  }

  #fillBody(text: string, { components = [] }: z.output<typeof TemplateSent>): string {
    const given = components.find(({ type }) => type === 'body')?.parameters ?? []
    const wanted = places(text)
    if (given.length !== wanted.length) throw new MetaError(132000, { details: `body: number of localizable_params (${given.length}) does not match the expected number of params (${wanted.length})` })
    const values = new Map(given.map((parameter, index) => [('parameter_name' in parameter && parameter.parameter_name) || String(index + 1), valueOf(parameter)]))
    if (wanted.some((place) => values.get(place) === undefined)) throw new MetaError(132012, { details: 'body: the names or types of the parameters do not fit the template' })
    const filled = text.replace(/\{\{(\w+)\}\}/g, (_all, place: string) => values.get(place) ?? '')
    if (filled.length > 1024) throw new MetaError(132005, { details: 'body: the text is longer than 1024 characters' })
    return filled
  }
}

function valueOf(parameter: z.output<typeof Parameter>): string | undefined {
  if (parameter.type === 'text') return parameter.text
  if (parameter.type === 'currency') return parameter.currency.fallback_value
  return parameter.type === 'date_time' ? parameter.date_time.fallback_value : undefined
}
