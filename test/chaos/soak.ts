import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Backing, Cluster } from './cluster.ts'
import { FAULTS } from './faults.ts'
import type { Figures, Spread } from './figures.ts'
import { pause } from './processes.ts'
import { playRound } from './round.ts'
import type { Round, RoundOptions } from './round.ts'
import type { Fault, Stage } from './stage.ts'
import { holdingsOf, leaksOf, watchMemory } from './watch.ts'

// F24: one fault after the other on the same servers, for hours.

/** How often each happens at a time, and about how many seconds that takes. */
export const MIX: Record<string, { count: number; seconds: number; kills?: true }> = {
  F1: { count: 3, seconds: 20, kills: true },
  F2: { count: 1, seconds: 23 },
  F3: { count: 1, seconds: 30, kills: true },
  F4: { count: 3, seconds: 12 },
  F5: { count: 1, seconds: 12 },
  F6: { count: 1, seconds: 20 },
  F7: { count: 2, seconds: 16 },
  F8: { count: 1, seconds: 22 },
  F9: { count: 4, seconds: 8 },
  F10: { count: 2, seconds: 40 },
  F11: { count: 3, seconds: 20 },
  F13: { count: 1, seconds: 110 },
  F14: { count: 3, seconds: 8 },
  F16: { count: 2, seconds: 9 },
  F17: { count: 1, seconds: 18 },
  F18: { count: 50, seconds: 5 },
  F19: { count: 8, seconds: 20 },
}

const CALM_MS = 5000
/** What the checker reads must fit into memory: so long at most, then the people are held against the database, and others come. */
const ROUND_S = 300
/** From this length on the memory's slope means something. */
const LONG_S = 2 * 3600
const MB_PER_HOUR = 1

/** `count` is the length in seconds. */
export const SOAK: Fault = {
  what: 'the faults above in random order with calm between them, for hours, on the same servers; one of them is never killed',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10'],
  figures: 'memory +1 MB an hour at most; connections, subscriptions, sockets and timers are gone with the clients',
  counts: { smoke: 0, usual: 300, hour: 0, nightly: 0 },
  run: () => Promise.resolve(),
}

export async function soak(backing: Backing, cluster: Cluster, options: RoundOptions): Promise<Round> {
  const { count: seconds, folder, note } = options
  const end = performance.now() + seconds * 1000
  const left = () => (end - performance.now()) / 1000
  const before = await Promise.all(cluster.nodes.map(holdingsOf))
  const memory = watchMemory(cluster.nodes)
  // Two at least, so that what one leaves behind is there in the next.
  const each = Math.min(ROUND_S, seconds / 2)
  const deck: string[] = []
  const rounds: Round[] = []
  try {
    while (rounds.length === 0 || left() > each / 2) {
      const n = rounds.length + 1
      const own = join(folder, `round${n}`)
      mkdirSync(own, { mode: 0o755 })
      note(`round ${n}`)
      const fault = { ...SOAK, run: (stage: Stage) => mixed(stage, deck, Math.min(each, left())) }
      const round = await playRound(backing, cluster, { ...options, fault, folder: own, prefix: `r${n}x`, seed: options.seed + n, note })
      const leaks = await leaksOf(cluster, before, (name, value) => {
        round.figures.more[name] = Math.max(value, round.figures.more[name] ?? -Infinity)
      })
      note(`memory at rest: ${(await memory.rest()).map(({ mb, heapMb }) => `${mb.toFixed(1)} MB, ${heapMb.toFixed(1)} of objects`).join('; ')}`)
      for (const leak of leaks) note(`MISSED: ${leak}`)
      rounds.push({ ...round, missed: [...round.missed, ...leaks] })
    }
  } finally {
    memory.stop()
  }
  const sum = rounds.reduce(both)
  for (const { name, all, atRest } of memory.slopes()) {
    sum.figures.more[`memory of ${name}, MB/h`] = Math.round(all * 10) / 10
    sum.figures.more[`memory of ${name} at rest, MB/h`] = Math.round(atRest * 10) / 10
  }
  const [steady] = memory.slopes()
  if (seconds >= LONG_S && steady !== undefined && steady.atRest > MB_PER_HOUR) sum.missed.push(`the memory of ${steady.name} at rest grew by ${steady.atRest.toFixed(1)} MB an hour`)
  return sum
}

/** Faults for so long; the deck is shuffled anew once each has had its turn. */
async function mixed(stage: Stage, deck: string[], seconds: number): Promise<void> {
  const { clients, cluster, random, world } = stage
  const end = performance.now() + seconds * 1000
  // What is too long for a whole round never has its turn.
  const possible = Object.keys(MIX).filter((name) => (MIX[name]?.seconds ?? 0) < seconds - CALM_MS / 1000)
  const everybody = world.devices.map((_, d) => d)
  for (;;) {
    await pause(CALM_MS)
    if (!deck.some((name) => possible.includes(name))) deck.push(...possible)
    const left = (end - performance.now()) / 1000
    const fits = (name: string) => (MIX[name]?.seconds ?? Infinity) < left
    const name = random.pick(deck.filter(fits))
    const [fault, turn] = [FAULTS[name ?? ''], MIX[name ?? '']]
    if (name === undefined || fault === undefined || turn === undefined) return
    deck.splice(deck.indexOf(name), 1)
    stage.note(`${name}: ${fault.what}`)
    const mix = { ...stage.mix, ...fault.mix }
    await clients.all({ do: 'load', mix })
    await fault.run({ ...stage, mix, count: turn.count, cluster: turn.kills === true ? sparing(cluster) : cluster })
    await clients.all({ do: 'reconnects', everyMs: null })
    await clients.all({ do: 'offline', devices: everybody, offline: false })
    await clients.all({ do: 'load', mix: stage.mix })
    await cluster.heal()
    stage.redisIs(false)
  }
}

/** The first server goes on all the while, so that its memory can be watched. */
function sparing(cluster: Cluster): Cluster {
  return Object.create(cluster, { nodes: { value: cluster.nodes.slice(1) } }) as Cluster
}

function both(a: Round, b: Round): Round {
  const violations = { ...a.violations }
  for (const [name, count] of Object.entries(b.violations) as [keyof typeof violations, number][]) violations[name] = (violations[name] ?? 0) + count
  return {
    figures: { ...bothFigures(a.figures, b.figures), more: greatest(a.figures.more, b.figures.more) },
    violations,
    missed: [...a.missed, ...b.missed],
    repeats: a.repeats + b.repeats,
    counterexample: a.counterexample.length > 0 ? a.counterexample : b.counterexample,
    cpu: Math.max(a.cpu, b.cpu),
  }
}

function bothFigures(a: Figures, b: Figures): Figures {
  const failed = { ...a.failed }
  for (const [why, count] of Object.entries(b.failed)) failed[why] = (failed[why] ?? 0) + count
  // Of the rounds the slowest one: their times are not kept.
  const slowest = (x: Spread, y: Spread): Spread => ({ p50: Math.max(x.p50, y.p50), p99: Math.max(x.p99, y.p99), max: Math.max(x.max, y.max) })
  return {
    sends: a.sends + b.sends,
    deliveries: a.deliveries + b.deliveries,
    sendMs: slowest(a.sendMs, b.sendMs),
    deliveryMs: slowest(a.deliveryMs, b.deliveryMs),
    resumeMs: slowest(a.resumeMs, b.resumeMs),
    failed,
  }
}

function greatest(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const all = { ...a }
  for (const [name, value] of Object.entries(b)) all[name] = Math.max(value, all[name] ?? -Infinity)
  return all
}
