import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClientFaults } from './device.ts'
import { adopt } from './processes.ts'
import type { Order, Report } from './worker.ts'
import type { World } from './world.ts'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
/** So many devices live well in one process. */
const PER_PROCESS = 300

/** The load clients, in as many processes as they need. */
export interface Clients {
  journals: string[]
  /** Tells all processes, and waits until all have done it. */
  all(order: Order): Promise<void>
  /** Load is shared among the processes by their devices. */
  counts(): { waiting: number; acked: number; failed: number; connected: number }
  shares: number[]
  close(): void
}

export async function startClients(options: { folder: string; worldFile: string; world: World; url: string; seed: number; faults: ClientFaults }): Promise<Clients> {
  const { world, folder, worldFile, url, seed, faults } = options
  const processes = Math.min(4, Math.ceil(world.devices.length / PER_PROCESS))
  // All devices of a user are in one process.
  const devices = Array.from({ length: processes }, () => [] as number[])
  world.devices.forEach((userId, d) => devices[world.users.findIndex(({ id }) => id === userId) % processes]?.push(d))
  const latest = devices.map(() => ({ waiting: 0, acked: 0, failed: 0, connected: 0 }))
  const workers = devices.map((list, index) => {
    const child = fork(WORKER, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true })
    adopt(child)
    const done = new Map<string, () => void>()
    let fail: (error: Error) => void = () => undefined
    const broken = new Promise<never>((_resolve, reject) => (fail = reject))
    broken.catch(() => undefined)
    child.on('exit', (code) => {
      fail(new Error(`a load process ended with ${code}`))
    })
    child.on('message', (report: Report) => {
      if ('counts' in report) latest[index] = report.counts
      else done.get(report.done)?.()
    })
    const tell = (order: Order) => {
      const finished = new Promise<void>((resolve) => done.set(order.do, resolve))
      child.send(order)
      return Promise.race([finished, broken])
    }
    return { child, list, journal: join(folder, `clients-${index}.jsonl`), tell }
  })
  await Promise.all(workers.map(({ tell, list, journal }, index) => tell({ do: 'start', worldFile, journal, url, seed, name: `load ${index}`, devices: list, faults })))
  return {
    journals: workers.map(({ journal }) => journal),
    shares: workers.map(({ list }) => list.length / world.devices.length),
    async all(order) {
      await Promise.all(
        workers.map(({ tell }, index) => {
          const share = (workers[index]?.list.length ?? 0) / world.devices.length
          if (order.do === 'load' && order.mix !== null) return tell({ ...order, mix: { ...order.mix, perSecond: order.mix.perSecond * share } })
          return tell('count' in order && order.do !== 'toggle' ? { ...order, count: Math.ceil(order.count * share) } : order)
        }),
      )
    },
    counts: () => {
      const sum = { waiting: 0, acked: 0, failed: 0, connected: 0 }
      for (const one of latest) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += one[key]
      return sum
    },
    close: () => {
      for (const { child } of workers) {
        child.removeAllListeners('exit')
        child.kill('SIGKILL')
      }
    },
  }
}
