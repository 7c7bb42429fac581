import { cpuTimes } from './proc.ts'
import type { Stage } from './stage.ts'

/** What a contender did in its turn. */
export interface Outcome {
  /** How many operations were done, and checked. */
  ops: number
  seconds: number
  /** Of single operations, in milliseconds, where the job asks for them. */
  latencies?: number[]
}

/** A turn: work for so long, and say when what counts begins. */
export interface Turn {
  ms: number
  begin(): void
}

/** Something that is measured in turns with others. */
export interface Contender {
  name: string
  role: 'ours' | 'limit' | 'peer'
  /** The server whose processor time counts, where it has one of its own. */
  pid?: () => number
  /** No turns that are thrown away: it has nothing that grows warm. */
  cold?: boolean
  run(turn: Turn): Promise<Outcome>
}

/** Medians of a contender's turns; CPU in microseconds per operation. */
export interface Row {
  name: string
  role: Contender['role']
  turns: number
  ops: Spread
  server: Spread | null
  postgres: Spread
  client: Spread
  p50: Spread | null
  p99: Spread | null
  /** Operations per second in each turn: ratios are taken turn by turn. */
  rates: number[]
  p50s: number[]
  p99s: number[]
}

export interface Spread {
  median: number
  min: number
  max: number
}

/** Enough for V8 to have compiled what matters, or as long as that may take; less where turns are short. */
const WARM = { ops: 2500, ms: 12_000, turns: 3 }

/**
 * Lets each have its turn, round by round, so that whatever else the machine does meets all of them. Who takes far longer than its turns should
 * has fewer of them.
 */
export async function measure(stage: Stage, what: string, contenders: readonly Contender[]): Promise<Row[]> {
  const { rounds, ms, quick } = stage.options
  for (const contender of contenders) if (contender.cold !== true) await warmUp(contender, quick ? { ops: 100, ms: 300 } : { ops: WARM.ops, ms: Math.min(WARM.ms, ms * WARM.turns) })
  const turns = contenders.map((): Measured[] => [])
  const spent = contenders.map(() => 0)
  for (let round = 1; round <= rounds; round++) {
    for (const [n, contender] of contenders.entries()) {
      if ((spent[n] ?? 0) > rounds * ms * 3) continue
      const began = performance.now()
      const turn = await takeTurn(stage, contender, ms)
      spent[n] = (spent[n] ?? 0) + performance.now() - began
      turns[n]?.push(turn)
      stage.say(`${what}, round ${round} of ${rounds}: ${contender.name} ${Math.round(turn.ops / turn.seconds).toLocaleString('en')}/s`)
    }
  }
  return contenders.map((contender, n) => rowOf(contender, turns[n] ?? []))
}

async function warmUp(contender: Contender, enough: { ops: number; ms: number }): Promise<void> {
  const began = performance.now()
  let ops = 0
  while (ops < enough.ops && performance.now() - began < enough.ms) {
    ops += (await contender.run({ ms: Math.min(2000, enough.ms), begin: () => undefined })).ops
  }
}

type Measured = Outcome & { server: number | null; postgres: number; client: number }

async function takeTurn(stage: Stage, contender: Contender, ms: number): Promise<Measured> {
  const pid = contender.pid?.() ?? null
  const read = () => cpuTimes(pid, stage.postgresPid())
  let before = read()
  const outcome = await contender.run({ ms, begin: () => { before = read() } })
  const after = read()
  if (outcome.ops === 0) throw new Error(`${contender.name} did nothing at all`)
  const each = (kind: 'server' | 'postgres' | 'client') => (after[kind] - before[kind]) / outcome.ops
  return { ...outcome, server: pid === null ? null : each('server'), postgres: each('postgres'), client: each('client') }
}

function rowOf({ name, role }: Contender, turns: readonly Measured[]): Row {
  const server = turns.flatMap((turn) => turn.server ?? [])
  const timed = turns.flatMap(({ latencies }) => (latencies === undefined ? [] : [latencies.sort((a, b) => a - b)]))
  const part = (share: number) => timed.map((list) => list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0)
  const rates = turns.map(({ ops, seconds }) => ops / seconds)
  return {
    name, role, rates,
    turns: turns.length,
    ops: spreadOf(rates),
    server: server.length === 0 ? null : spreadOf(server),
    postgres: spreadOf(turns.map((turn) => turn.postgres)),
    client: spreadOf(turns.map((turn) => turn.client)),
    p50: timed.length === 0 ? null : spreadOf(part(0.5)),
    p99: timed.length === 0 ? null : spreadOf(part(0.99)),
    p50s: part(0.5),
    p99s: part(0.99),
  }
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
  return { median: median ?? NaN, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN }
}

/** Round by round, a figure of one against that of the other. */
export function ratioOf(ours: Row | undefined, other: Row | undefined, of: (row: Row) => number[] = (row) => row.rates): Spread | null {
  if (ours === undefined || other === undefined) return null
  const theirs = of(other)
  const ratios = of(ours).flatMap((value, n) => (theirs[n] === undefined ? [] : [value / theirs[n]]))
  return ratios.length === 0 ? null : spreadOf(ratios)
}
