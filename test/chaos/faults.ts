import { pause } from './processes.ts'
import type { Fault } from './stage.ts'

export const CLEAN: Fault = {
  what: 'no fault at all',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'],
  figures: 'delivery p99',
  counts: { smoke: 10, usual: 60, nightly: 600 },
  run: async ({ count }) => pause(count * 1000),
}

export const FAULTS: Record<string, Fault> = {
  F1: {
    what: 'kill -9 of a random server every 5 s, started again',
    invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
    figures: 'resume p99 <= 3 s; no acknowledged message lost',
    counts: { smoke: 3, usual: 10, nightly: 100 },
    async run({ cluster, random, count, note }) {
      for (let n = 0; n < count; n++) {
        await pause(2500)
        const node = random.pick(cluster.nodes)
        note(`kill -9 ${node?.name}`)
        await node?.end('SIGKILL')
        await pause(500)
        await node?.start()
        await pause(2000)
      }
    },
  },
}
