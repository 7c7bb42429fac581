import { figures } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { Listener } from '../lib/listener.ts'
import { arrivals } from '../lib/loops.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import { RawWebSocket } from '../lib/websocket.ts'
import { peersThatConnect } from '../peers/peers.ts'

/** So many are on their way at once. */
const WIDTH = 32

/** From nothing to the first batch of events, again and again, by ever other people. */
export const connect: Job = async (stage) => {
  let next = 0
  const peers = await peersThatConnect(stage)
  try {
    const rows = await measure(stage, 'connect', [
      {
        name: 'Parley', role: 'ours', pid: () => stage.parley.pid,
        run: (turn) => arrivals(turn, WIDTH, async () => {
          const listener = new Listener(stage.token(next++ % stage.fixture.users))
          await listener.connect(stage.parley.port)
          listener.end()
        }),
      },
      { name: 'bare ws', role: 'limit', pid: () => stage.bare.pid, run: (turn) => arrivals(turn, WIDTH, () => arriveAtBare(stage.bare.port)) },
      ...peers.contenders,
    ])
    return {
      unit: 'connections', rows, notes: [],
      figures: figures([
        ['connect: Parley / bare ws', ratioOf(rows[0], rows[1])],
        ...rows.filter(({ role }) => role === 'peer').map((row): [string, ReturnType<typeof ratioOf>] => [`connect: Parley / ${row.name}`, ratioOf(rows[0], row)]),
      ]),
    }
  } finally {
    await peers.close()
  }
}

async function arriveAtBare(port: number): Promise<void> {
  const socket = await RawWebSocket.open(port, '/')
  await new Promise<void>((resolve, reject) => {
    socket.onMessage = () => { resolve() }
    socket.onClose = (reason) => { reject(new Error(reason)) }
  })
  socket.end()
}
