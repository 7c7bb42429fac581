import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Account } from './embedded-account.ts'

/** What tells a running process from another one that got the same number later. */
export interface ProcessFacts {
  startedAt: string
  /** The arguments it was started with, the program first, separated by spaces. */
  command: string
}

/** The facts about a process; null when none runs under that number. One that has ended and waits to be collected does not run. */
export async function processFacts(pid: number): Promise<ProcessFacts | null> {
  return process.platform === 'linux' ? linuxFacts(pid) : psFacts(pid)
}

async function linuxFacts(pid: number): Promise<ProcessFacts | null> {
  try {
    const [status, command] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')])
    // The name of the program, in brackets, may itself hold spaces and brackets. What follows starts with the state; the start time comes 19 fields on.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return { startedAt: fields[19] ?? '', command: command.replace(/\0$/, '').replaceAll('\0', ' ') }
  } catch {
    return null
  }
}

async function psFacts(pid: number): Promise<ProcessFacts | null> {
  const args = ['-ww', '-o', 'state=', '-o', 'lstart=', '-o', 'command=', '-p', String(pid)]
  const { stdout } = await promisify(execFile)('ps', args, { env: { PATH: process.env.PATH, LC_ALL: 'C' } }).catch(() => ({ stdout: '' }))
  // The start time looks like `Mon Jan  2 15:04:05 2006`.
  const [, state, startedAt, command] = /^\s*(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*?)\s*$/s.exec(stdout) ?? []
  if (state === undefined || startedAt === undefined || command === undefined || state.startsWith('Z')) return null
  return { startedAt, command }
}

/** What PostgreSQL's programs are started with: their account, and nothing of our environment, where a PGPORT or a locale could change what they do. */
export function startOptions(account: Account | null): { env: Record<string, string | undefined>; uid?: number; gid?: number } {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' }
  return account === null ? { env } : { env, uid: account.uid, gid: account.gid }
}

/**
 * Runs a program to its end and returns its exit code with the end of what it printed.
 * It has a session of its own, which ends with it when `signal` is aborted.
 * @throws the system's error when it cannot be run; the signal's reason when that was aborted.
 */
export async function run(
  program: string,
  args: string[],
  options: { account: Account | null; cwd: string; input?: string; /** Becomes its file descriptor 3. */ fd?: number; signal?: AbortSignal | undefined },
): Promise<{ code: number | null; output: string }> {
  const { signal } = options
  signal?.throwIfAborted()
  const child = spawn(program, args, { ...startOptions(options.account), cwd: options.cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe', options.fd ?? 'ignore'] })
  const endGroup = () => {
    try {
      // A negative number names the group: initdb has children that would go on without it.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has just ended by itself.
    }
  }
  signal?.addEventListener('abort', endGroup, { once: true })
  try {
    return await new Promise((resolve, reject) => {
      let output = ''
      const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000))
      child.stdout?.on('data', keep)
      child.stderr?.on('data', keep)
      child.stdin?.on('error', () => undefined) // It ended without reading its input; its exit code tells why.
      child.stdin?.end(options.input ?? '')
      child.once('error', reject)
      child.once('close', (code) => (signal?.aborted ? reject(signal.reason) : resolve({ code, output })))
    })
  } finally {
    signal?.removeEventListener('abort', endGroup)
  }
}

/** Waits until a condition holds; false when it does not in time. */
export async function waitFor(condition: () => boolean | Promise<boolean>, limits: { ms: number; every?: number; signal?: AbortSignal | undefined }): Promise<boolean> {
  const end = performance.now() + limits.ms
  while (!(await condition())) {
    if (performance.now() >= end) return false
    await sleep(limits.every ?? 20, undefined, { signal: limits.signal })
  }
  return true
}
