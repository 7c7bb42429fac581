import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'

/** What this run has started and made: all of it goes when the run ends, however that comes. */
const running = new Set<number>()
const folders = new Set<string>()

process.on('exit', () => {
  for (const pid of running) kill(pid, 'SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export const keepTemporary = (folder: string) => void folders.add(folder)

/** A signal to a process group of ours; one that is gone already needs none. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Gone.
  }
}

/** Takes over a child that somebody else has started, in a group of its own. */
export function adopt(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  running.add(pid)
  child.once('exit', () => running.delete(pid))
}

export interface Started {
  pid: number
  child: ChildProcess
  ended: Promise<number | null>
  running(): boolean
}

/** Starts a process in a group of its own, so that Ctrl-C reaches us alone, with its output in a file. */
export function start(command: string, args: readonly string[], options: { log: string; cwd: string; env?: NodeJS.ProcessEnv; ipc?: boolean }): Started {
  const sink = openSync(options.log, 'a')
  const child = spawn(command, args, {
    detached: true,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', sink, sink, ...(options.ipc === true ? (['ipc'] as const) : [])],
  })
  closeSync(sink)
  const pid = child.pid
  if (pid === undefined) throw new Error(`${command} cannot be started`)
  running.add(pid)
  let ended = false
  return {
    pid,
    child,
    running: () => !ended,
    ended: new Promise((resolve) => {
      child.once('exit', (code) => {
        ended = true
        running.delete(pid)
        resolve(code)
      })
    }),
  }
}

/** A process and all that it has started, for signals that must reach each of them. */
export function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      // pid (comm) state ppid
      const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // Ended meanwhile.
    }
  }
  const all = [pid]
  for (let next = 0; next < all.length; next++) all.push(...(children.get(all[next] ?? 0) ?? []))
  return all
}

/** Asks again until it is true. */
export async function until(what: string, test: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await test())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${ms / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
