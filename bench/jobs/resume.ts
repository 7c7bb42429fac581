import { encodeId } from '../../src/base/id.ts'
import { groupSizes } from '../lib/fixture.ts'
import { GraphqlSocket, isSent, sendBody } from '../lib/graphql.ts'
import { figures } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { Listener } from '../lib/listener.ts'
import { inTurns } from '../lib/loops.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Outcome, Turn } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { RawWebSocket } from '../lib/websocket.ts'

const MISSED = 20

/** A whole group comes back at once with its cursors, each having missed 20 messages: how many are complete again in a second. */
export const resume: Job = async (stage) => {
  const size = groupSizes({ ...stage.options, jobs: ['resume'] })[0] ?? 0
  const writer = await GraphqlSocket.open(stage.parley.port, stage.token(0))
  const listeners = Array.from({ length: size }, (_, n) => new Listener(stage.token(n), { keepsCursor: true }))
  await inTurns(listeners, 50, (listener) => listener.connect(stage.parley.port))
  try {
    const rows = await measure(stage, `resume of ${size}`, [
      { name: 'Parley', role: 'ours', pid: () => stage.parley.pid, run: (turn) => comeBack(turn, stage, writer, listeners) },
      { name: 'bare ws, as many frames', role: 'limit', pid: () => stage.bare.pid, run: (turn) => comeToBare(turn, stage.bare.port, size) },
    ])
    return {
      unit: 'resumes', rows, figures: figures([['resume: Parley / bare ws', ratioOf(rows[0], rows[1])]]),
      notes: [`${size.toLocaleString('en')} clients come back at once, each with ${MISSED} messages missed: all are complete after ${((size / (rows[0]?.ops.median ?? NaN)) * 1000).toFixed(0)} ms.`],
    }
  } finally {
    writer.socket.end()
    for (const listener of listeners) listener.end()
  }
}

/** Cuts them, writes what they miss, and lets them all back. Each must get exactly that, and be told that it is all. */
async function comeBack(turn: Turn, stage: Stage, writer: GraphqlSocket, listeners: readonly Listener[]): Promise<Outcome> {
  const chatId = encodeId('Chat', stage.fixture.groups[listeners.length] ?? 0)
  for (const listener of listeners) listener.end()
  for (let n = 0; n < MISSED; n++) await new Promise<void>((resolve, reject) => { writer.ask(sendBody(chatId), isSent, resolve, reject) })
  turn.begin()
  const began = performance.now()
  await Promise.all(listeners.map((listener) => new Promise<void>((resolve, reject) => {
    let missing = MISSED
    let caughtUp = false
    const look = () => { if (missing === 0 && caughtUp) resolve() }
    listener.onMessages = (count) => {
      missing -= count
      look()
    }
    listener.onCaughtUp = () => {
      caughtUp = true
      look()
    }
    listener.connect(stage.parley.port).then(() => { listener.onFault = reject }, reject)
  })))
  return { ops: listeners.length, seconds: (performance.now() - began) / 1000 }
}

async function comeToBare(turn: Turn, port: number, size: number): Promise<Outcome> {
  turn.begin()
  const began = performance.now()
  const sockets = await Promise.all(Array.from({ length: size }, async () => {
    const socket = await RawWebSocket.open(port, `/group/${MISSED}`)
    let missing = MISSED + 1
    await new Promise<void>((resolve, reject) => {
      socket.onClose = (reason) => { reject(new Error(reason)) }
      socket.onMessage = () => { if (--missing === 0) resolve() }
    })
    return socket
  }))
  const seconds = (performance.now() - began) / 1000
  for (const socket of sockets) socket.end()
  return { ops: size, seconds }
}
