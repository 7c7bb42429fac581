import { randomUUID } from 'node:crypto'
import { decodeAnyId, encodeId } from '../../src/base/id.ts'
import { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { keepContent } from '../support/content.ts'
import { INSIDERS, actorsOf } from './actors.ts'
import type { Actor } from './actors.ts'
import { does, seed } from './seed.ts'
import type { Values } from './seed.ts'
import { lineOf } from './wire.ts'
import type { Line } from './wire.ts'

export type { Values }

/** A server with the people and things that the table speaks of. */
export interface World {
  readonly server: TestServer
  /** How this actor reaches the server. */
  lineOf(actor: Actor): Line
  /** Does what must work, in the short form of the rows; null: another member of the group does it. */
  does(actor: Actor | null, text: string): Promise<void>
  /** The things as an actor has them; whoever is not signed in tries what the owner could do. */
  valuesOf(actor: Actor): Values
  /** The same, but that nothing of it exists. */
  absentOf(actor: Actor): Values
  /** Puts everything back as it was at first. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Who knows these chats anyway: what is kept from them is something else. */
const KNOWN = { group: INSIDERS, shed: INSIDERS, direct: 'member owner', closed: 'blocked owner', elsewhere: 'stranger', groupOfBlocked: 'blocked', outside: 'agent' }

export async function makeWorld(): Promise<World> {
  const start = async (databaseUrl?: string) => {
    const started = await startServer(databaseUrl === undefined ? {} : { databaseUrl })
    // As if it were switched on, but without anybody who works in the background: only what is asked for is written.
    started.app.services.settings.whatsapp = { wabaId: '1', phoneNumberIds: ['2'] }
    return started
  }
  let server = await start()
  const { people, actors, things, own } = await seed(() => new Client(() => server.url), server.sql)
  const lines = Object.fromEntries(Object.entries(actors).map(([name, client]) => [name, lineOf(client, () => `${server.url}/graphql`)])) as Record<Actor, Line>
  const hangUp = () => {
    for (const { socket } of Object.values(lines)) socket.terminate()
  }
  const first = await keepContent(server)
  const valuesOf = (actor: Actor): Values => ({ ...things, ...own[actors[actor].id], uuid: randomUUID() })
  return {
    get server() {
      return server
    },
    lineOf: (actor) => lines[actor],
    does: (actor, text) => does(actor === null ? people.fellow : actors[actor], text, valuesOf(actor ?? 'member')),
    valuesOf,
    absentOf(actor) {
      // The newcomer, oneself and what is one's own are there for everybody.
      const known = ['newcomer', 'me', 'myUpload', ...Object.entries(KNOWN).flatMap(([name, who]) => (actorsOf(who).includes(actor) ? [name] : []))]
      return Object.fromEntries(Object.entries(valuesOf(actor)).map(([name, value]) => [name, known.includes(name) ? value : absent(name, value)]))
    },
    async reset() {
      const { databaseUrl } = server
      hangUp()
      await server.close()
      await first.putBack()
      server = await start(databaseUrl)
    },
    async close() {
      hangUp()
      await Promise.all(Object.values(people).map((client) => client.close()))
      await server.close()
      await first.close()
    },
  }
}

/** A value of the same sort that stands for nothing; what belongs together still does. */
function absent(name: string, value: string): string {
  const decoded = decodeAnyId(value)
  if (decoded === null) return name === 'code' ? value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) : value
  const [first, second] = decoded.key
  const beyond = (key: number) => key + 900_000_000
  return encodeId(decoded.type, beyond(first), ...(second === undefined ? [] : [decoded.type === 'Message' ? second : beyond(second)]))
}
