import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CLEAN, FAULTS } from './faults.ts'
import type { Options } from './options.ts'
import type { run, RunOptions } from './run.ts'
import { SABOTAGES } from './sabotages.ts'
import { SOAK, soak } from './soak.ts'
import type { Fault } from './stage.ts'

export type Step = Pick<RunOptions, 'name' | 'fault' | 'count' | 'patches' | 'sql' | 'clientFaults' | 'scale'> & {
  /** The invariants of which a sabotage must break one; null where nothing may break. */
  expected: readonly string[] | null
  /** More than one round. */
  play?: Parameters<typeof run>[2]
}

/** What a command runs, in order. */
export function planOf({ mode, names, count, scale, soak: seconds }: Options): Step[] {
  const steps = (kind: keyof Fault['counts'], share: number) =>
    Object.entries(FAULTS)
      .filter(([, fault]) => fault.counts[kind] > 0)
      .map(([name, fault]) => honest(name, fault, count ?? fault.counts[kind], scale ?? share))
  if (mode === 'smoke') return steps('smoke', 0.03).filter(({ name }) => SMOKE.includes(name))
  if (mode === 'hour') return steps('hour', 0.05).filter(({ name }) => names.length === 0 || names.includes(name))
  if (mode === 'nightly') return [honest('clean', CLEAN, count ?? CLEAN.counts.nightly, scale ?? 0.3), ...steps('nightly', 0.3)]
  if (mode === 'soak') return [soaking(seconds, scale)]
  if (mode === 'clean') return [honest('clean', CLEAN, count ?? CLEAN.counts.usual, scale ?? 0.1)]
  if (mode === 'prove') return Object.keys(SABOTAGES).map((name) => sabotaged(name, count, scale ?? 0.03))
  if (mode === 'sabotage') return names.map((name) => sabotaged(name, count, scale ?? 0.03))
  if (names.length === 0) throw new Error(`Name a fault (${Object.keys(FAULTS).join(', ')}), or use --smoke, --nightly, --soak 5m, --clean, --prove or --sabotage NAME.`)
  return names.map((name) => {
    if (name === 'F24') return soaking(count ?? SOAK.counts.usual, scale)
    const fault = FAULTS[name]
    if (fault === undefined) throw new Error(`There is no fault ${name}: ${Object.keys(FAULTS).join(', ')}.`)
    return honest(name, fault, count ?? fault.counts.usual, scale ?? 0.1)
  })
}

/** Those that find the most in three minutes. */
const SMOKE = ['F1', 'F4', 'F5', 'F7', 'F9', 'F18', 'F19']
const SOUND = { noDedupe: false, ignoreReset: false }

function honest(name: string, fault: Fault, count: number, scale: number): Step {
  return { name, fault, count, scale, patches: [], sql: undefined, clientFaults: SOUND, expected: null }
}

function soaking(seconds: number, scale: number | null): Step {
  return { ...honest('F24', SOAK, seconds, scale ?? 0.05), play: soak }
}

function sabotaged(name: string, count: number | null, scale: number): Step {
  const sabotage = SABOTAGES[name]
  if (sabotage?.fault === undefined) throw new Error(`There is no sabotage ${name}: ${Object.keys(SABOTAGES).join(', ')}.`)
  const { fault, patches = [], sql, client, breaks } = sabotage
  for (const { file, find } of patches) {
    const path = fileURLToPath(new URL(`../../dist/${file}`, import.meta.url))
    if (!existsSync(path) || !readFileSync(path, 'utf8').includes(find)) throw new Error(`${name}: dist/${file} does not hold the text to sabotage any more: ${find}`)
  }
  return { name, fault, count: count ?? sabotage.count, scale, patches, sql, clientFaults: { ...SOUND, ...client }, expected: breaks }
}
