import { InvalidInput, NotAllowed, throwFaults } from '../base/errors.ts'
import { startJob } from '../base/job.ts'
import type { Job } from '../base/job.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { textFault } from '../base/text.ts'
import { loadChat } from '../chat/domain.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { sendTemplateMessage } from '../message/send.ts'
import type { Message } from '../message/domain.ts'
import { viewerOf } from '../viewer.ts'
import { findTemplate, findTemplateById, findTemplates, insertTemplateUse, replaceTemplates } from './store.ts'
import type { TemplateRow } from './store.ts'

export type Template = TemplateRow

/** A template as Meta lists it. */
export interface TemplateListed {
  name: string
  language: string
  category: string
  status: string
  body: string
  parameterCount: number
}

/** Takes over what Meta lists now. */
export function storeTemplates(ctx: Pick<Ctx, 'db'>, list: readonly TemplateListed[]): Promise<void> {
  return replaceTemplates(ctx.db, list)
}

/** Templates by name and language; null for those who do not answer customers. */
export async function listTemplates(ctx: Ctx, request: PageRequest<readonly [string, string]>): Promise<Page<Template, readonly [string, string]> | null> {
  if (!viewerOf(ctx).roles.includes('AGENT')) return null
  const rows = await findTemplates(ctx.db, { after: request.cursor, backward: request.backward, limit: request.limit + 1 })
  return pageOf(request, rows, ({ name, language }) => [name, language])
}

export async function loadTemplate(ctx: Ctx, id: number): Promise<Template | null> {
  return ctx.viewer?.roles.includes('AGENT') === true ? findTemplateById(ctx.db, id) : null
}

export interface TemplateInput {
  chatId: number
  clientId: string
  name: string
  language: string
  parameters?: readonly string[] | null
}

/** Sends a template, which may be sent at any time; the same clientId again answers the first message. */
export async function sendTemplate(ctx: Ctx, input: TemplateInput): Promise<{ message: Message; duplicate: boolean }> {
  const parameters = input.parameters ?? []
  const asked: [path: string[], text: string, max: number][] = [
    [['name'], input.name, 512],
    [['language'], input.language, 32],
    ...parameters.map((value, index): [string[], string, number] => [['parameters', String(index)], value, 1024]),
  ]
  throwFaults(asked.flatMap(([path, text, max]) => {
    const fault = textFault(text, { min: 1, max })
    return fault === null ? [] : [new InvalidInput(`${path.join('.')} ${fault}.`, path)]
  }))
  const chat = await loadChat(ctx, input.chatId)
  if (chat !== null && chat.stream.outsideId === null) throw new NotAllowed('Templates go to WhatsApp customers only.', ['chatId'])
  const template = await findTemplate(ctx.db, input.name, input.language)
  if (chat !== null && template === null) throw new InvalidInput('There is no such template in this language.', ['name'])
  if (template !== null && template.parameterCount !== parameters.length) throw new InvalidInput(`The template takes ${template.parameterCount} values, ${parameters.length} are given.`, ['parameters'])
  const body = render(template?.body ?? '', parameters) || input.name
  return withTransaction(ctx, async (tx) => {
    const sent = await sendTemplateMessage(tx, { chatId: input.chatId, clientId: input.clientId, text: body, template: [input.name, input.language, ...parameters] }, body)
    if (!sent.duplicate) await insertTemplateUse(tx.db, { chatId: input.chatId, number: sent.message.number, name: input.name, language: input.language, parameters: [...parameters] })
    return sent
  })
}

/** The text with its values, in the order in which the places first come. */
function render(body: string, parameters: readonly string[]): string {
  const places = [...new Set(body.match(/\{\{\s*\w+\s*\}\}/g))]
  return body.replace(/\{\{\s*\w+\s*\}\}/g, (place) => parameters[places.indexOf(place)] ?? place)
}

/** How often Meta's list is asked for. */
const EVERY_MS = 10 * 60_000

/** Keeps Meta's list of templates, from now on. What Meta tells of one by a webhook is known at once. */
export function startTemplates(ctx: Pick<Ctx, 'db' | 'log'>, list: () => Promise<TemplateListed[]>): Job {
  const refresh = async (isStopped: () => boolean) => {
    const found = await list()
    if (!isStopped()) await storeTemplates(ctx, found)
  }
  return startJob(refresh, { everyMs: EVERY_MS, log: ctx.log, failed: 'The templates could not be fetched from Meta; it is tried again in ten minutes.' })
}
