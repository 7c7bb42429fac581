import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBacking } from './cluster.ts'
import { againOnDisk, hasDisk } from './disk.ts'
import { readOptions } from './options.ts'
import { planOf } from './plan.ts'
import { keepTemporary } from './processes.ts'
import { lineOf, tableOf } from './report.ts'
import { run } from './run.ts'
import type { Result } from './run.ts'

// npm run chaos: see docs/reliability.md.

const options = readOptions(process.argv.slice(2))
const steps = planOf(options)
if (steps.some(({ fault }) => fault.onDisk) && !hasDisk()) {
  const code = await againOnDisk()
  if (code !== null) process.exit(code)
  console.log('Nobody can mount a small disk here (unshare --mount --map-root-user): what needs one is left out.')
}
const folder = mkdtempSync(join(tmpdir(), 'parley-chaos-'))
// PostgreSQL runs as somebody else where we are root.
chmodSync(folder, 0o755)
if (!options.keep) keepTemporary(folder)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

const plan = Array.from({ length: options.times }, (_, turn) => steps.filter(({ fault }) => fault.onDisk !== true || hasDisk()).map((step) => ({ ...step, seed: options.seed + turn }))).flat()
console.log(`seed ${options.seed}, scale ${options.scale}, ${plan.length} runs${options.keep ? `, journals in ${folder}` : ''}`)
const began = performance.now()
const backing = await startBacking(folder)
const results: (Result & { expected: readonly string[] | null; caught: boolean })[] = []
for (const step of plan) {
  const label = `${step.name} x${step.count}`
  const say = (text: string) => {
    console.log(`${String(Math.round((performance.now() - began) / 1000)).padStart(5)} s  ${label}  ${text}`)
  }
  const result = await run(backing, { ...step, settleMs: options.settleMs, say }, step.play)
  const caught = step.expected !== null && step.expected.some((name) => name in result.violations)
  results.push({ ...result, expected: step.expected, caught })
  say(lineOf(result))
  for (const line of [...result.missed, ...result.counterexample]) console.log(`        ${line}`)
}
await backing.stop()

console.log(`\n${tableOf(results)}\n`)
if (options.out !== null) writeFileSync(options.out, `${JSON.stringify({ at: new Date().toISOString(), seed: options.seed, scale: options.scale, results }, null, 2)}\n`)
// What is sabotaged must be caught, all else must keep its promises.
if (plan.length === 0) process.exit(1)
const bad = results.filter(({ expected, caught, violations, missed }) => (expected === null ? Object.keys(violations).length > 0 || missed.length > 0 : !caught))
for (const { fault, expected, missed, seed } of bad) console.log(expected === null ? `${fault}: ${missed.length > 0 ? missed.join('; ') : 'a promise was broken'}; again with --seed ${seed}` : `${fault} was not caught: none of ${expected.join(', ')} was found broken`)
process.exit(bad.length > 0 ? 1 : 0)
