import { afterAll, afterEach, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { describeFiles } from './recipes/files.ts'
import { describeHelper } from './recipes/helper.ts'
import { describeInUse } from './recipes/in-use.ts'
import { describeParts } from './recipes/parts.ts'
import { createWorld } from './recipes/world.ts'

// docs/clients.md, as somebody has it who copied its files.

// Node.js 20 has none of its own.
Object.assign(globalThis, { WebSocket })

/** What the libraries have to say of how they are used, such as an object without a key or a field that is missing. */
const complaints: unknown[] = []
for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation((...said) => complaints.push(said))

const world = await createWorld()
afterEach(async () => {
  await world.tidy()
  vi.unstubAllGlobals()
  expect(complaints.splice(0)).toEqual([])
})
afterAll(() => world.close())

test('every file compiles, strictly, beside what codegen made of the documents', async () => {
  await world.recipes.run('typescript/bin/tsc')
}, 60_000)

describeHelper(world)
describeParts(world)
describeInUse(world)
describeFiles(world)

test('nothing on the page stands there without being run', async () => {
  expect(await world.recipes.idle()).toEqual([])
})
