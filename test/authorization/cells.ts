import type { ExecutionResult } from 'graphql'
import { ACTORS } from './actors.ts'
import type { Actor } from './actors.ts'
import { judge } from './answers.ts'
import type { Operation } from './documents.ts'
import type { Result, Row } from './rows.ts'
import { TRANSPORTS, ask, listen } from './wire.ts'
import type { Listener, Transport } from './wire.ts'
import type { World } from './world.ts'

/** What a row came to; compared as a whole with what it should. */
export type Found = Record<Transport, Partial<Record<Actor, Result>>> & {
  /** Who could tell from a refusal that the thing exists. */
  betrayed: string[]
  /** The tables that reading or being refused changed. */
  written: string[]
}

/** A row as it is tested. */
export interface Case {
  world: World
  row: Row
  operation: Operation
  found: Found
  /** What each actor is told over HTTP of things that do not exist. */
  ofNothing: Map<Actor, string>
  /** The tables that are not as they were at first. */
  changes(): Promise<string[]>
}

/** How long those who are to hear of something have for it. */
const PATIENCE_MS = 5000

export async function everywhere(work: (transport: Transport, actor: Actor) => Promise<void>): Promise<void> {
  for (const transport of TRANSPORTS) await Promise.all(ACTORS.map((actor) => work(transport, actor)))
}

/** Asks for what changes nothing. What is hidden has to read, over either transport, as what does not exist. */
export async function look({ world, row, operation, found, ofNothing }: Case, transport: Transport, actor: Actor): Promise<void> {
  const [line, values] = [world.lineOf(actor), world.valuesOf(actor)]
  const answer = await ask(transport, line, operation, values)
  const { result, hidden } = judge(row, operation, answer, values)
  found[transport][actor] = result
  if (!hidden) return
  const nothing = ofNothing.get(actor) ?? textOf(await ask('overHttp', line, operation, world.absentOf(actor)))
  ofNothing.set(actor, nothing)
  if (textOf(answer) !== nothing) found.betrayed.push(`${actor} ${transport}: ${textOf(answer)} is not ${nothing}`)
}

function textOf({ data, errors }: ExecutionResult): string {
  return JSON.stringify({ data, errors })
}

/** Does what should work, and undoes it. */
export async function act({ world, row, operation, found, changes }: Case, transport: Transport, actor: Actor): Promise<void> {
  const values = world.valuesOf(actor)
  const { result } = judge(row, operation, await ask(transport, world.lineOf(actor), operation, values), values)
  const written = (await changes()).length > 0
  found[transport][actor] = result === 'ok' && !written ? 'idle' : result
  if (written) await world.reset()
}

/** Opens a subscription for everybody at once, and lets happen what they may hear of. */
export async function hear({ world, row, operation, found, changes }: Case): Promise<void> {
  const { when = [], by = null } = row.options
  const open: { transport: Transport; actor: Actor; listener: Listener; ofNothing: Listener | null }[] = []
  await everywhere((transport, actor) => {
    const listener = (values: ReturnType<World['valuesOf']>) => listen(transport, world.lineOf(actor), operation, values)
    open.push({ transport, actor, listener: listener(world.valuesOf(actor)), ofNothing: row.expected[actor] === 'BAD_USER_INPUT' ? listener(world.absentOf(actor)) : null })
    return Promise.resolve()
  })
  const resultOf = ({ listener, actor }: (typeof open)[number]): Result => {
    const results = listener.answers.map((answer) => judge(row, operation, answer, world.valuesOf(actor)).result)
    return results.find((result) => result !== 'null' && result !== 'empty') ?? 'empty'
  }
  // Events tell of themselves when they have told all that was missed; of other things silence tells nothing.
  const isDue = (one: (typeof open)[number]) =>
    row.expected[one.actor] === 'empty' ? operation.field === 'events' && one.listener.answers.length === 0 : resultOf(one) === 'empty' || one.ofNothing?.answers.length === 0
  const deadline = Date.now() + PATIENCE_MS
  for (let turn = 0; Date.now() < deadline && open.some(isDue); turn++) {
    const text = when[turn % when.length]
    if (text !== undefined) await world.does(by, text)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // Whoever was to hear nothing would have by the time that something else, asked later, is answered.
  await everywhere(async (transport, actor) => void (await ask(transport, world.lineOf(actor), { document: '{ me { id } }', field: 'me', variables: [] }, {})))
  for (const one of open) {
    const { transport, actor, listener, ofNothing } = one
    found[transport][actor] = resultOf(one)
    const [told, nothing] = [listener, ofNothing].map((from) => JSON.stringify(from?.answers))
    if (ofNothing !== null && told !== nothing) found.betrayed.push(`${actor} ${transport}: ${told} is not ${nothing}`)
    listener.close()
    ofNothing?.close()
  }
  if (when.length > 0) await world.reset()
  else found.written = await changes()
}
