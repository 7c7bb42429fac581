import { mkdtempSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBacking } from './cluster.ts'
import { CLEAN, FAULTS } from './faults.ts'
import { keepTemporary } from './processes.ts'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'parley-chaos-'))
chmodSync(folder, 0o755)
keepTemporary(folder)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
const backing = await startBacking(folder)
const name = process.argv[2] ?? 'clean'
const fault = name === 'clean' ? CLEAN : FAULTS[name]
if (fault === undefined) throw new Error(name)
const result = await run(backing, { name, fault, count: Number(process.argv[3] ?? 10), seed: 1, scale: 0.05, sabotage: null, clientFaults: { noDedupe: false, ignoreReset: false }, settleMs: 20_000, say: (t) => console.log(t) })
console.log(JSON.stringify(result, null, 1))
writeFileSync('/tmp/chaos-last.json', JSON.stringify(result))
await backing.stop()
process.exit(0)
