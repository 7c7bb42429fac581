import type { ServerResponse } from 'node:http'
import { VERSION } from '../base/version.ts'

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  res.end(JSON.stringify(body))
}

/** Asks each part whether it works. */
export interface HealthChecks {
  database(): Promise<boolean>
  /** Without it a server does its work all the same: what happens on others it finds in the event log. */
  bus(): boolean
}

/** The process runs. */
export function answerLive(res: ServerResponse): void {
  answer(res, 200, { status: 'ok' })
}

/** The server can do its work: 200, else 503. Migrations ran before it began to listen. */
export async function answerReady(res: ServerResponse, checks: HealthChecks): Promise<void> {
  const ready = await checks.database()
  const state = ready ? 'ok' : 'failing'
  answer(res, ready ? 200 : 503, { status: state, version: VERSION, checks: { database: state, migrations: 'ok', bus: checks.bus() ? 'ok' : 'degraded' } })
}
