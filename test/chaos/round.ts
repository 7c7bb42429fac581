import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { check, counterexample } from './check/index.ts'
import type { Verdict } from './check/index.ts'
import type { History, Takeover, Violation } from './check/types.ts'
import { startClients } from './clients.ts'
import type { Backing, Cluster } from './cluster.ts'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import { now, readJournals } from './journal.ts'
import { STANDARD } from './load.ts'
import { randomOf } from './random.ts'
import type { RunOptions } from './run.ts'
import type { Disk, Stage } from './stage.ts'
import { readTruth } from './truth.ts'
import { makeWorld } from './world.ts'

/** What a round has shown. */
export interface Round {
  figures: Figures & { more: Record<string, number> }
  violations: Verdict['byInvariant']
  /** What had to hold besides the promises, and did not. */
  missed: string[]
  repeats: number
  counterexample: string[]
  /** How busy the machine was meanwhile, in percent. */
  cpu: number
}

export interface RoundOptions extends Pick<RunOptions, 'name' | 'fault' | 'count' | 'seed' | 'scale' | 'sql' | 'clientFaults' | 'settleMs' | 'say'> {
  /** For the journals; exists. */
  folder: string
  /** Begins the names of the users. */
  prefix: string
  disk: Disk | null
  note(text: string): void
}

/** People of their own come to a cluster and go about their business, a fault happens, all becomes quiet; then what they saw is checked, and they are gone. */
export async function playRound(backing: Backing, cluster: Cluster, options: RoundOptions): Promise<Round> {
  const { fault, folder, note, seed, scale, say, settleMs } = options
  const random = randomOf(seed, options.name)
  const devices = Math.max(12, Math.round(1000 * scale))
  const size = { users: Math.ceil(devices * 0.8), devices, chats: Math.max(6, Math.round(500 * scale)), largest: 256, ...fault.size }
  const world = await makeWorld(cluster.sql, `http://127.0.0.1:${cluster.balancer.port}`, size, random, options.prefix)
  await options.sql?.(cluster.sql)
  const worldFile = join(folder, 'world.json')
  writeFileSync(worldFile, JSON.stringify(world))
  const clients = await startClients({ folder, worldFile, world, url: `ws://127.0.0.1:${cluster.balancer.port}/graphql`, seed, faults: options.clientFaults })
  let progress: NodeJS.Timeout | null = null
  try {
    const redisAway: [number, number][] = []
    const takeovers: Takeover[] = []
    const more: Record<string, number> = {}
    const told: Violation[] = []
    const missed: string[] = []
    const mix = { ...STANDARD, perSecond: Math.max(4, 200 * scale), ...fault.mix }
    progress = setInterval(() => {
      const { connected, acked, waiting } = clients.counts()
      say(`${connected} connected, ${acked} done, ${waiting} waiting`)
    }, 2000)
    const stage: Stage = {
      backing, cluster, clients, world, random, mix, note, disk: options.disk,
      count: options.count,
      redisIs: (away) => {
        if (away) redisAway.push([now(), Infinity])
        else for (const span of redisAway) span[1] = Math.min(span[1], now())
      },
      tookOver: (kept) => takeovers.push({ at: now(), kept }),
      fail: (invariant, text) => told.push({ invariant, text, t: now() }),
      miss: (text) => {
        note(`MISSED: ${text}`)
        missed.push(text)
      },
      figure: (name, value) => {
        more[name] = Math.round(Math.max(value, more[name] ?? -Infinity) * 10) / 10
      },
    }
    const busy = cpuTimes()
    await clients.all({ do: 'load', mix })
    await fault.run(stage)
    const cpu = cpuShare(busy)
    await cluster.heal()
    stage.redisIs(false)
    await clients.all({ do: 'quiet', ms: settleMs })
    await clients.all({ do: 'settle', ms: settleMs })
    const entries = readJournals(clients.journals)
    const truth = await readTruth(cluster.sql, Math.min(...world.groups.map(({ id }) => id)))
    const history: History = { devices: world.devices, entries, truth, redisAway, takeovers }
    const verdict = check(history, told)
    if (takeovers.length > 0) stage.figure('acknowledged and lost', verdict.ackedLost)
    return {
      figures: { ...figuresOf(entries), more },
      violations: verdict.byInvariant,
      missed, cpu,
      repeats: verdict.repeats,
      counterexample: counterexample(history, verdict),
    }
  } finally {
    if (progress !== null) clearInterval(progress)
    clients.close()
  }
}

function cpuTimes(): { busy: number; all: number } {
  const sum = { busy: 0, all: 0 }
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((total, ms) => total + ms, 0)
    sum.all += all
    sum.busy += all - times.idle
  }
  return sum
}

function cpuShare(before: { busy: number; all: number }): number {
  const after = cpuTimes()
  return Math.round(((after.busy - before.busy) / Math.max(1, after.all - before.all)) * 100)
}
