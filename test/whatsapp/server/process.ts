import postgres from 'postgres'
import type { Client } from '../../client.ts'
import { PASSWORD, startServer } from '../../harness.ts'
import { makeFolder, serve } from '../../process/support.ts'
import type { Server } from '../../process/support.ts'
import { startSimulator } from '../simulator/simulator.ts'
import type { Simulator } from '../simulator/simulator.ts'
import { closing, makeAgent, until } from './parley.ts'

// A real process, ended by force in the middle of its work, on a database that goes on. WHATSAPP_FAULTS=full takes as many as are claimed (5,000 events,
// 1,000 messages); without it, a part.

export const FULL = process.env.WHATSAPP_FAULTS === 'full'
export const PATIENCE_MS = FULL ? 300_000 : 60_000

export interface Stage {
  meta: Simulator
  alice: Client
  sql: postgres.Sql
  /** Ends the server by force and starts it again at the same address. */
  kill(): Promise<void>
}

/** A server with so many customers who have written. */
export async function stage(customers: number): Promise<Stage> {
  const meta = closing(await startSimulator({ limits: null, seed: 7 }))
  const { databaseUrl, close } = await startServer()
  await close()
  const cwd = await makeFolder()
  const settings: Record<string, string> = { ...meta.settings(), DATABASE_URL: databaseUrl, LOG_LEVEL: 'fatal', JWT_SECRET_KEY: 'a secret key for tests, long enough' }
  let server: Server = await serve({ cwd, settings })
  settings.PORT = new URL(server.url).port
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  closing({ close: () => sql.end() })
  const [root, alice] = [server.client(), server.client()]
  await root.register('root', PASSWORD)
  await alice.register('alice', PASSWORD)
  await makeAgent(root, alice)
  await meta.connect(`${server.url}/webhooks/whatsapp`)
  for (let n = 0; n < customers; n++) meta.customer({ phone: `1415555${String(1000 + n)}`, name: `Customer ${n}` }).writes('hello')
  await meta.flush()
  await until(() => sql`select count(*)::int as count from whatsapp_chat`, ([row]) => row?.count === customers)
  return {
    meta,
    alice,
    sql,
    async kill() {
      server.process.signal('SIGKILL')
      await server.process.exited()
      server = await serve({ cwd, settings })
    },
  }
}

/** All that was posted is worked off. */
export const workedOff = ({ sql }: Stage) => until(() => sql`select count(*)::int as count from whatsapp_delivery where state <> 'DONE'`, ([row]) => row?.count === 0, PATIENCE_MS)
