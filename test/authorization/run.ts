import { beforeAll, expect, test } from 'vitest'
import { contentOf } from '../support/refusal.ts'
import { ACTORS } from './actors.ts'
import type { Actor } from './actors.ts'
import { act, everywhere, hear, look } from './cells.ts'
import type { Case } from './cells.ts'
import { operationOf } from './documents.ts'
import { titleOf } from './rows.ts'
import type { Result, Row } from './rows.ts'
import { TRANSPORTS } from './wire.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

/** One test for each row: a cell for every actor, over HTTP and over WebSocket. */
export function testRows(rows: readonly Row[]): void {
  let world: World
  let pristine: Record<string, string>
  beforeAll(async () => {
    world = await makeWorld()
    pristine = await contentOf(world.server)
    return () => world.close()
  })
  const changes = async () => {
    const content = await contentOf(world.server)
    return Object.keys(content).filter((table) => content[table] !== pristine[table])
  }

  for (const row of rows) {
    const operation = operationOf(row)
    // Of what the schema does not have yet nothing can be said; the list of tests shows it.
    if (operation === null) test.skip(titleOf(row))
    else test(titleOf(row), { timeout: 60_000 }, () => testRow({ world, row, operation, changes, found: { overHttp: {}, overSocket: {}, betrayed: [], written: [] }, ofNothing: new Map() }))
  }
}

async function testRow(it: Case): Promise<void> {
  const { row, found, world } = it
  const expected = { overHttp: row.expected, overSocket: expectedOverSocket(row) }
  const online = row.options.online === undefined ? null : world.lineOf(row.options.online).client.subscribe('subscription { events { cursor } }')
  try {
    await online?.next()
    if (row.kind === 'subscription') {
      await hear(it)
    } else {
      // Reading and being refused change nothing, so all of that shares the world.
      await everywhere(async (transport, actor) => {
        const result = expected[transport][actor]
        if (result !== undefined && !works(row, result)) await look(it, transport, actor)
      })
      found.written = await it.changes()
      if (found.written.length > 0) await world.reset()
      for (const transport of TRANSPORTS) for (const actor of ACTORS) if (works(row, expected[transport][actor])) await act(it, transport, actor)
    }
  } catch (error) {
    // What this row left undone is not the next one's fault.
    await world.reset()
    throw error
  } finally {
    online?.unsubscribe()
  }
  expect(found).toEqual({ ...expected, betrayed: [], written: [] })
}

/** Whether something is to happen, which has to be undone. */
function works({ kind }: Row, result: Result | undefined): boolean {
  return kind === 'mutation' && (result === 'ok' || result === 'idle')
}

/**
 * What is expected over WebSocket: the same, but that a token that is no good opens no socket, not even for what everybody may ask. Of those who may
 * change something one does it there too: undoing it is what takes time.
 */
function expectedOverSocket(row: Row): Partial<Row['expected']> {
  const last = ACTORS.findLast((actor) => works(row, row.expected[actor]))
  const cells = ACTORS.map((actor): [Actor, Result] => [actor, actor === 'expired' || actor === 'revoked' ? 'UNAUTHENTICATED' : row.expected[actor]])
  return Object.fromEntries(cells.filter(([actor, result]) => !works(row, result) || actor === last))
}
