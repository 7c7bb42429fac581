import type { ServerResponse } from 'node:http'
import { VERSION } from '../base/version.ts'
import type { Bus } from '../bus/index.ts'
import type { Database } from '../db/index.ts'

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  res.end(JSON.stringify(body))
}

/** The process runs. */
export function answerLive(res: ServerResponse): void {
  answer(res, 200, { status: 'ok' })
}

/** The server can do its work: 200, else 503. Migrations ran before it began to listen. */
export async function answerReady(res: ServerResponse, parts: { database: Database; bus: Bus }): Promise<void> {
  const database = await parts.database.healthy()
  const bus = parts.bus.healthy()
  const ready = database && bus
  const state = (ok: boolean) => (ok ? 'ok' : 'failing')
  answer(res, ready ? 200 : 503, { status: state(ready), version: VERSION, checks: { database: state(database), migrations: 'ok', bus: state(bus) } })
}
