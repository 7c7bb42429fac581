import { readFileSync } from 'node:fs'
import { familyOf } from '../../test/chaos/processes.ts'

/** Time that processes have used of their cores so far, in microseconds; a clock tick, 10 ms, is the finest that Linux counts (proc(5)). */
export interface CpuTimes {
  server: number
  postgres: number
  client: number
}

/** What this server, this PostgreSQL with all its processes, and we ourselves have used; a pid of null counts as nothing. */
export function cpuTimes(server: number | null, postgres: number | null): CpuTimes {
  const { user, system } = process.cpuUsage()
  // Backends that have ended are counted with the postmaster, once it has waited for them.
  const family = postgres === null ? 0 : familyOf(postgres).reduce((sum, pid) => sum + cpuOf(pid, pid === postgres), 0)
  return { server: server === null ? 0 : cpuOf(server, false), postgres: family, client: user + system }
}

function cpuOf(pid: number, withEnded: boolean): number {
  try {
    // Behind the name, which may hold anything: state is field 3, utime 14, stime 15, cutime 16, cstime 17.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number)
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
    return (utime + stime + (withEnded ? cutime + cstime : 0)) * 10_000
  } catch {
    // Ended meanwhile.
    return 0
  }
}

/** Resident memory of a process, in bytes. */
export function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
