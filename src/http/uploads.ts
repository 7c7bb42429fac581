import type { IncomingMessage, ServerResponse } from 'node:http'
import { encodeId } from '../base/id.ts'
import { StorageFull } from '../base/storage.ts'
import type { Services } from '../graphql/context.ts'
import { isUploadLink } from '../upload/links.ts'
import { receive } from '../upload/receive.ts'
import type { Received } from '../upload/receive.ts'
import { Refused } from '../upload/refused.ts'
import { refuse } from './limits.ts'
import { contentRangeOf } from './ranges.ts'

/** A sender of whom nothing came for so long is gone. */
const SILENCE_MS = 30_000

const CODES: Partial<Record<Refused['status'], string>> = { 404: 'NOT_FOUND', 429: 'RATE_LIMITED' }

/** Takes the bytes of an upload, all of them or a part, from whoever has its link. */
export async function takeUpload(services: Services, req: IncomingMessage, res: ServerResponse, id: number, query: URLSearchParams): Promise<void> {
  if (req.method !== 'PUT') {
    res.setHeader('allow', 'PUT')
    refuse(res, 405, 'BAD_USER_INPUT', 'Bytes are sent by PUT.')
    return
  }
  if (!isUploadLink(services, id, query)) {
    refuse(res, 403, 'NOT_ALLOWED', 'This link is not one of this server, or its time is over.')
    return
  }
  const range = contentRangeOf(req.headers['content-range'])
  const transfer = req.headers['transfer-encoding']
  const length = transfer === undefined ? Number(req.headers['content-length'] ?? 0) : null
  if (range === undefined || (req.headers['content-encoding'] ?? 'identity') !== 'identity' || (transfer ?? 'chunked') !== 'chunked') {
    refuse(res, 400, 'BAD_USER_INPUT', 'content-range must be such as `bytes 0-999/5000`, or `bytes */5000` to ask how far it has come; the bytes go as they are.')
    return
  }
  const giveUp = () => req.destroy()
  // Once all of it has come it is we who are slow, such as over a large picture.
  res.setTimeout(SILENCE_MS, () => { if (!req.complete) giveUp() })
  try {
    answer(req, res, await receive(services, id, { range, length, sha256: digestOf(req.headers['repr-digest']), bytes: req, giveUp }))
  } catch (error) {
    if (error instanceof Refused) {
      if (error.size !== null && error.size > 0) res.setHeader('range', `bytes=0-${error.size - 1}`)
      if (error.status === 429) res.setHeader('retry-after', '1')
      refuse(res, error.status, CODES[error.status] ?? 'BAD_USER_INPUT', error.message)
    } else if (error instanceof StorageFull) {
      services.log.error('There is no room for files')
      res.setHeader('retry-after', '60')
      refuse(res, 507, 'UNAVAILABLE', error.message)
      // A line that breaks off is everyday.
    } else if (req.destroyed && !req.complete) res.destroy()
    else throw error
  }
}

/** 201: it is there. 308: so much is there, as the header Range says; go on behind it. */
function answer(req: IncomingMessage, res: ServerResponse, received: Received): void {
  // What was not read, because it is here already, is not waited for.
  if (!req.complete) res.setHeader('connection', 'close')
  res.setHeader('cache-control', 'no-store')
  if (!received.done) {
    if (received.size > 0) res.setHeader('range', `bytes=0-${received.size - 1}`)
    res.writeHead(308, { 'content-length': 0 }).end()
    return
  }
  const { id, kind, mimeType, byteSize, width, height, durationSeconds, blurhash } = received.attachment
  res.writeHead(201, { 'content-type': 'application/json; charset=utf-8' })
  res.end(JSON.stringify({ attachmentId: encodeId('Attachment', id), kind, mimeType, byteSize, width, height, durationSeconds, blurhash }))
}

/** The SHA-256 of the whole file that a header Repr-Digest gives (RFC 9530); null where it gives none. */
function digestOf(header: string | string[] | undefined): Buffer | null {
  const text = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(Array.isArray(header) ? header.join(',') : (header ?? ''))?.[1]
  return text === undefined ? null : Buffer.from(text, 'base64')
}
