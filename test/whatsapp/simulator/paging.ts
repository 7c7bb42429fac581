import { MetaError } from './errors.ts'

/** A page of a list, by cursors, as the Graph API gives it (developers.facebook.com/docs/graph-api/results). 25 unless `limit` says otherwise. */
export function pageOf(all: object[], query: URLSearchParams, address: string): object {
  const limit = Number(query.get('limit') ?? 25)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw new MetaError(100, { message: '(#100) Param limit must be a number from 1 to 1000.' })
  const [after, before] = [cursorOf(query.get('after')), cursorOf(query.get('before'))]
  const start = after !== null ? after + 1 : before !== null ? Math.max(0, before - limit) : 0
  const end = Math.min(all.length, before !== null ? before : start + limit)
  const data = all.slice(start, end).map((item) => fieldsOf(item, query.get('fields')))
  if (data.length === 0) return { data }
  const link = (name: string, cursor: string) => {
    const params = new URLSearchParams(query)
    params.delete('after')
    params.delete('before')
    params.set(name, cursor)
    return `${address}?${params.toString()}`
  }
  const cursors = { before: cursor(start), after: cursor(end - 1) }
  return { data, paging: { cursors, ...(start > 0 && { previous: link('before', cursors.before) }), ...(end < all.length && { next: link('after', cursors.after) }) } }
}

/** Those fields that were asked for, and always the id. */
function fieldsOf(item: object, fields: string | null): object {
  if (fields === null) return item
  const wanted = new Set(['id', ...fields.split(',').map((field) => field.trim())])
  return Object.fromEntries(Object.entries(item).filter(([key]) => wanted.has(key)))
}

function cursor(index: number): string {
  return Buffer.from(`at:${index}`).toString('base64')
}

function cursorOf(text: string | null): number | null {
  if (text === null || text === '') return null
  const index = /^at:(\d+)$/.exec(Buffer.from(text, 'base64').toString())?.[1]
  if (index === undefined) throw new MetaError(100, { message: '(#100) The cursor is not valid.' })
  return Number(index)
}
