import { isSent, overHttp, sendBody } from '../lib/graphql.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { atRate } from '../lib/loops.ts'
import { ONE_STATEMENT, pgbench } from '../lib/pgbench.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import { PER_SECOND } from '../lib/work.ts'
import { peersThatSend } from '../peers/peers.ts'
import { chatsBySender, openSockets, pgbenchOver } from './send.ts'

/** 50 sends a second, whether the one before is answered or not: how long one takes where nothing is busy. */
export const low: Job = async (stage) => {
  const sockets = await openSockets(stage)
  const chats = chatsBySender(stage.fixture.chats)
  const body = (n: number) => sendBody(pick(chats[n] ?? []))
  const tokens = sockets.map((_, n) => stage.token(n))
  const limit = pgbench(stage, 'pgbench, one statement', { script: ONE_STATEMENT, ...pgbenchOver(stage, stage.fixture.chats, 1), rate: PER_SECOND })
  const peers = await peersThatSend(stage, 'low', stage.fixture.chats)
  try {
    const contenders: Contender[] = [
      { name: 'Parley, WebSocket', role: 'ours', pid: () => stage.parley.pid, run: (turn) => atRate(turn, PER_SECOND, sockets.map((socket, n) => (done, failed) => { socket.ask(body(n), isSent, done, failed) })) },
      { name: 'Parley, HTTP', role: 'ours', pid: () => stage.parley.pid, run: (turn) => overHttp(stage.parley.port, tokens, body, isSent, (asks) => atRate(turn, PER_SECOND, asks)) },
      ...(limit === null ? [] : [limit]),
      ...peers.contenders,
    ]
    const rows = await measure(stage, 'low', contenders)
    const row = (name: string) => rows.find((one) => one.name === name)
    const p50 = (ours: string, other: string) => ratioOf(row(ours), row(other), ({ p50s }) => p50s)
    return {
      unit: 'sends', rows, notes: [],
      picture: { unit: 'milliseconds for one, p50', bars: rows.map(({ name: label, role, p50, ops }) => ({ label, role, value: p50 ?? ops })) },
      figures: figures([
        ['low: p50 of WebSocket / one statement', p50('Parley, WebSocket', 'pgbench, one statement')],
        ['low: p50 of HTTP / one statement', p50('Parley, HTTP', 'pgbench, one statement')],
        ['low: p50 of WebSocket / Socket.IO', p50('Parley, WebSocket', 'Socket.IO')],
      ]),
    }
  } finally {
    for (const { socket } of sockets) socket.end()
    await peers.close()
  }
}
