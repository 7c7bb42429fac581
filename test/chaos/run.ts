import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { check, counterexample } from './check/index.ts'
import type { Verdict } from './check/index.ts'
import type { History, Takeover, Violation } from './check/types.ts'
import { startClients } from './clients.ts'
import { startCluster } from './cluster.ts'
import type { Backing } from './cluster.ts'
import type { ClientFaults } from './device.ts'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import { now, readJournals } from './journal.ts'
import { STANDARD } from './load.ts'
import { randomOf } from './random.ts'
import type { Fault, Stage } from './stage.ts'
import { readTruth } from './truth.ts'
import { makeWorld } from './world.ts'

export interface RunOptions {
  name: string
  fault: Fault
  count: number
  seed: number
  /** 1 is the standard load: 1,000 connections, 500 chats, 200 sends a second. */
  scale: number
  /** What is built into the servers, see sabotages.ts. */
  patches: readonly object[]
  clientFaults: ClientFaults
  /** Done to the database once the world stands. */
  sql: ((sql: Sql) => Promise<void>) | undefined
  settleMs: number
  say(text: string): void
}

export interface Result {
  fault: string
  what: string
  count: number
  seed: number
  scale: number
  figures: Figures & { more: Record<string, number> }
  violations: Verdict['byInvariant']
  repeats: number
  counterexample: string[]
  log: string[]
  /** How busy the machine was meanwhile, in percent: beyond 85 the figures are those of a machine that is too small. */
  cpu: number
  seconds: number
}

let runs = 0

/** One fault against a cluster and a world of its own, under load; then what the clients saw is checked. */
export async function run(backing: Backing, options: RunOptions): Promise<Result> {
  const { fault, seed, scale, say } = options
  const began = now()
  const random = randomOf(seed, options.name)
  const folder = join(backing.folder, `run${(runs += 1)}`)
  mkdirSync(folder, { mode: 0o755 })
  const log: string[] = []
  const note = (text: string) => {
    log.push(`${((now() - began) / 1000).toFixed(2)} s  ${text}`)
    say(text)
  }
  say('starting')
  const cluster = await startCluster(backing, { folder, database: `chaos_${runs}`, patches: options.patches, random: random.next })
  try {
    const devices = Math.max(12, Math.round(1000 * scale))
    const size = { users: Math.ceil(devices * 0.8), devices, chats: Math.max(6, Math.round(500 * scale)), largest: 256, ...fault.size }
    const world = await makeWorld(cluster.sql, `http://127.0.0.1:${cluster.balancer.port}`, size, random)
    await options.sql?.(cluster.sql)
    const worldFile = join(folder, 'world.json')
    writeFileSync(worldFile, JSON.stringify(world))
    const clients = await startClients({ folder, worldFile, world, url: `ws://127.0.0.1:${cluster.balancer.port}/graphql`, seed, faults: options.clientFaults })
    try {
      const redisAway: [number, number][] = []
      const takeovers: Takeover[] = []
      const more: Record<string, number> = {}
      const told: Violation[] = []
      const mix = { ...STANDARD, perSecond: Math.max(4, 200 * scale), ...fault.mix }
      const progress = setInterval(() => {
        const { connected, acked, waiting } = clients.counts()
        say(`${connected} connected, ${acked} done, ${waiting} waiting`)
      }, 2000)
      const stage: Stage = {
        backing, cluster, clients, world, random, mix, note,
        count: options.count,
        redisIs: (away) => {
          if (away) redisAway.push([now(), Infinity])
          else for (const span of redisAway) span[1] = Math.min(span[1], now())
        },
        tookOver: (kept) => takeovers.push({ at: now(), kept }),
        fail: (invariant, text) => told.push({ invariant, text, t: now() }),
        figure: (name, value) => {
          more[name] = Math.round(Math.max(value, more[name] ?? 0) * 10) / 10
        },
      }
      const busy = cpuTimes()
      await clients.all({ do: 'load', mix })
      await fault.run(stage)
      const cpu = cpuShare(busy)
      await cluster.heal()
      stage.redisIs(false)
      await clients.all({ do: 'quiet', ms: options.settleMs })
      await clients.all({ do: 'settle', ms: options.settleMs })
      clearInterval(progress)
      const entries = readJournals(clients.journals)
      const history: History = { devices: world.devices, entries, truth: await readTruth(cluster.sql), redisAway, takeovers }
      const verdict = check(history, told)
      if (takeovers.length > 0) stage.figure('acknowledged and lost', verdict.ackedLost)
      return {
        fault: options.name, what: fault.what, count: options.count, seed, scale,
        figures: { ...figuresOf(entries), more },
        violations: verdict.byInvariant,
        repeats: verdict.repeats,
        counterexample: counterexample(history, verdict),
        log, cpu,
        seconds: Math.round((now() - began) / 1000),
      }
    } finally {
      clients.close()
    }
  } finally {
    await cluster.close()
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
