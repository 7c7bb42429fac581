import { Readable } from 'node:stream'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from '../base/body.ts'
import type { Config } from '../config.ts'
import { isKnownOrigin } from './edge.ts'

/** A request whose body was read before: Yoga takes it from here. */
export type RequestWithBody = IncomingMessage & { body?: Readable }

/** Answers with a GraphQL error outside of any operation. */
export function refuse(res: ServerResponse, status: number, code: string, message: string): void {
  // What of the request is not read yet is not waited for.
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', connection: 'close' })
  res.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
}

/**
 * Checks what can be said of a request to the API before its body is read; false: it is refused and answered.
 * A body in JSON makes browsers ask first (preflight) before they send it for a foreign page.
 */
export async function admitRequest(config: Config, req: RequestWithBody, res: ServerResponse): Promise<boolean> {
  if (req.method === 'GET' && !hasJsonParameters(req.url ?? '')) {
    refuse(res, 400, 'BAD_USER_INPUT', 'The parameters `variables` and `extensions` must be JSON.')
    return false
  }
  if (req.method !== 'POST') return true
  const { bodyBytes } = config.limits
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const charset = /charset="?([^;"\s]+)/i.exec(req.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    refuse(res, 415, 'BAD_USER_INPUT', 'The charset of a POST must be UTF-8.')
    return false
  }
  if (type !== 'application/json' && type !== 'application/graphql+json') {
    refuse(res, 415, 'BAD_USER_INPUT', 'The content type of a POST must be application/json.')
    return false
  }
  if (isForeign(config, req)) {
    refuse(res, 403, 'BAD_USER_INPUT', 'Pages of this origin may not call this server: CORS_ORIGINS names those that may.')
    return false
  }
  if (req.headers['content-encoding'] !== undefined && req.headers['content-encoding'] !== 'identity') {
    refuse(res, 415, 'BAD_USER_INPUT', 'A compressed request body is not taken.')
    return false
  }
  if (Number(req.headers['content-length'] ?? 0) > bodyBytes) return tooLarge(res, bodyBytes)
  if (req.headers['transfer-encoding'] !== undefined) {
    const body = await readBody(req, bodyBytes)
    if (body === null) return tooLarge(res, bodyBytes)
    req.body = Readable.from([body])
  }
  return true
}

/** Checks what Yoga takes for granted of a request that it is given; false: it is refused and answered. */
export function admitToYoga(req: IncomingMessage, res: ServerResponse): boolean {
  if (URL.canParse(`http://${req.headers.host ?? 'localhost'}${req.url ?? '/'}`)) return true
  refuse(res, 400, 'BAD_USER_INPUT', 'The header `host` is none.')
  return false
}

/** Whether what a GET says in JSON is JSON: Yoga takes what is not for a fault of its own. */
function hasJsonParameters(url: string): boolean {
  const from = url.indexOf('?')
  if (from < 0 || !/variables|extensions|%/.test(url)) return true
  const parameters = new URLSearchParams(url.slice(from))
  try {
    for (const name of ['variables', 'extensions']) for (const text of parameters.getAll(name)) JSON.parse(text === '' ? 'null' : text)
    return true
  } catch {
    return false
  }
}

/** What a browser says to be from a page of another site, which no setting names. It could not read the answer; it does not do anything either. */
function isForeign(config: Config, { headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return false
  return headers.origin === undefined || !isKnownOrigin(config, headers.origin, headers.host)
}

function tooLarge(res: ServerResponse, bodyBytes: number): false {
  refuse(res, 413, 'BAD_USER_INPUT', `The request body is over ${bodyBytes / 1024} KiB.`)
  return false
}

/** A body whose announced size was admitted; null: its sender is gone before all of it has come. */
export function readAdmitted(req: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    if (req.destroyed) resolve(null)
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.once('end', () => {
      const [only] = chunks
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
    })
    req.once('error', () => {
      resolve(null)
    })
    req.once('close', () => {
      resolve(null)
    })
  })
}
