import { expect } from 'vitest'
import { examine } from '../../src/doctor-checks.ts'
import type { TestServer } from '../harness.ts'

/** Asserts that nothing stands in the tables that `npm run doctor` would find, whatever was done before. */
export async function expectSound(server: TestServer): Promise<void> {
  const { findings } = await server.sql.begin('isolation level repeatable read', (tx) => examine(tx as unknown as TestServer['sql']))
  expect(findings).toEqual([])
}
