import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { MEMBERS, seedCrowd } from './crowd.ts'
import type { CrowdOrder, CrowdReport } from './crowd-worker.ts'
import { watchPresence } from './presence.ts'
import { adopt, pause, until } from './processes.ts'
import type { Fault, Stage } from './stage.ts'
import { DATABASE_CONNECTIONS, databaseConnections, memoryOf } from './watch.ts'
import { SECRET_KEY } from './world.ts'

const WORKER = fileURLToPath(new URL('crowd-worker.ts', import.meta.url))
const SENDS_PER_SECOND = 50
const KIB_EACH = 60
const RESUMED_WITHIN_MS = 10_000

/** F15; `count` is the number of connections. */
export const MANY: Fault = {
  what: 'thousands of idle connections and 50 sends a second besides, and each server is killed in turn',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'],
  figures: 'memory of a connection 60 KiB at most; resume p99 <= 10 s; database connections within the pool; nobody seems to be gone',
  counts: { smoke: 0, usual: 2000, hour: 2000, nightly: 10_000 },
  async run(stage) {
    const count = Math.ceil(stage.count / MEMBERS) * MEMBERS
    const child = fork(WORKER, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true })
    adopt(child)
    try {
      await crowded(stage, count, async (order) => {
        const answer = once(child, 'message') as Promise<[CrowdReport]>
        child.send(order)
        return (await answer)[0]
      })
    } finally {
      child.kill('SIGKILL')
    }
  },
}

async function crowded(stage: Stage, count: number, tell: (order: CrowdOrder) => Promise<CrowdReport>): Promise<void> {
  const { cluster, fail, figure, miss, note } = stage
  const { nodes } = cluster
  const people = await seedCrowd(cluster.sql, { count, secretKey: SECRET_KEY, prefix: 'crowd' })
  const memory = () => nodes.reduce((sum, node) => sum + memoryOf(node.pid()), 0)
  // What the usual load needs of a server that has just started is no part of it.
  await pause(5000)
  const before = memory()
  await tell({ do: 'come', people, ports: nodes.map(({ front }) => front.target) })
  await pause(5000)
  const each = (memory() - before) / 1024 / count
  note(`${count} connections, ${each.toFixed(1)} KiB of memory each`)
  figure('memory of a connection, KiB', each)
  if (each > KIB_EACH) miss(`a connection takes ${each.toFixed(1)} KiB`)

  const [viewer] = people
  if (viewer === undefined) return
  const presence = await watchPresence(cluster, viewer.chat, viewer)
  let most = 0
  const pools = setInterval(() => {
    void databaseConnections(cluster).then((list) => (most = Math.max(most, ...list)), () => undefined)
  }, 500)
  await tell({ do: 'talk', perSecond: SENDS_PER_SECOND })
  await pause(10_000)
  for (const node of nodes) {
    note(`kill -9 ${node.name}`)
    await node.end('SIGKILL')
    await pause(1000)
    const { back } = await tell({ do: 'back', ms: 60_000 })
    const at = (part: number) => Math.round(back[Math.min(back.length - 1, Math.floor(back.length * part))] ?? 0)
    note(`${back.length} came back: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the last one after ${at(1)} ms`)
    figure('came back', back.length)
    figure('came back p99 ms', at(0.99))
    if (at(0.99) > RESUMED_WITHIN_MS) miss(`of ${back.length} that came back one in a hundred took longer than ${at(0.99)} ms`)
    await node.start()
    await until('all servers', () => cluster.balancer.ready() === cluster.balancer.servers)
    await pause(5000)
  }
  // So long after the last connection somebody is still taken to be there.
  await pause(15_000)
  const { acked, heard, missing, twice, resets, delays } = await tell({ do: 'end', ms: 30_000 })
  const delay = (part: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * part))] ?? 0
  note(`${acked} messages to ${MEMBERS} each: ${heard} deliveries, p50 ${Math.round(delay(0.5))} ms, p99 ${Math.round(delay(0.99))} ms`)
  figure('their deliveries', heard)
  figure('their delivery p50 ms', delay(0.5))
  figure('their delivery p99 ms', delay(0.99))
  if (missing > 0) fail('I1', `${missing} deliveries of acknowledged messages to the crowd are missing`)
  if (twice > 0) fail('I2', `${twice} messages came twice to one of the crowd`)
  if (resets > 0) fail('I3', `${resets} of the crowd were told to begin anew`)
  clearInterval(pools)
  figure('database connections of a server', most)
  if (most > DATABASE_CONNECTIONS) miss(`a server had ${most} connections to the database, of at most ${DATABASE_CONNECTIONS}`)
  const flaps = presence.stop()
  figure('presence flaps', flaps)
  if (flaps > 0) miss(`${flaps} times one seemed to be gone who was there, or came back at once`)
}
