import { GraphqlSocket, isSent, sendBody } from '../lib/graphql.ts'
import { RawHttp, graphqlPost } from '../lib/http.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { atRate } from '../lib/loops.ts'
import type { Ask } from '../lib/loops.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { chatsBySender, openSockets } from './send.ts'

/** Honest sends a second: enough for their slowest hundredth to be more than two or three. */
const PER_SECOND = 200
/** Refused documents a second. */
const FLOOD_PER_SECOND = 200
/** Connections that they come over: so many of HTTP, and as many WebSockets. */
const LINES = 8

const many = (times: number, text: string) => Array.from({ length: times }, (_, index) => text.replaceAll('#', String(index))).join(' ')

/** Documents as those who mean harm send them (test/attacks); `#` is another number each time, so that none of them is remembered. */
const PROBES: Record<string, string> = {
  'depth': `{ me ${'{ blockedUsers { nodes '.repeat(200)}{ id }${' } }'.repeat(200)} } #`,
  'circular fragments': '{ me { ...A } } fragment A on User { blockedUsers { nodes { ...B } } } fragment B on User { blockedUsers { nodes { ...A } } } #',
  'aliases': `{ ${many(450, 'a#: __typename')} } #`,
  '10,000 spreads': `{ me { ${'...F '.repeat(10_000)} } } fragment F on User { id } #`,
  'overlapping fragments': `{ me { ${'... on User { id username } '.repeat(200)} } } #`,
  'same field': `{ me { ${'id '.repeat(900)} } } #`,
  'directives': `{ me { id ${'@include(if: true) '.repeat(250)} } } #`,
  'unknown fields': `{ me { ${many(400, 'nothing#')} } } #`,
  'cost': '{ chats(first: 100) { nodes { members(first: 100) { nodes { user { sessions { id } } } } } } } #',
  'introspection': '{ __schema { types { name fields { name args { name type { name ofType { name } } } } } } } #',
  '60 KB of nothing': `${'#'.padEnd(60_000, 'x')}\n{ nothing } #`,
}

/** What honest sends wait while refused documents of one sort come in: p99 with them against p99 without. */
export const flood: Job = async (stage) => {
  const sockets = await openSockets(stage)
  const chats = chatsBySender(stage.fixture.chats)
  const sends = sockets.map((socket, n): Ask => (done, failed) => { socket.ask(sendBody(pick(chats[n] ?? [])), isSent, done, failed) })
  const others = await Promise.all(Array.from({ length: LINES }, (_, n) => GraphqlSocket.open(stage.parley.port, stage.token(SENDERS_AND + n))))
  try {
    const honest: Contender = { name: 'sends alone', role: 'ours', pid: () => stage.parley.pid, run: (turn) => atRate(turn, PER_SECOND, sends) }
    const flooded = Object.entries(PROBES).map(([name, document]): Contender => {
      return {
        name, role: 'ours', cold: true, pid: () => stage.parley.pid,
        run: async (turn) => {
          // New ones for each turn: servers end what was idle for some seconds.
          const lines = await Promise.all(others.map(() => RawHttp.open(stage.parley.port)))
          const asks = floodBy(stage, document, lines, others)
          const [outcome] = await Promise.all([atRate(turn, PER_SECOND, sends), atRate({ ms: turn.ms, begin: () => undefined }, FLOOD_PER_SECOND, asks).finally(() => { for (const line of lines) line.end() })])
          return outcome
        },
      }
    })
    const rows = await measure(stage, 'flood', [honest, ...flooded])
    const alone = rows[0]
    return {
      unit: 'sends', rows,
      notes: [`${FLOOD_PER_SECOND} refused documents a second beside ${PER_SECOND} sends, half of them over HTTP and half over WebSocket. After 300 of them in a minute (refusedPerMinute) they are not read any more. Processor time is that of both, per send.`],
      picture: { unit: 'milliseconds for one send, p99', bars: rows.map(({ name: label, role, p99, ops }) => ({ label, role, value: p99 ?? ops })) },
      figures: figures(rows.slice(1).map((row) => [`flood: p99 beside ${row.name} / alone`, ratioOf(row, alone, ({ p99s }) => p99s)])),
    }
  } finally {
    for (const { socket } of [...sockets, ...others]) socket.end()
  }
}

/** Sends as others than those who send messages. */
const SENDERS_AND = 100

function floodBy(stage: Stage, document: string, lines: readonly RawHttp[], sockets: readonly GraphqlSocket[]): Ask[] {
  let count = 0
  const body = () => JSON.stringify({ query: `${document}${count++}` })
  const isRefused = (answer: Buffer) => answer.includes('"errors":[') && !answer.includes('"data"')
  return lines.flatMap((line, n): Ask[] => {
    // A line takes one request at a time: where the machine is busy the next one waits.
    let before = Promise.resolve()
    const ask: Ask = (done, failed) => {
      before = before.then(() => new Promise((resolve) => {
        line.ask(graphqlPost(stage.token(SENDERS_AND + n), body()), (answer) => {
          resolve()
          if (isRefused(answer)) done()
          else failed(new Error(`not refused: ${answer.toString().slice(0, 500)}`))
        }, failed)
      }))
    }
    return [ask, (done, failed) => { sockets[n]?.refuse(body(), done, failed) }]
  })
}
