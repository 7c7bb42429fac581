import { encodeId } from '../../src/base/id.ts'
import { SENDERS } from '../lib/fixture.ts'
import { GraphqlSocket, httpLoop, isSent, sendBody, socketLoop } from '../lib/graphql.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { ONE_STATEMENT, TRANSACTION, pgbench } from '../lib/pgbench.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { peersThatSend } from '../peers/peers.ts'

const IN_FLIGHT = 64

/** 64 sends in flight over all small chats, by 16 people. */
export const send: Job = (stage) => sendInto(stage, 'send', stage.fixture.chats)

/** The same into one chat of 50. */
export const hot: Job = (stage) => sendInto(stage, 'hot', { first: stage.fixture.hot, count: 1 })

async function sendInto(stage: Stage, what: 'send' | 'hot', chats: Range): Promise<Awaited<ReturnType<Job>>> {
  const sockets = await openSockets(stage)
  const limits = [pgbench(stage, 'pgbench, one statement', { script: ONE_STATEMENT, ...pgbenchOver(stage, chats) }), pgbench(stage, 'pgbench, transaction', { script: TRANSACTION, ...pgbenchOver(stage, chats) })]
  const peers = await peersThatSend(stage, what, chats)
  try {
    const contenders = [overSockets(stage, sockets, chats), overHttp(stage, chats), ...limits.filter((limit) => limit !== null), ...peers.contenders]
    const rows = await measure(stage, what, contenders)
    const row = (name: string) => rows.find((one) => one.name === name)
    const [ws, http, one, transaction] = ['Parley, WebSocket', 'Parley, HTTP', 'pgbench, one statement', 'pgbench, transaction'].map(row)
    return {
      unit: 'sends', rows, notes: [],
      figures: figures([
        [`${what}: WebSocket / one statement`, ratioOf(ws, one)],
        [`${what}: WebSocket / transaction`, ratioOf(ws, transaction)],
        [`${what}: HTTP / one statement`, ratioOf(http, one)],
        [`${what}: WebSocket / Socket.IO`, ratioOf(ws, row('Socket.IO'))],
        [`${what}: HTTP / Apollo Server`, ratioOf(http, row('Apollo Server'))],
        [`${what}: HTTP / Mercurius`, ratioOf(http, row('Mercurius'))],
        [`${what}: us of the server per send`, ws?.server],
        [`${what}: us of PostgreSQL per send`, ws?.postgres],
      ]),
    }
  } finally {
    for (const { socket } of sockets) socket.end()
    await peers.close()
  }
}

/** Chats whose ids follow each other. */
export interface Range {
  first: number
  count: number
}

/** One socket for each of the senders. */
export function openSockets(stage: Stage): Promise<GraphqlSocket[]> {
  return Promise.all(Array.from({ length: SENDERS }, (_, n) => GraphqlSocket.open(stage.parley.port, stage.token(n))))
}

/** For each sender the chats that they write into. */
export function chatsBySender({ first, count }: Range): string[][] {
  const ids = Array.from({ length: count }, (_, n) => encodeId('Chat', first + n))
  return Array.from({ length: SENDERS }, (_, sender) => (count < SENDERS ? ids : ids.filter((_id, n) => n % SENDERS === sender)))
}

export function overSockets(stage: Stage, sockets: readonly GraphqlSocket[], range: Range, name = 'Parley, WebSocket'): Contender {
  const chats = chatsBySender(range)
  return { name, role: 'ours', pid: () => stage.parley.pid, run: (turn) => socketLoop(turn, sockets, IN_FLIGHT / SENDERS, (n) => sendBody(pick(chats[n] ?? []))) }
}

function overHttp(stage: Stage, range: Range): Contender {
  const chats = chatsBySender(range)
  const tokens = Array.from({ length: IN_FLIGHT }, (_, n) => stage.token(n % SENDERS))
  return { name: 'Parley, HTTP', role: 'ours', pid: () => stage.parley.pid, run: (turn) => httpLoop(turn, stage.parley.port, tokens, (n) => sendBody(pick(chats[n % SENDERS] ?? [])), isSent) }
}

export function pgbenchOver({ fixture }: Stage, { first, count }: Range, clients = IN_FLIGHT) {
  return { clients, variables: { first, chats: count, user: fixture.firstUser, senders: SENDERS } }
}
