import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from '../base/body.ts'
import type { WhatsAppSettings } from '../config.ts'
import type { Ctx } from '../ctx.ts'
import { keepDelivery } from './deliveries.ts'

/** Meta posts up to this much at once. */
const MAX_BYTES = 3 * 1024 * 1024
/** Where Meta is told to post; the second for those who come from elsewhere. */
export const WEBHOOK_PATHS = ['/webhooks/whatsapp', '/webhook']

export type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>

/**
 * What Meta asks of a webhook: GET answers the handshake, POST takes what happened. The signature is that of the bytes as they came; what is
 * signed rightly is stored, and answered once it is. Nothing of it is worked off here: `onStored` wakes whoever does.
 */
export function createWebhook(ctx: Pick<Ctx, 'db' | 'log' | 'meters'>, { verifyToken, appSecret }: WhatsAppSettings, onStored: () => void): Handler {
  const counts = ctx.meters.whatsappWebhooks
  return async (req, res) => {
    if (req.method === 'GET' || req.method === 'HEAD') {
      const asked = new URL(req.url ?? '/', 'http://localhost').searchParams
      const isRight = asked.get('hub.mode') === 'subscribe' && isEqual(asked.get('hub.verify_token') ?? '', verifyToken)
      return isRight ? answer(res, 200, asked.get('hub.challenge') ?? '') : answer(res, 403, 'The verify token is wrong.')
    }
    if (req.method !== 'POST') return answer(res.setHeader('allow', 'GET, POST'), 405, 'GET or POST.')
    const body = Number(req.headers['content-length'] ?? 0) > MAX_BYTES ? null : await readBody(req, MAX_BYTES)
    if (body === null) {
      counts.too_large++
      return answer(res.setHeader('connection', 'close'), 413, `At most ${MAX_BYTES} bytes.`)
    }
    if (!isSigned(body, req.headers['x-hub-signature-256'], appSecret)) {
      counts.unsigned++
      ctx.log.warn('A webhook without the right signature was refused: is WHATSAPP_APP_SECRET the secret of this app?')
      return answer(res, 403, 'The signature is missing or wrong.')
    }
    await keepDelivery(ctx, body, createHash('sha256').update(body).digest())
    counts.stored++
    answer(res, 200, '')
    onStored()
  }
}

/** `sha256=` and the HMAC of these very bytes, in lower case as Meta writes it. */
function isSigned(body: Buffer, header: string | string[] | undefined, secret: string): boolean {
  return typeof header === 'string' && isEqual(header, `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
}

/** In a time that tells nothing of where they differ: digests are of one length. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function answer(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  res.end(text)
}
