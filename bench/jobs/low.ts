import { RawHttp, graphqlPost } from '../lib/http.ts'
import { isSent, sendBody } from '../lib/graphql.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { ONE_STATEMENT, pgbench } from '../lib/pgbench.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender, Outcome, Turn } from '../lib/rounds.ts'
import { peersThatSend } from '../peers/peers.ts'
import { chatsBySender, openSockets, pgbenchOver } from './send.ts'

const PER_SECOND = 50

/** 50 sends a second, whether the one before is answered or not: how long one takes where nothing is busy. */
export const low: Job = async (stage) => {
  const sockets = await openSockets(stage)
  const lines = await Promise.all(sockets.map(() => RawHttp.open(stage.parley.port)))
  const chats = chatsBySender(stage.fixture.chats)
  const body = (n: number) => sendBody(pick(chats[n] ?? []))
  const limit = pgbench(stage, 'pgbench, one statement', { script: ONE_STATEMENT, ...pgbenchOver(stage, stage.fixture.chats, 1), rate: PER_SECOND })
  const peers = await peersThatSend(stage, 'low', stage.fixture.chats)
  try {
    const contenders: Contender[] = [
      { name: 'Parley, WebSocket', role: 'ours', pid: () => stage.parley.pid, run: (turn) => atRate(turn, sockets.length, (n, done, failed) => { sockets[n]?.ask(body(n), isSent, done, failed) }) },
      {
        name: 'Parley, HTTP', role: 'ours', pid: () => stage.parley.pid,
        run: (turn) => atRate(turn, lines.length, (n, done, failed) => {
          lines[n]?.ask(graphqlPost(stage.token(n), body(n)), (answer) => { if (isSent(answer)) done(); else failed(new Error(`a wrong answer: ${answer.toString()}`)) }, failed)
        }),
      },
      ...(limit === null ? [] : [limit]),
      ...peers.contenders,
    ]
    const rows = await measure(stage, 'low', contenders)
    const row = (name: string) => rows.find((one) => one.name === name)
    const p50 = (ours: string, other: string) => ratioOf(row(ours), row(other), ({ p50s }) => p50s)
    return {
      unit: 'sends', rows, notes: [],
      figures: figures([
        ['low: p50 of WebSocket / one statement', p50('Parley, WebSocket', 'pgbench, one statement')],
        ['low: p50 of HTTP / one statement', p50('Parley, HTTP', 'pgbench, one statement')],
        ['low: p50 of WebSocket / Socket.IO', p50('Parley, WebSocket', 'Socket.IO')],
      ]),
    }
  } finally {
    for (const { socket } of sockets) socket.end()
    for (const line of lines) line.end()
    await peers.close()
  }
}

/** Begins an operation every 20 ms, on the lines in turn; one line has 320 ms for each. */
export async function atRate(turn: Turn, lines: number, ask: (line: number, done: () => void, failed: (error: Error) => void) => void): Promise<Outcome> {
  turn.begin()
  const latencies: number[] = []
  const count = Math.max(1, Math.round((turn.ms / 1000) * PER_SECOND))
  const began = performance.now()
  await new Promise<void>((resolve, reject) => {
    let started = 0
    const begin = () => {
      const at = performance.now()
      ask(started % lines, () => {
        latencies.push(performance.now() - at)
        if (latencies.length === count) resolve()
      }, reject)
      started += 1
      if (started < count) setTimeout(begin, Math.max(0, began + (started * 1000) / PER_SECOND - performance.now()))
    }
    begin()
  })
  return { ops: latencies.length, seconds: (performance.now() - began) / 1000, latencies }
}
