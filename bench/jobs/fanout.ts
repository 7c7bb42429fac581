import { encodeId } from '../../src/base/id.ts'
import { groupSizes } from '../lib/fixture.ts'
import { GraphqlSocket, isSent, sendBody } from '../lib/graphql.ts'
import { figures } from '../lib/job.ts'
import type { Figure, Job } from '../lib/job.ts'
import { Listener, inTurns } from '../lib/listener.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender, Outcome, Row, Turn } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { RawWebSocket } from '../lib/websocket.ts'
import { peersThatFanOut } from '../peers/peers.ts'

const IN_FLIGHT = [1, 8]

/** One group, every member with a socket and a stream of events: how many messages reach members in a second. */
export const fanout: Job = async (stage) => {
  const rows: Row[] = []
  const taken: Figure[] = []
  for (const size of groupSizes(['fanout'], stage.options.quick)) {
    const audience = await openAudience(stage, size)
    const bare = await openBare(stage, size)
    const peers = await peersThatFanOut(stage, size)
    try {
      for (const inFlight of IN_FLIGHT) {
        const suffix = ` ${size}, ${inFlight} in flight`
        const named = await measure(stage, `fanout${suffix}`, [
          { name: 'Parley', role: 'ours', pid: () => stage.parley.pid, run: (turn) => broadcasts(turn, audience, inFlight) },
          { name: 'bare ws', role: 'limit', pid: () => stage.bare.pid, run: (turn) => broadcasts(turn, bare(audience.bytes()), inFlight) },
          ...peers.contenders(inFlight),
        ] satisfies Contender[])
        const row = (name: string) => named.find((one) => one.name === name)
        taken.push(...figures([
          [`fanout${suffix}`, ratioOf(row('Parley'), row('bare ws'))],
          ...named.filter(({ role }) => role === 'peer').map(({ name }): [string, ReturnType<typeof ratioOf>] => [`fanout ${size}: Parley / ${name}${inFlight === 1 ? '' : `, ${inFlight} in flight`}`, ratioOf(row('Parley'), row(name))]),
        ]))
        rows.push(...named.map((one) => ({ ...one, name: one.name + suffix })))
      }
    } finally {
      audience.end()
      bare(0).end()
      await peers.close()
    }
  }
  return { unit: 'deliveries', rows, figures: taken, notes: [] }
}

/** Sockets that all get each message, and a way to send one. */
export interface Audience {
  size: number
  /** Sends one; it reaches all. */
  push(failed: (error: Error) => void): void
  /** Is called with each socket that has got so many more. */
  onMessages: (socket: number, count: number) => void
  onFault: (error: Error) => void
  /** Bytes of a frame so far, on the average. */
  bytes(): number
  end(): void
}

/** Sends so many at once, and the next one whenever one has reached everybody; ends when nothing is under way any more. */
export async function broadcasts(turn: Turn, audience: Audience, inFlight: number): Promise<Outcome> {
  turn.begin()
  const began = performance.now()
  const got = new Int32Array(audience.size)
  /** How many have got the message of this number. */
  const reached: number[] = []
  let pushed = 0
  let ops = 0
  let complete = 0
  await new Promise<void>((resolve, reject) => {
    const push = () => {
      reached.push(0)
      pushed += 1
      audience.push(reject)
    }
    audience.onFault = reject
    audience.onMessages = (socket, count) => {
      for (let i = 0; i < count; i++) {
        const nth = got[socket] as number
        got[socket] = nth + 1
        ops += 1
        const many = (reached[nth] = (reached[nth] ?? 0) + 1)
        if (nth >= pushed) reject(new Error('more came than was sent'))
        if (many < audience.size) continue
        complete += 1
        if (performance.now() - began < turn.ms) push()
        else if (complete === pushed) resolve()
      }
    }
    for (let i = 0; i < inFlight; i++) push()
  })
  return { ops, seconds: (performance.now() - began) / 1000 }
}

/** The members of a group, each with a stream of events. */
export async function openAudience(stage: Stage, size: number): Promise<Audience> {
  const writer = await GraphqlSocket.open(stage.parley.port, stage.token(0))
  const chatId = encodeId('Chat', stage.fixture.groups[size] ?? 0)
  const listeners = Array.from({ length: size }, (_, n) => new Listener(stage.token(n)))
  await inTurns(listeners, 50, (listener) => listener.connect(stage.parley.port))
  let bytes = 0
  let messages = 0
  const audience: Audience = {
    size,
    push: (failed) => { writer.ask(sendBody(chatId), isSent, () => undefined, failed) },
    onMessages: () => undefined,
    onFault: (error) => { throw error },
    bytes: () => Math.round(bytes / messages),
    end() {
      writer.socket.end()
      for (const listener of listeners) listener.end()
    },
  }
  for (const [n, listener] of listeners.entries()) {
    listener.onFault = (error) => { audience.onFault(error) }
    listener.onMessages = (count, length) => {
      bytes += length
      messages += count
      audience.onMessages(n, count)
    }
  }
  return audience
}

const NUMBER = Buffer.from('"number":')

/** As many sockets of ws alone; a frame of theirs is as large as one of ours is. */
async function openBare(stage: Stage, size: number): Promise<(bytes: number) => Audience> {
  const { port } = stage.bare
  const pusher = await RawWebSocket.open(port, '/push')
  const sockets = await Promise.all(Array.from({ length: size }, () => RawWebSocket.open(port, '/group')))
  let frameBytes = 400
  const audience: Audience = {
    size,
    push: () => { pusher.send(`1 ${frameBytes}`) },
    onMessages: () => undefined,
    onFault: (error) => { throw error },
    bytes: () => frameBytes,
    end() {
      pusher.end()
      for (const socket of sockets) socket.end()
    },
  }
  for (const [n, socket] of sockets.entries()) {
    socket.onClose = (reason) => { audience.onFault(new Error(reason)) }
    socket.onMessage = (data, start, end) => {
      // As much work as there is with one of ours.
      const frame = start === 0 && end === data.length ? data : data.subarray(start, end)
      let count = 0
      for (let at = frame.indexOf(NUMBER); at >= 0; at = frame.indexOf(NUMBER, at + 100)) count += 1
      if (count > 0) audience.onMessages(n, count)
    }
  }
  return (bytes) => {
    if (bytes > 0) frameBytes = bytes
    return audience
  }
}
