import { Flooder } from '../lib/flooder.ts'
import { isSent, sendBody } from '../lib/graphql.ts'
import { figures, pick } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { atRate } from '../lib/loops.ts'
import type { Ask } from '../lib/loops.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender } from '../lib/rounds.ts'
import { chatsBySender, openSockets } from './send.ts'

/** Honest sends a second: enough for their slowest hundredth to be more than two or three. */
const PER_SECOND = 200
/** Refused documents a second. */
const FLOOD_PER_SECOND = 200
/** Connections that they come over: so many of HTTP, and as many WebSockets. */
const LINES = 8
/** Of each sort, so that the server has seen one. */
const WARM_MS = 500

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
  const flooder = new Flooder()
  const tokens = Array.from({ length: LINES }, (_, n) => stage.token(SENDERS_AND + n))
  try {
    const honest: Contender = { name: 'sends alone', role: 'ours', pid: () => stage.parley.pid, run: (turn) => atRate(turn, PER_SECOND, sends) }
    const flooded = Object.entries(PROBES).map(([name, document]): Contender => ({
      name, role: 'ours', cold: true, pid: () => stage.parley.pid,
      run: async (turn) => {
        const { ended } = await flooder.begin({ port: stage.parley.port, tokens }, { document, perSecond: FLOOD_PER_SECOND, ms: turn.ms })
        const [outcome] = await Promise.all([atRate(turn, PER_SECOND, sends), ended])
        return outcome
      },
    }))
    const again: Contender = { ...honest, name: 'sends alone, again', cold: true }
    for (const { run } of flooded) await run({ ms: Math.min(WARM_MS, stage.options.ms), begin: () => undefined })
    const rows = await measure(stage, 'flood', [honest, ...flooded, again])
    const alone = rows[0]
    return {
      unit: 'sends', rows,
      notes: [`${FLOOD_PER_SECOND} refused documents a second beside ${PER_SECOND} sends, half of them over HTTP and half over WebSocket, by a process of their own. After 300 of them in a minute (refusedPerMinute) they are not read any more. Processor time is that of both, per send. What the sends alone do again says how much is chance.`],
      picture: { unit: 'milliseconds for one send, p99', bars: rows.map(({ name: label, role, p99, ops }) => ({ label, role, value: p99 ?? ops })) },
      figures: figures(rows.slice(1).map((row) => [`flood: p99 beside ${row.name} / alone`, ratioOf(row, alone, ({ p99s }) => p99s)])),
    }
  } finally {
    for (const { socket } of sockets) socket.end()
    flooder.end()
  }
}

/** Sends as others than those who send messages. */
const SENDERS_AND = 100
