import { readFileSync } from 'node:fs'
import type { Cluster } from './cluster.ts'
import type { ChaosNode } from './node.ts'
import { now } from './journal.ts'
import { pause } from './processes.ts'

/** Connections to the database that a server takes at most: 10 for requests, 5 for sends, 2 for jobs (src/process.ts, src/db/open.ts). */
export const DATABASE_CONNECTIONS = 17
/** A client that is gone without a word is noticed within 30 s. */
const GONE_WITHIN_MS = 45_000
const SAMPLE_MS = 2000
/** Memory that was freed goes back to the system a little later. */
const COLLECTED_AFTER_MS = 3000
/** This part of a process's life is left out: what it does for the first time makes it grow, whoever comes. */
const WARM_UP = 0.25

/** Resident memory of a process in bytes (proc(5)); 0 where there is none. */
export function memoryOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

type Samples = (readonly [hours: number, mb: number])[]

/** Looks at the memory of all servers until it is stopped. */
export function watchMemory(nodes: readonly ChaosNode[]) {
  const lives = nodes.map(() => ({ pid: 0, all: [] as Samples, atRest: [] as Samples }))
  const look = (atRest: boolean) =>
    nodes.map((node, index) => {
      const mb = memoryOf(node.pid()) / 1024 / 1024
      const life = lives[index]
      if (life === undefined || mb === 0) return 0
      // A process that was started anew begins a life of its own.
      if (life.pid !== node.pid()) Object.assign(life, { pid: node.pid(), all: [], atRest: [] })
      life[atRest ? 'atRest' : 'all'].push([now() / 3_600_000, mb])
      return mb
    })
  const timer = setInterval(look, SAMPLE_MS, false)
  return {
    /** Once nobody is there: without its garbage, which a server keeps for as long as nothing needs the room. Answers the MB of each, and those of its objects. */
    async rest(): Promise<{ mb: number; heapMb: number }[]> {
      for (const node of nodes) node.signal('SIGUSR2')
      await pause(COLLECTED_AFTER_MS)
      const heaps = await Promise.all(nodes.map(async (node) => ((await node.metrics()).get('nodejs_heap_size_used_bytes') ?? 0) / 1024 / 1024))
      return look(true).map((mb, index) => ({ mb, heapMb: heaps[index] ?? 0 }))
    },
    /** MB an hour of each server's present process: of all that was seen, and at rest. */
    slopes: () => nodes.map(({ name }, index) => ({ name, all: slopeOf(lives[index]?.all ?? []), atRest: slopeOf(lives[index]?.atRest ?? []) })),
    stop: () => {
      clearInterval(timer)
    },
  }
}

/** By least squares, once it is warm. */
export function slopeOf(samples: Readonly<Samples>): number {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const [mx, my] = [mean(warm.map(([x]) => x)), mean(warm.map(([, y]) => y))]
  const spread = warm.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  return spread === 0 ? 0 : warm.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread
}

/** What a server holds on to. */
export interface Holdings {
  /** Live connections of all kinds, and open subscriptions to events, as the server counts them. */
  connections: number
  readers: number
  /** TCP connections of clients, as the system counts them. */
  clientSockets: number
  /** TCP connections and timers of the process, whatever for. */
  sockets: number
  timers: number
}

export async function holdingsOf(node: ChaosNode): Promise<Holdings> {
  const metrics = await node.metrics()
  const sum = (name: string) => [...metrics].reduce((total, [key, value]) => (key === name || key.startsWith(`${name}{`) ? total + value : total), 0)
  const resources = (type: string) => metrics.get(`nodejs_active_resources{type="${type}"}`) ?? 0
  return {
    connections: sum('parley_connections'),
    readers: sum('parley_readers'),
    clientSockets: clientSocketsOf(node.front.target),
    sockets: resources('TCPSocketWrap'),
    timers: resources('Timeout'),
  }
}

/** Connections to a port of this machine that its server has not closed: ESTABLISHED (01) and CLOSE_WAIT (08), see proc(5). */
function clientSocketsOf(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].reduce((count, table) => {
    const lines = readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/))
    return count + lines.filter(([, address = '', , state = '']) => address.endsWith(local) && ['01', '08'].includes(state)).length
  }, 0)
}

/** Connections to the database of each server, by what they call themselves. */
export async function databaseConnections({ sql }: Cluster): Promise<number[]> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name like 'parley-%' group by application_name`
  return rows.map(({ count }) => count)
}

/** What is still held though everybody is gone, in words; `before` is what each server held before anybody came. */
export async function leaksOf(cluster: Cluster, before: readonly Holdings[], figure: (name: string, value: number) => void): Promise<string[]> {
  const leaks: string[] = []
  for (const [index, node] of cluster.nodes.entries()) {
    const deadline = performance.now() + GONE_WITHIN_MS
    let held = await holdingsOf(node)
    const left = () => held.connections + held.readers + held.clientSockets
    // The balancer asks for its health now and then.
    while (left() > 0 && performance.now() < deadline) {
      await pause(100)
      held = await holdingsOf(node)
    }
    const was = before[index]
    const more = { sockets: held.sockets - (was?.sockets ?? 0), timers: held.timers - (was?.timers ?? 0) }
    if (left() > 0) leaks.push(`${node.name} holds ${held.connections} connections, ${held.readers} subscriptions and ${held.clientSockets} sockets of clients that are gone`)
    // Its connections to the database come as they are needed, each with a timer or two.
    if (more.sockets > DATABASE_CONNECTIONS) leaks.push(`${node.name} holds ${more.sockets} sockets more than before anybody came`)
    if (more.timers > 2 * DATABASE_CONNECTIONS) leaks.push(`${node.name} holds ${more.timers} timers more than before anybody came`)
    figure('left: connections, subscriptions, sockets of clients', left())
    figure('left: sockets more than at first', more.sockets)
    figure('left: timers more than at first', more.timers)
  }
  const connections = await databaseConnections(cluster)
  figure('database connections of a server', Math.max(0, ...connections))
  for (const count of connections) if (count > DATABASE_CONNECTIONS) leaks.push(`a server holds ${count} connections to the database, of at most ${DATABASE_CONNECTIONS}`)
  return leaks
}
