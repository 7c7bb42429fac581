import { encodeId } from '../../src/base/id.ts'
import { broadcasts, countingAudience } from '../lib/audience.ts'
import type { Audience } from '../lib/audience.ts'
import { groupSizes } from '../lib/fixture.ts'
import { GraphqlSocket, isSent, sendBody } from '../lib/graphql.ts'
import { figures } from '../lib/job.ts'
import type { Figure, Job } from '../lib/job.ts'
import { Listener } from '../lib/listener.ts'
import { inTurns } from '../lib/loops.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender, Row } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { RawWebSocket } from '../lib/websocket.ts'
import { peersThatFanOut } from '../peers/peers.ts'

const IN_FLIGHT = [1, 8]

/** One group, every member with a socket and a stream of events: how many messages reach members in a second. */
export const fanout: Job = async (stage) => {
  const rows: Row[] = []
  const taken: Figure[] = []
  for (const size of groupSizes({ ...stage.options, jobs: ['fanout'] })) {
    const audience = await openAudience(stage, size)
    const bare = await openBare(stage, size, audience.bytes)
    const peers = await peersThatFanOut(stage, size)
    try {
      for (const inFlight of IN_FLIGHT) {
        const suffix = ` ${size}, ${inFlight} in flight`
        const named = await measure(stage, `fanout${suffix}`, [
          { name: 'Parley', role: 'ours', pid: () => stage.parley.pid, run: (turn) => broadcasts(turn, audience, inFlight) },
          { name: 'bare ws', role: 'limit', pid: () => stage.bare.pid, run: (turn) => broadcasts(turn, bare, inFlight) },
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
      bare.end()
      await peers.close()
    }
  }
  return { unit: 'deliveries', rows, figures: taken, notes: [] }
}

/** The members of a group, each with a stream of events. */
export async function openAudience(stage: Stage, size: number): Promise<Audience & { bytes: () => number }> {
  const writer = await GraphqlSocket.open(stage.parley.port, stage.token(0))
  const chatId = encodeId('Chat', stage.fixture.groups[size] ?? 0)
  const listeners = Array.from({ length: size }, (_, n) => new Listener(stage.token(n)))
  await inTurns(listeners, 50, (listener) => listener.connect(stage.parley.port))
  let bytes = 0
  let messages = 0
  const audience: Audience & { bytes: () => number } = {
    size,
    push: (failed) => { writer.ask(sendBody(chatId), isSent, () => undefined, failed) },
    onMessages: () => undefined,
    onFault: (error) => { throw error },
    // Of a frame with one message, on the average; the limit's are as large.
    bytes: () => (messages === 0 ? 400 : Math.round(bytes / messages)),
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

/** As many sockets of ws alone; a frame of theirs is as large as one of ours is. */
async function openBare({ bare: { port } }: Stage, size: number, bytes: () => number): Promise<Audience> {
  const pusher = await RawWebSocket.open(port, '/push')
  const sockets = await Promise.all(Array.from({ length: size }, () => RawWebSocket.open(port, '/group')))
  return countingAudience(sockets, () => { pusher.send(`1 ${bytes()}`) }, () => { pusher.end() })
}
