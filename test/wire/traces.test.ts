import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../harness.ts'
import { Line, closeLines } from '../support/line.ts'

interface Span {
  name: string
  traceId: string
  parentSpanId?: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code?: number }
}

/** What a collector was sent. */
const spans: Span[] = []
const collector = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
    if (req.url === '/v1/traces') spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
    res.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
beforeAll(() => new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise((resolve) => collector.close(resolve)))

test('with a collector each operation is a span, part of the trace that its request names; without one nothing is loaded', async () => {
  const server = await startServer({ settings: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/` } })
  const alice = await server.signUp('alice')
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  await alice.request('query Named { me { username } }', {}, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
  await alice.request('{ chat(id: "nothing") { id } }', {}, { traceparent: 'nonsense' })
  const line = await new Line(server).greet(alice)
  line.send({ type: 'subscribe', id: '1', payload: { query: 'subscription Live { events { cursor } }' } })
  await line.next()
  closeLines()
  await server.close()
  expect(spans.map(({ name }) => name)).toEqual(['mutation register', 'query Named', 'query chat', 'subscription Live'])
  expect(spans[1]).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' })
  expect(spans[2]?.parentSpanId ?? '').toBe('')
  expect(spans[2]?.attributes).toContainEqual({ key: 'parley.errors', value: { arrayValue: { values: [{ stringValue: 'BAD_USER_INPUT' }] } } })
  expect(JSON.stringify(spans)).not.toMatch(/correct horse|nothing|eyJ/)
})
