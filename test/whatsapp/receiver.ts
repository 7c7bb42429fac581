import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Item } from '../../src/whatsapp/payload-items.ts'
import { readWebhook } from '../../src/whatsapp/payload.ts'
import { sign } from './simulator/webhooks.ts'
import type { Simulator } from './simulator/simulator.ts'

/** Somebody who takes webhooks, in Parley's place. */
export interface Receiver {
  url: string
  /** Every POST that came, with the items in it. */
  posts: { body: Buffer; items: Item[]; signed: boolean }[]
  /** The items of all that was answered with 200, in their order. */
  items(): Item[]
  /** Answers with these, one after the other, and with 200 from then on; 0: cuts the line. */
  answerWith(...statuses: number[]): void
  close(): Promise<void>
}

export async function startReceiver(simulator: Pick<Simulator, 'appSecret' | 'verifyToken'>): Promise<Receiver> {
  const posts: Receiver['posts'] = []
  const taken: Item[] = []
  let statuses: number[] = []
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://receiver').searchParams
    if (request.method === 'GET') {
      const known = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === simulator.verifyToken
      response.writeHead(known ? 200 : 403).end(known ? query.get('hub.challenge') : '')
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const items = readWebhook(body)
      const status = statuses.shift() ?? 200
      posts.push({ body, items, signed: request.headers['x-hub-signature-256'] === sign(body, simulator.appSecret) })
      if (status === 200) taken.push(...items)
      if (status === 0) request.socket.destroy()
      else response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    posts,
    items: () => taken,
    answerWith(...next) { statuses = next },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
