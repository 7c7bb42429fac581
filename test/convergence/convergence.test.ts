import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import type { GraphQLInterfaceType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EventKind } from '../../src/event/types.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { expectSound } from '../support/sound.ts'
import { expectConvergence, gather } from './cast.ts'
import type { Watcher } from './cast.ts'
import { DEEDS } from './deeds.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ settings: { LIMITS: 'cost=10000000' } })
})
afterAll(async () => {
  try {
    await expectSound(server)
  } finally {
    await server.close()
  }
})

describe('a client that fetched once and applies what it hears knows what one knows that fetches anew, when', () => {
  // Side by side: they wait for what comes once a second, and share nobody.
  test.concurrent.each(DEEDS.map((deed) => [deed.deed, deed] as const))('%s', async (_, { brings, do: act, without = [] }) => {
    const cast = await gather(server)
    try {
      await act(cast, server)
      for (const [watcher, event] of Object.entries(brings)) await cast.watchers.get(watcher as Watcher)?.hears(event)
      await expectConvergence(cast, without)
    } finally {
      await cast.close()
    }
  })
})

/** What happens in chats with customers alone: test/whatsapp/server/convergence.test.ts. INBOX_CHANGED is heard of by nobody, and makes clients begin anew. */
const ELSEWHERE = { kinds: ['MESSAGE_STATUS', 'INBOX_CHANGED'], brings: ['MessageChanged STATUS'] }

describe('there is a deed', () => {
  test('for every kind of event', () => {
    expect([...new Set([...DEEDS.map(({ kind }) => kind), ...ELSEWHERE.kinds])].sort()).toEqual(Object.keys(EventKind).sort())
  })

  test('that brings each event of the schema, and each change of a message', () => {
    const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))
    const types = schema.getPossibleTypes(schema.getType('Event') as GraphQLInterfaceType).map(({ name }) => name)
    const changes = schema.getType('MessageChange')?.astNode
    const values = changes?.kind === 'EnumTypeDefinition' ? (changes.values ?? []).map(({ name }) => `MessageChanged ${name.value}`) : []
    const wanted = [...types.filter((name) => name !== 'MessageChanged'), ...values].sort()
    expect([...new Set([...DEEDS.flatMap(({ brings }) => Object.values(brings)), ...ELSEWHERE.brings])].sort()).toEqual(wanted)
  })
})
