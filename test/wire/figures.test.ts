import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboard } from '../../scripts/dashboard.ts'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { exchange } from '../support/exchange.ts'
import { figuresOf } from '../support/figures.ts'
import { Line, closeLines } from '../support/line.ts'
import { startSimulator } from '../whatsapp/simulator/simulator.ts'
import type { Simulator } from '../whatsapp/simulator/simulator.ts'

const read = (name: string) => readFileSync(new URL(`../../docs/monitoring/${name}`, import.meta.url), 'utf8')

let meta: Simulator
let server: TestServer
let alice: Client
let bob: Client
let garden: string
beforeAll(async () => {
  // What is of WhatsApp is there where it is set up.
  meta = await startSimulator()
  server = await startServer({ settings: { ...meta.settings(), METRICS_PORT: '0', METRICS_TOKEN: 'the-token-of-the-figures', RATE_LIMITS: 'chatByInvite=1/900' } })
  alice = await server.signUp('alice')
  bob = await server.signUp('bob')
  garden = await alice.group('Garden', bob)
})
afterAll(async () => {
  closeLines()
  await server.close()
  await meta.close()
})

const figures = () => figuresOf(server)

describe('the figures', () => {
  test('count what happens', async () => {
    const before = await figures()
    const line = await new Line(server).greet(bob)
    await (await new Line(server).init({})).next()
    line.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { events { __typename } } }' } })
    await line.next()
    for (const text of ['one', 'two', 'three']) {
      await alice.send(garden, text)
      expect(await line.next()).toMatchObject({ payload: { data: { events: { events: [{ __typename: 'MessageAdded' }] } } } })
    }
    await alice.request('{ me {')
    await alice.request('{ chat(id: "nothing") { id } }')
    for (let n = 0; n < 2; n++) await alice.request('{ chatByInvite(code: "nothing") { title } }')
    const after = await figures()
    const grown = (name: string) => (after.get(name) ?? NaN) - (before.get(name) ?? 0)
    expect(grown('parley_messages_stored_total')).toBe(3)
    expect(grown('parley_send_seconds_count')).toBe(3)
    expect(grown('parley_send_batch_messages_sum')).toBe(3)
    expect(grown('parley_send_batch_messages_bucket{le="1"}')).toBe(3)
    expect(grown('parley_deliveries_total')).toBe(3)
    expect(grown('parley_delivery_lag_seconds_count')).toBeGreaterThanOrEqual(3)
    expect(grown('parley_operations_total{transport="http",type="mutation"}')).toBe(3)
    expect(grown('parley_operations_total{transport="ws",type="subscription"}')).toBe(1)
    expect(grown('parley_operation_seconds_count{type="mutation"}')).toBe(3)
    expect(grown('parley_operation_seconds_bucket{le="+Inf",type="mutation"}')).toBe(3)
    expect(grown('parley_refused_documents_total')).toBe(1)
    expect(grown('parley_errors_total{code="BAD_USER_INPUT"}')).toBe(1)
    expect(grown('parley_errors_total{code="RATE_LIMITED"}')).toBe(1)
    expect(grown('parley_refused_by_quota_total')).toBe(1)
    expect(grown('parley_connections{kind="websocket"}')).toBe(2)
    expect(grown('parley_connections{kind="anonymous"}')).toBe(1)
    expect(after.get('parley_readers')).toBe(1)
    expect([after.get('parley_gaps_total'), after.get('parley_sends_waiting'), after.get('parley_database_up'), after.get('parley_bus_up')]).toEqual([0, 0, 1, 1])
    closeLines()
    await expect.poll(async () => (await figures()).get('parley_connections{kind="websocket"}'), { timeout: 10_000 }).toBe(before.get('parley_connections{kind="websocket"}'))
    expect((await figures()).get('parley_connections{kind="anonymous"}')).toBe(0)
  })

  test('are told to the token as well, and nothing else is on their own port', async () => {
    const { status, body } = await exchange(`${server.url}/metrics`, { method: 'GET', headers: { authorization: 'Bearer the-token-of-the-figures' } })
    expect({ status, body }).toMatchObject({ status: 200, body: expect.stringContaining('parley_gaps_total 0') })
    for (const path of ['/', '/graphql', '/health/ready']) expect((await exchange((server.app.http.metricsUrl ?? '').replace('/metrics', path), { method: 'GET' })).status).toBe(404)
  })

  test('have few labels: nobody’s name, no text, no address', async () => {
    const labels = new Set([...(await figures()).keys()].filter((name) => name.startsWith('parley_')).flatMap((name) => [...name.matchAll(/(\w+)=/g)].map(([, label]) => label)))
    expect([...labels].sort()).toEqual(['code', 'kind', 'le', 'outcome', 'state', 'transport', 'type', 'version'])
  })
})

describe('docs/monitoring', () => {
  const namesIn = (text: string) => [...new Set([...text.matchAll(/\b(?:parley|nodejs|process)_[a-z\d_]+\b/g)].map(([name]) => name))]

  test.each(['dashboard.json', 'alerts.yml', 'README.md'])('%s names no figure that there is not', async (file) => {
    const known = new Set([...(await figures()).keys()].map((key) => key.replace(/\{.*/, '')))
    const names = namesIn(read(file))
    expect(names.length).toBeGreaterThan(5)
    expect(names.filter((name) => !known.has(name) && !known.has(`${name}_bucket`) && !['process_', 'nodejs_'].includes(name))).toEqual([])
  })

  test('README.md explains every figure, and every alert', async () => {
    const page = read('README.md')
    const own = [...(await figures()).keys()].map((key) => key.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, '')).filter((name) => name.startsWith('parley_'))
    expect([...new Set(own)].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
    expect([...read('alerts.yml').matchAll(/alert: (\w+)/g)].map(([, name = '']) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  test('dashboard.json is what scripts/dashboard.ts makes; if not, run `npm run generate`', () => {
    expect(read('dashboard.json')).toBe(dashboard())
  })
})
