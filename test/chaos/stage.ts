import type { Clients } from './clients.ts'
import type { Backing, Cluster } from './cluster.ts'
import type { Mix } from './load.ts'
import type { Random } from './random.ts'
import type { Invariant } from './check/types.ts'
import type { World, WorldSize } from './world.ts'

/** A small file system that PostgreSQL's data stand on. */
export interface Disk {
  /** Takes all space that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
}

/** Where a fault happens. */
export interface Stage {
  backing: Backing
  cluster: Cluster
  clients: Clients
  world: World
  random: Random
  /** How often the fault is to happen. */
  count: number
  mix: Mix
  /** Writes a line of the fault log. */
  note(text: string): void
  /** The disk of PostgreSQL, where the fault wants a small one. */
  disk: Disk | null
  /** Redis is away from now on, or is back. */
  redisIs(away: boolean): void
  /** From now on a standby serves that may lack the newest; of each chat it has the events up to a number. */
  tookOver(kept: ReadonlyMap<number, number>): void
  /** Something that the journals do not show was not as promised. */
  fail(invariant: Invariant, text: string): void
  /** Something had to hold besides the promises, and did not. */
  miss(text: string): void
  /** Whatever a fault has measured besides. */
  figure(name: string, value: number): void
}

export interface Fault {
  what: string
  invariants: readonly Invariant[]
  /** The figures that it is judged by, in words. */
  figures: string
  /** How often it happens in a smoke test, by default, in the hour of all of them, and at night. */
  counts: { smoke: number; usual: number; hour: number; nightly: number }
  mix?: Partial<Mix>
  size?: Partial<WorldSize>
  /** PostgreSQL stands on a small disk of its own. */
  onDisk?: boolean
  run(stage: Stage): Promise<void>
}
