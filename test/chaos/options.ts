import { parseArgs } from 'node:util'

export type Mode = 'smoke' | 'hour' | 'nightly' | 'soak' | 'clean' | 'prove' | 'sabotage' | 'single'

export interface Options {
  mode: Mode
  /** Names of faults, or of a sabotage. */
  names: string[]
  count: number | null
  /** How long a soak takes, in seconds. */
  soak: number
  seed: number
  /** All of it so many times, each with the next seed. */
  times: number
  scale: number | null
  /** So long clients may take to be complete once all is well again. */
  settleMs: number
  out: string | null
  /** Leaves journals and logs where they are. */
  keep: boolean
}

/** Reads the command line of `npm run chaos`. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      smoke: { type: 'boolean' },
      hour: { type: 'boolean' },
      nightly: { type: 'boolean' },
      soak: { type: 'string' },
      clean: { type: 'boolean' },
      prove: { type: 'boolean' },
      sabotage: { type: 'string' },
      count: { type: 'string' },
      seed: { type: 'string' },
      times: { type: 'string', default: '1' },
      scale: { type: 'string' },
      settle: { type: 'string', default: '30' },
      out: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  const number = (text: string | undefined) => (text === undefined ? null : Number(text))
  const mode: Mode = values.smoke ? 'smoke' : values.hour ? 'hour' : values.nightly ? 'nightly' : values.soak !== undefined ? 'soak' : values.clean ? 'clean' : values.prove ? 'prove' : values.sabotage !== undefined ? 'sabotage' : 'single'
  return {
    mode,
    names: values.sabotage !== undefined ? [values.sabotage, ...positionals] : positionals,
    count: number(values.count),
    soak: values.soak === undefined ? 0 : secondsOf(values.soak),
    seed: number(values.seed) ?? Math.floor(Math.random() * 1_000_000),
    times: Number(values.times),
    scale: number(values.scale),
    settleMs: Number(values.settle) * 1000,
    out: values.out ?? null,
    keep: values.keep,
  }
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 }

/** `90s`, `5m`, `12h`. */
function secondsOf(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  if (amount === undefined) throw new Error(`--soak takes a length such as 90s, 5m or 12h, not ${text}.`)
  return Math.round(Number(amount) * (SECONDS[unit] ?? 1))
}
