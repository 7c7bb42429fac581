import { parseArgs } from 'node:util'

/** The jobs, in the order in which they run. `growth` adds data of its own, and whose documents were refused in a `flood` has no new ones read for a minute: so these come last. */
export const JOBS = ['send', 'hot', 'low', 'fanout', 'history', 'connect', 'memory', 'resume', 'upload', 'growth', 'flood'] as const
export type JobName = (typeof JOBS)[number]

export interface Options {
  jobs: JobName[]
  /** All of them small, so that they are done in about a minute: says whether they work, and little about how fast. */
  quick: boolean
  /** Also measures other people's servers. */
  peers: boolean
  /** How often each contender has its turn. */
  rounds: number
  /** Length of a turn. */
  ms: number
  /** Length of the longest chat. */
  messages: number
  /** Name of the result's file; null: the date. */
  name: string | null
  /** Writes the results into docs/performance.md. */
  docs: boolean
  /** Sizes of the groups of `fanout`; null: all that have a target. */
  sizes: number[] | null
  /** Where our server leaves a processor profile when it ends (for Chrome's developer tools); null: nowhere. It costs some speed. */
  profile: string | null
}

const HELP = `npm run bench -- [JOB...] [--quick] [--peers] [--rounds N] [--seconds S] [--messages N] [--name NAME] [--docs]
                   [--sizes N,N] [--profile FOLDER]
Jobs: ${JOBS.join(', ')}; all of them where none is named. See docs/performance.md.`

/** Reads the command line. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      messages: { type: 'string' },
      name: { type: 'string' },
      docs: { type: 'boolean', default: false },
      sizes: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !(JOBS as readonly string[]).includes(name))
  if (values.help || unknown.length > 0) {
    if (unknown.length > 0) console.error(`No such job: ${unknown.join(', ')}.`)
    console.error(HELP)
    process.exit(values.help ? 0 : 2)
  }
  const { quick } = values
  return {
    jobs: JOBS.filter((name) => positionals.length === 0 || positionals.includes(name)),
    quick,
    peers: values.peers,
    rounds: Number(values.rounds ?? (quick ? 1 : 5)),
    ms: Number(values.seconds ?? (quick ? 0.6 : 5)) * 1000,
    messages: Number(values.messages ?? (quick ? 20_000 : 1_000_000)),
    name: values.name ?? null,
    docs: values.docs && !quick,
    sizes: values.sizes?.split(',').map(Number) ?? null,
    profile: values.profile ?? null,
  }
}
