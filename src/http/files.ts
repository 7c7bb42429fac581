import { pipeline } from 'node:stream/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isUnavailable } from '../base/database-errors.ts'
import { createTurnstile } from '../base/gate.ts'
import { Loaders } from '../base/loaders.ts'
import type { Config } from '../config.ts'
import type { Services } from '../graphql/context.ts'
import { fileByLink } from '../message/file-links.ts'
import { bytesOf } from '../upload/domain.ts'
import { contentDisposition, isShown } from '../upload/names.ts'
import { isKnownOrigin } from './edge.ts'
import { rangeOf } from './ranges.ts'
import { refuse } from './limits.ts'
import { takeUpload } from './uploads.ts'

const UPLOAD = /^\/uploads\/(\d{1,15})$/
const FILE = /^\/files\/(\d{1,15})\/(file|thumbnail)$/

/** A reader who takes nothing for so long is gone. */
const SILENCE_MS = 60_000
/** So many files one user may fetch at once: each of them holds some memory, also where its reader is slow. */
const FETCHED_AT_ONCE = 128

/** Whether the bytes of a file come with this request, which may take their time. */
export const isUpload = ({ method, url = '' }: IncomingMessage) => method === 'PUT' && UPLOAD.test(url.split('?', 1)[0] ?? '')

/** Answers for files: takes the bytes of uploads, and gives those of attachments. False: the request is for something else. */
export type AnswerFiles = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>

export function createFiles(config: Config, services: Services): AnswerFiles {
  const crowd = createTurnstile(FETCHED_AT_ONCE)
  return async (req, res) => {
    const [path = '', search] = (req.url ?? '').split('?', 2)
    const upload = UPLOAD.exec(path)
    const file = upload === null ? FILE.exec(path) : null
    if (upload === null && file === null) return false
    const query = new URLSearchParams(search)
    allowPages(config, req, res)
    try {
      if (req.method === 'OPTIONS') res.writeHead(204).end()
      else if (upload !== null) await takeUpload(services, req, res, Number(upload[1]), query)
      else await giveFile(services, crowd, req, res, { id: Number(file?.[1]), variant: file?.[2] === 'thumbnail' ? 'thumbnail' : 'file', query })
    } catch (error) {
      if (res.headersSent || req.socket.destroyed) {
        res.destroy()
        return true
      }
      services.log.error({ err: error }, isUnavailable(error) ? 'The database was out of reach for a file' : 'A file could not be taken or given')
      res.setHeader('retry-after', '1')
      refuse(res, 503, 'UNAVAILABLE', 'Files cannot be taken or given just now. Try again.')
    }
    return true
  }
}

/** Pages of this server and those of the settings may ask, also by script; an image of a file may stand in any page: only who has the link knows it. */
function allowPages(config: Config, req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('cross-origin-resource-policy', 'cross-origin')
  res.setHeader('vary', 'origin')
  const { origin } = req.headers
  if (origin === undefined || !isKnownOrigin(config, origin, req.headers.host)) return
  res.setHeader('access-control-allow-origin', origin)
  res.setHeader('access-control-expose-headers', 'accept-ranges, content-disposition, content-range, etag, range, retry-after')
  if (req.method !== 'OPTIONS') return
  res.setHeader('access-control-allow-methods', 'GET, HEAD, PUT')
  res.setHeader('access-control-allow-headers', 'content-range, content-type, if-none-match, if-range, range, repr-digest')
  res.setHeader('access-control-max-age', '600')
}

interface Wanted {
  id: number
  variant: 'file' | 'thumbnail'
  query: URLSearchParams
}

/** Gives a file, or a part of it, to whoever has a link and still has the right that it stands for. What is not to be had looks like what never was. */
async function giveFile(services: Services, crowd: ReturnType<typeof createTurnstile>, req: IncomingMessage, res: ServerResponse, { id, variant, query }: Wanted): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD')
    refuse(res, 405, 'BAD_USER_INPUT', 'A file is fetched by GET.')
    return
  }
  const found = await fileByLink({ ...services, viewer: null, client: { address: '', userAgent: null, trusted: false }, loaders: new Loaders() }, id, variant, query)
  const size = variant === 'file' ? found?.attachment.byteSize : found?.attachment.thumbnailSize
  if (found === null || size == null) {
    refuse(res, 404, 'NOT_FOUND', 'There is no such file, or the link has ended: ask for another one.')
    return
  }
  const { attachment, until } = found
  const etag = `"${attachment.key.slice(0, 16)}${variant === 'file' ? '' : '-t'}"`
  const type = variant === 'file' ? attachment.mimeType : 'image/webp'
  res.setHeader('etag', etag)
  res.setHeader('accept-ranges', 'bytes')
  res.setHeader('cache-control', `private, max-age=${Math.max(0, Math.floor(until - Date.now() / 1000))}, immutable`)
  if (req.headers['if-none-match']?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*') === true) {
    res.writeHead(304).end()
    return
  }
  res.setHeader('content-type', type === 'text/plain' ? 'text/plain; charset=utf-8' : type)
  res.setHeader('content-disposition', contentDisposition(isShown(type) && query.get('download') !== '1' ? 'inline' : 'attachment', attachment.fileName))
  // Whatever a browser makes of it, it runs nothing and reaches nothing.
  res.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'; sandbox")
  const ifRange = req.headers['if-range']
  const range = ifRange === undefined || ifRange === etag ? rangeOf(req.headers.range, size) : null
  if (range === 'none of it') {
    res.setHeader('content-range', `bytes */${size}`)
    refuse(res, 416, 'BAD_USER_INPUT', `The file has ${size} bytes.`)
    return
  }
  const { from, to } = range ?? { from: 0, to: size - 1 }
  const head = { 'content-length': to - from + 1, ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${size}` }) }
  if (req.method === 'HEAD') {
    res.writeHead(range === null ? 200 : 206, head).end()
    return
  }
  // Small pictures are gone at once; a link that is not one user's leads to such alone.
  const leave = variant === 'file' ? crowd(query.get('g')) : () => undefined
  if (leave === null) {
    res.removeHeader('content-disposition')
    res.setHeader('retry-after', '1')
    refuse(res, 429, 'RATE_LIMITED', `At most ${FETCHED_AT_ONCE} files can be fetched at once.`)
    return
  }
  try {
    // Never more than the head has announced, whatever the store has: what stands behind an answer would be read as the next one.
    const bytes = await bytesOf(services, attachment, variant, { from, to })
    if (bytes === null) throw new Error(`the bytes of attachment ${id} are gone`)
    res.writeHead(range === null ? 200 : 206, head)
    res.setTimeout(SILENCE_MS, () => { res.destroy() })
    // Whoever has seen enough ends the line.
    await pipeline(bytes, res).catch(() => undefined)
  } finally {
    leave()
  }
}
