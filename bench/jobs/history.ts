import { encodeId } from '../../src/base/id.ts'
import { encodeKey } from '../../src/base/page.ts'
import { SENDERS } from '../lib/fixture.ts'
import { overHttp } from '../lib/graphql.ts'
import { figures } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { closedLoop } from '../lib/loops.ts'
import { historyScript, pgbench } from '../lib/pgbench.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { PAGES_IN_FLIGHT, isPage } from '../lib/work.ts'
import { peersWithHistory } from '../peers/peers.ts'

/** Pages of 50 at random places of one long chat, with all that a client shows of a message. */
export const history: Job = async (stage) => {
  const length = stage.options.messages
  const variables = { chat: stage.fixture.histories[length] ?? 0, length }
  const limits = [
    pgbench(stage, 'pgbench, rows', { script: historyScript(true), clients: PAGES_IN_FLIGHT, variables, database: 'parley' }),
    pgbench(stage, 'pgbench, denormalised', { script: historyScript(false), clients: PAGES_IN_FLIGHT, variables, database: 'parley' }),
  ]
  const peers = await peersWithHistory(stage)
  try {
    const rows = await measure(stage, 'history', [readsOf(stage, length, 'Parley, HTTP'), ...limits.filter((limit) => limit !== null), ...peers.contenders])
    const row = (name: string) => rows.find((one) => one.name === name)
    return {
      unit: 'pages', rows, notes: [],
      figures: figures([
        ['history: Parley / rows', ratioOf(rows[0], row('pgbench, rows'))],
        ['history: Parley / denormalised', ratioOf(rows[0], row('pgbench, denormalised'))],
        ['history: Parley / Apollo Server', ratioOf(rows[0], row('Apollo Server'))],
        ['history: Parley / Mercurius', ratioOf(rows[0], row('Mercurius'))],
      ]),
    }
  } finally {
    await peers.close()
  }
}

const PAGE = 'query Page($chatId: ID!, $before: String) { chat(id: $chatId) { messages(last: 50, before: $before) { nodes { id number seq createdAt text sender { id displayName } replyTo { id text sender { id displayName } } reactions { emoji count } } pageInfo { hasPreviousPage startCursor } } } }'

/** Reads the history of the chat of this length. */
export function readsOf(stage: Stage, length: number, name: string): Contender {
  const chatId = encodeId('Chat', stage.fixture.histories[length] ?? 0)
  const tokens = Array.from({ length: PAGES_IN_FLIGHT }, (_, n) => stage.token(n % SENDERS))
  const bodyOf = () => `{"query":"${PAGE}","variables":{"chatId":"${chatId}","before":"${encodeKey(52 + Math.floor(Math.random() * (length - 50)))}"}}`
  return { name, role: 'ours', pid: () => stage.parley.pid, run: (turn) => overHttp(stage.parley.port, tokens, bodyOf, isPage, (asks) => closedLoop(turn, asks)) }
}
