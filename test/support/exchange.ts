import { request } from 'node:http'
import type { OutgoingHttpHeaders } from 'node:http'

/** A request as it is to go out; no header is added but host and the body's length. */
export interface Asked {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string
  /** Without an announced length, in parts. */
  chunked?: boolean
}

export interface Answered {
  status: number | undefined
  headers: Record<string, unknown>
  body: string
}

/** Sends exactly this; answers all that came. */
export function exchange(url: string, { method = 'POST', headers = {}, body = '', chunked = false }: Asked): Promise<Answered> {
  const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers: { ...length, ...headers } }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.once('end', () => {
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks).toString() })
      })
      res.once('error', reject)
    })
    req.once('error', reject)
    for (let at = 0; at < body.length; at += 16_384) req.write(body.slice(at, at + 16_384))
    req.end()
  })
}
