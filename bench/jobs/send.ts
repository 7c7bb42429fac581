import { encodeId } from '../../src/base/id.ts'
import { SENDERS } from '../lib/fixture.ts'
import { GraphqlSocket, isSent, overHttp, sendBody } from '../lib/graphql.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { closedLoop } from '../lib/loops.ts'
import type { Ask } from '../lib/loops.ts'
import { ONE_STATEMENT, TRANSACTION, pgbench } from '../lib/pgbench.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { IN_FLIGHT, numbersBySender } from '../lib/work.ts'
import type { Range } from '../lib/work.ts'
import { peersThatSend } from '../peers/peers.ts'

/** 64 sends in flight over all small chats, by 16 people. */
export const send: Job = (stage) => sendInto(stage, 'send', stage.fixture.chats)

/** The same into one chat of 50. */
export const hot: Job = (stage) => sendInto(stage, 'hot', { first: stage.fixture.hot, count: 1 })

async function sendInto(stage: Stage, what: 'send' | 'hot', chats: Range): Promise<Awaited<ReturnType<Job>>> {
  const sockets = await openSockets(stage)
  const limits = [pgbench(stage, 'pgbench, one statement', { script: ONE_STATEMENT, ...pgbenchOver(stage, chats) }), pgbench(stage, 'pgbench, transaction', { script: TRANSACTION, ...pgbenchOver(stage, chats) })]
  const peers = await peersThatSend(stage, what, chats)
  try {
    const contenders = [overSockets(stage, sockets, [chats]), byHttpOver(stage, chats), ...limits.filter((limit) => limit !== null), ...peers.contenders]
    const rows = await measure(stage, what, contenders)
    const row = (name: string) => rows.find((one) => one.name === name)
    const [ws, byHttp, one, transaction] = ['Parley, WebSocket', 'Parley, HTTP', 'pgbench, one statement', 'pgbench, transaction'].map(row)
    return {
      unit: 'sends', rows, notes: [],
      figures: figures([
        [`${what}: WebSocket / one statement`, ratioOf(ws, one)],
        [`${what}: WebSocket / transaction`, ratioOf(ws, transaction)],
        [`${what}: HTTP / one statement`, ratioOf(byHttp, one)],
        [`${what}: WebSocket / Socket.IO`, ratioOf(ws, row('Socket.IO'))],
        [`${what}: HTTP / Apollo Server`, ratioOf(byHttp, row('Apollo Server'))],
        [`${what}: HTTP / Mercurius`, ratioOf(byHttp, row('Mercurius'))],
        [`${what}: us of the server per send`, ws?.server],
        [`${what}: us of PostgreSQL per send`, ws?.postgres],
      ]),
    }
  } finally {
    for (const { socket } of sockets) socket.end()
    await peers.close()
  }
}

/** One socket for each of the senders. */
export function openSockets(stage: Stage): Promise<GraphqlSocket[]> {
  return Promise.all(Array.from({ length: SENDERS }, (_, n) => GraphqlSocket.open(stage.parley.port, stage.token(n))))
}

/** The same by the IDs of the API. */
export const chatsBySender = (range: Range): string[][] => numbersBySender(range).map((ids) => ids.map((id) => encodeId('Chat', id)))

/** So many sends under way on these sockets, over all these chats. */
export function overSockets(stage: Stage, sockets: readonly GraphqlSocket[], ranges: readonly Range[], name = 'Parley, WebSocket'): Contender {
  const each = ranges.map(chatsBySender)
  const chats = sockets.map((_, n) => each.flatMap((bySender) => bySender[n] ?? []))
  const asks = sockets.flatMap((socket, n) => Array.from({ length: IN_FLIGHT / SENDERS }, (): Ask => (done, failed) => { socket.ask(sendBody(pick(chats[n] ?? [])), isSent, done, failed) }))
  return { name, role: 'ours', pid: () => stage.parley.pid, run: (turn) => closedLoop(turn, asks) }
}

function byHttpOver(stage: Stage, range: Range): Contender {
  const chats = chatsBySender(range)
  const tokens = Array.from({ length: IN_FLIGHT }, (_, n) => stage.token(n % SENDERS))
  const body = (n: number) => sendBody(pick(chats[n % SENDERS] ?? []))
  return { name: 'Parley, HTTP', role: 'ours', pid: () => stage.parley.pid, run: (turn) => overHttp(stage.parley.port, tokens, body, isSent, (asks) => closedLoop(turn, asks)) }
}

export function pgbenchOver({ fixture }: Stage, { first, count }: Range, clients = IN_FLIGHT) {
  return { clients, variables: { first, chats: count, user: fixture.firstUser, senders: SENDERS } }
}
