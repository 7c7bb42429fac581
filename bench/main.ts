import { connect } from './jobs/connect.ts'
import { fanout } from './jobs/fanout.ts'
import { flood } from './jobs/flood.ts'
import { growth } from './jobs/growth.ts'
import { history } from './jobs/history.ts'
import { low } from './jobs/low.ts'
import { memory } from './jobs/memory.ts'
import { resume } from './jobs/resume.ts'
import { hot, send } from './jobs/send.ts'
import { upload } from './jobs/upload.ts'
import { writeDocs } from './lib/docs.ts'
import type { Job, Result } from './lib/job.ts'
import { readOptions } from './lib/options.ts'
import type { JobName } from './lib/options.ts'
import { findPgbench } from './lib/pgbench.ts'
import { describeMachine, keep, machineLine, tableOf } from './lib/report.ts'
import { openStage } from './lib/stage.ts'
import type { Stage } from './lib/stage.ts'
import { checkPeers } from './peers/peers.ts'
import { using } from '../test/chaos/postgres.ts'

// What Parley does in a second, held against what the machine allows. docs/performance.md says what each job is, and how it is measured.

const RUN: Record<JobName, Job> = { send, hot, low, fanout, history, connect, memory, resume, upload, growth, flood }

const options = readOptions(process.argv.slice(2))
const began = Date.now()
const say = (text: string) => { console.error(`${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s  ${text}`) }
// An interrupted run leaves nothing behind: whatever it has started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const pgbench = findPgbench()
if (pgbench === null) say('pgbench is not installed, so its limits are left out; on Debian it comes with the package postgresql.')
if (options.peers) checkPeers(say)
const stage = await openStage(options, say)
const results = new Map<JobName, Result>()
try {
  const machine = describeMachine(await versionOf(stage), pgbench)
  console.log(machineLine(machine))
  let file: string | null = null
  for (const name of options.jobs) {
    try {
      const result = await RUN[name](stage)
      results.set(name, result)
      console.log(tableOf(name, result))
      // After each, so that what was measured for an hour is not lost with the last of them.
      if (!options.quick) file = keep(machine, options, new Date(began), results)
    } catch (error) {
      console.error(`${name} failed:`, error)
      process.exitCode = 1
    }
  }
  if (file !== null && options.docs) writeDocs(file)
  if (file !== null) console.log(`\nKept in ${file}, with a picture of each job beside it.`)
} finally {
  await stage.close()
}
say('Done.')

function versionOf({ databaseUrl }: Stage): Promise<string> {
  return using(databaseUrl('postgres'), async (sql) => {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
    return row?.version ?? 'unknown'
  })
}
