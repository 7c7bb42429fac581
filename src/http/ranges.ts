import type { ByteRange } from '../upload/domain.ts'
import type { Sent } from '../upload/receive.ts'

/** The part of a file of so many bytes that a header Range asks for. Null: all of it, also where several parts are asked for, which RFC 9110 allows. */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'none of it' | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(' ', '') ?? '') ?? []
  if (first === '' && last === '') return null
  // The last so many bytes.
  if (first === '') return Number(last) === 0 ? 'none of it' : { from: Math.max(0, size - Number(last)), to: size - 1 }
  if (Number(first) >= size) return 'none of it'
  if (last !== '' && Number(last) < Number(first)) return null
  return { from: Number(first), to: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** What a header Content-Range says of the bytes that come; undefined where it is none that can be. */
export function contentRangeOf(header: string | undefined): Sent['range'] | undefined {
  if (header === undefined) return null
  const asks = /^bytes \*\/(\d{1,15})$/.exec(header)
  if (asks !== null) return { from: null, total: Number(asks[1]) }
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header)?.map(Number) ?? []
  if (from === undefined || to === undefined || total === undefined || to < from || to >= total) return undefined
  return { from, to, total }
}
