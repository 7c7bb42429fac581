import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chart } from './chart.ts'
import type { Result } from './job.ts'
import type { JobName, Options } from './options.ts'
import type { Spread } from './rounds.ts'
import { targetOf, verdict } from './targets.ts'

const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

/** Where and with what it was measured. */
export interface Machine {
  cores: number
  processor: string
  memoryGiB: number
  node: string
  postgres: string
  pgbench: string | null
  commit: string | null
}

export function describeMachine(postgres: string, pgbench: string | null): Machine {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgres,
    pgbench: pgbench === null ? null : output(pgbench, ['--version']),
    commit: output('git', ['rev-parse', '--short', 'HEAD']),
  }
}

function output(command: string, args: string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

export const machineLine = ({ cores, processor, memoryGiB, node, postgres, commit }: Machine) =>
  `${cores} cores (${processor}), ${memoryGiB} GiB, Node.js ${node}, PostgreSQL ${postgres}, commit ${commit ?? 'unknown'}`

/** A job's table and its figures, as text. */
export function tableOf(name: JobName, { rows, unit, figures, notes }: Result): string {
  const timed = rows.some(({ p50 }) => p50 !== null)
  const head = [`${unit}/s`, 'min-max', 'server us', 'postgres us', 'client us', ...(timed ? ['p50 ms', 'p99 ms'] : []), 'turns']
  const cells = rows.map((row) => [
    whole(row.ops.median), `${whole(row.ops.min)}-${whole(row.ops.max)}`, row.server === null ? '' : fine(row.server.median), fine(row.postgres.median), fine(row.client.median),
    ...(timed ? [latency(row.p50), latency(row.p99)] : []), String(row.turns),
  ])
  const lines = rows.length === 0 ? [] : aligned([[name, ...head], ...rows.map((row, n) => [row.name, ...(cells[n] ?? [])])])
  const ratios = figures.map(({ name: of, value }) => {
    const spread = value.min === value.max ? '' : ` (${ratio(value.min)}-${ratio(value.max)})`
    return [of, `${ratio(value.median)}${spread}`, verdict(of, value.median)]
  })
  return ['', ...lines, '', ...aligned(ratios, true), ...notes].join('\n')
}

const whole = (value: number) => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))
const fine = (value: number) => (value < 100 ? value.toFixed(1) : whole(value))
const ratio = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1))
const latency = (spread: Spread | null) => (spread === null ? '' : `${spread.median.toFixed(2)}`)

/** In columns: the first to the left, the others to the right, or all to the left. */
function aligned(lines: readonly string[][], left = false): string[] {
  const widths: number[] = []
  for (const line of lines) for (const [n, cell] of line.entries()) widths[n] = Math.max(widths[n] ?? 0, cell.length)
  return lines.map((line) => line.map((cell, n) => (n === 0 || left ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join('  ').trimEnd())
}

/** Keeps the results as JSON with a picture of each job; answers the name of the file. */
export function keep(machine: Machine, options: Options, date: Date, results: ReadonlyMap<JobName, Result>): string {
  mkdirSync(RESULTS, { recursive: true })
  const name = options.name ?? date.toISOString().slice(0, 16).replace('T', '-').replace(':', '')
  const file = join(RESULTS, `${name}.json`)
  const jobs = Object.fromEntries([...results].map(([job, result]) => [job, { ...result, figures: result.figures.map((figure) => ({ ...figure, ...targetOf(figure.name) })) }]))
  // A run of some jobs joins what the file has of the others.
  const earlier = options.name === null ? {} : jobsOf(file)
  writeFileSync(file, `${JSON.stringify({ date: date.toISOString(), machine, options, jobs: { ...earlier, ...jobs } }, null, 2)}\n`)
  for (const [job, { rows, unit, picture }] of results) {
    const { unit: of, bars } = picture ?? { unit: `${unit} per second`, bars: rows.map(({ name: label, role, ops: value }) => ({ label, role, value })) }
    if (bars.length > 0) writeFileSync(join(RESULTS, `${job}.svg`), chart(TITLES[job], of, bars))
  }
  return file
}

function jobsOf(file: string): object {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { jobs: object }).jobs
  } catch {
    return {}
  }
}

const TITLES: Record<JobName, string> = {
  send: 'Sending, 64 in flight over 1,000 chats',
  hot: 'Sending, 64 in flight into one chat',
  low: 'Sending, 50 a second',
  fanout: 'Messages delivered to the members of a group',
  history: 'Pages of 50 from a long history',
  connect: 'Connecting, until the first batch of events',
  memory: 'Memory of a connection with its stream of events',
  resume: 'Coming back with 20 messages missed',
  flood: 'One send beside 200 refused documents a second',
  upload: 'Files to the disk and from it, 4 at once',
  growth: 'What it costs with more of everything',
}
