import { now, readJournals } from './journal.ts'
import { pause, until } from './processes.ts'
import { untilAcked } from './scenarios.ts'
import type { Fault, Stage } from './stage.ts'

/** What a client may see while the database takes nothing: the answer that says so, or none. */
const RETRYABLE = ['UNAVAILABLE', 'timeout', 'lost']

/** F12. */
export const DISK_FULL: Fault = {
  what: 'the disk of PostgreSQL is full, for its tables or for its log as well, and has room again',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'],
  figures: 'no acknowledged message lost; every failure is retryable; servers stay up; sends go on within 5 s of the room',
  counts: { smoke: 0, usual: 2, hour: 4, nightly: 6 },
  onDisk: true,
  async run(stage) {
    for (let n = 0; n < stage.count; n++) await fillOnce(stage, n % 2 === 1)
  },
}

async function fillOnce(stage: Stage, log: boolean): Promise<void> {
  const { backing, clients, cluster, disk, figure, miss, note } = stage
  await pause(3000)
  const pids = cluster.nodes.map((node) => node.pid())
  const [began, failed] = [now(), clients.counts().failed]
  disk?.fill()
  note(`the disk is full${log ? ', and a new file is due for the log' : ''}`)
  // It reuses some files of its log, and ends itself where it needs a new one and has no room.
  for (let n = 0; log && n < 20; n++) {
    const went = await cluster.sql`select pg_logical_emit_message(true, 'chaos', 'a record'), pg_switch_wal()`.then(() => true, () => false)
    if (!went) break
  }
  await until('a send that fails', () => clients.counts().failed > failed, 60_000)
  await pause(8000)
  const [full, acked] = [now(), clients.counts().acked]
  const stood = backing.postgres.running()
  disk?.free()
  note(`there is room again${stood ? '' : '; PostgreSQL has ended itself, and is started'}`)
  if (!stood) {
    await backing.postgres.restart('fast')
    await cluster.databaseMoved()
  }
  await untilAcked(stage, 'sends again after ms')
  if (clients.counts().acked === acked) miss('nothing was acknowledged within a minute after there was room again')
  cluster.nodes.forEach((node, index) => {
    if (!node.running() || node.pid() !== pids[index]) miss(`${node.name} has ended`)
  })
  const answers = readJournals(clients.journals).flatMap((entry) => (entry.k === 'failed' && entry.t >= began && entry.t <= full ? [entry.why] : []))
  figure('failed tries while full', answers.length)
  figure('of them answered as UNAVAILABLE', answers.filter((why) => why === 'UNAVAILABLE').length)
  for (const why of new Set(answers)) if (!RETRYABLE.includes(why)) miss(`${answers.filter((one) => one === why).length} tries were answered with ${why}`)
  await pause(3000)
}
