import { expect } from 'vitest'
import type { TestServer } from '../harness.ts'
import { exchange } from './exchange.ts'

/** What a server tells Prometheus at its own port for that, by name and labels. */
export async function figuresOf({ app }: TestServer): Promise<Map<string, number>> {
  const { status, body } = await exchange(app.http.metricsUrl ?? '', { method: 'GET' })
  expect(status).toBe(200)
  return new Map(body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const))
}
