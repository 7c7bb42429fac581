import { setTimeout as delay } from 'node:timers/promises'
import { figures } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { Listener } from '../lib/listener.ts'
import { inTurns } from '../lib/loops.ts'
import { memoryOf } from '../lib/proc.ts'
import { spreadOf } from '../lib/rounds.ts'
import { RawWebSocket } from '../lib/websocket.ts'

/** What a connection with its stream of events takes of the server's memory while nothing happens. Each server starts anew for it. */
export const memory: Job = async (stage) => {
  const { quick } = stage.options
  const count = quick ? 500 : 10_000
  const pause = quick ? 500 : 8000
  await stage.restart()
  const ours = await grown(stage.parley.pid, pause, async (many) => {
    const listeners = Array.from({ length: many }, (_, n) => new Listener(stage.token(n)))
    await inTurns(listeners, 50, (listener) => listener.connect(stage.parley.port))
    return listeners
  }, count)
  stage.say(`memory: Parley ${kib(ours)} a connection, at ${count}`)
  const bare = await grown(stage.bare.pid, pause, (many) => Promise.all(Array.from({ length: many }, () => RawWebSocket.open(stage.bare.port, '/group'))), count)
  stage.say(`memory: bare ws ${kib(bare)} a connection`)
  return {
    unit: 'connections', rows: [],
    picture: { unit: `KiB each, ${count.toLocaleString('en')} of them`, bars: [{ label: 'Parley', role: 'ours', value: spreadOf([ours / 1024]) }, { label: 'bare ws', role: 'limit', value: spreadOf([bare / 1024]) }] },
    notes: [`${count.toLocaleString('en')} connections: Parley ${kib(ours)} each, bare ws ${kib(bare)} each (resident memory).`],
    figures: figures([['memory: bytes of Parley / bare ws', bare > 0 ? spreadOf([ours / bare]) : null]]),
  }
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`

/** Bytes by which a server grows with each connection. The first hundred come before: what is loaded once counts for nobody. */
async function grown(pid: number, pause: number, open: (count: number) => Promise<{ end(): void }[]>, count: number): Promise<number> {
  const first = await open(100)
  await delay(pause)
  const before = memoryOf(pid)
  const sockets = await open(count)
  await delay(pause)
  const after = memoryOf(pid)
  for (const socket of [...first, ...sockets]) socket.end()
  await delay(500)
  return (after - before) / count
}
