import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { startCluster } from './cluster.ts'
import type { Backing, Cluster } from './cluster.ts'
import type { ClientFaults } from './device.ts'
import { onDisk } from './disk.ts'
import { now } from './journal.ts'
import { randomOf } from './random.ts'
import { playRound } from './round.ts'
import type { Round, RoundOptions } from './round.ts'
import type { Fault } from './stage.ts'

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

export interface Result extends Round {
  fault: string
  what: string
  count: number
  seed: number
  scale: number
  log: string[]
  seconds: number
}

let runs = 0

/** One fault against a cluster and a world of its own, under load; then what the clients saw is checked. `play` may do several rounds on the cluster. */
export async function run(
  backing: Backing,
  options: RunOptions,
  play: (backing: Backing, cluster: Cluster, options: RoundOptions) => Promise<Round> = playRound,
): Promise<Result> {
  const { name, fault, count, seed, scale, say } = options
  const began = now()
  const folder = join(backing.folder, `run${(runs += 1)}`)
  mkdirSync(folder, { mode: 0o755 })
  const log: string[] = []
  const note = (text: string) => {
    log.push(`${((now() - began) / 1000).toFixed(2)} s  ${text}`)
    say(text)
  }
  say('starting')
  const own = fault.onDisk === true ? await onDisk(backing) : null
  try {
    const on = own?.backing ?? backing
    const cluster = await startCluster(on, { folder, database: `chaos_${runs}`, patches: options.patches, random: randomOf(seed, `${name}, lines`).next })
    try {
      const round = await play(on, cluster, { ...options, folder, note, prefix: '', disk: own?.disk ?? null })
      return { fault: name, what: fault.what, count, seed, scale, ...round, log, seconds: Math.round((now() - began) / 1000) }
    } finally {
      await cluster.close()
    }
  } finally {
    await own?.stop()
  }
}
