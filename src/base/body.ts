import type { IncomingMessage } from 'node:http'

/** The body of a request; null once it is longer than `bytes`, which is found as it comes. */
export async function readBody(req: IncomingMessage, bytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
