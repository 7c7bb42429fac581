import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kill, start, until } from '../../test/chaos/processes.ts'
import type { Started } from '../../test/chaos/processes.ts'
import { freePort } from '../../test/support/free-port.ts'

export interface Server {
  port: number
  pid: number
}

/** A server in a process of its own, on a port of its own. */
export class Process {
  server: Server = { port: 0, pid: 0 }
  readonly name: string
  #folder: string
  #args: string[]
  #env: NodeJS.ProcessEnv
  #path: string
  #started: Started | null = null

  /** It is ready when it answers anything at `path`. */
  constructor(name: string, folder: string, args: string[], env: NodeJS.ProcessEnv, path: string) {
    this.name = name
    this.#folder = folder
    this.#args = args
    this.#env = env
    this.#path = path
  }

  async start(): Promise<void> {
    const port = await freePort()
    const log = join(this.#folder, `${this.name.replaceAll(' ', '-')}.log`)
    const started = start(process.execPath, this.#args, { cwd: this.#folder, log, env: { ...this.#env, PORT: String(port) } })
    this.#started = started
    this.server = { port, pid: started.pid }
    const answers = () => fetch(`http://127.0.0.1:${port}${this.#path}`, { signal: AbortSignal.timeout(1000) }).then(() => true, () => !started.running())
    await until(`the start of ${this.name}`, answers, 120_000)
    if (!started.running()) throw new Error(`${this.name} ended as it started: ${readFileSync(log, 'utf8').slice(-2000)}`)
  }

  async end(): Promise<void> {
    const started = this.#started
    this.#started = null
    if (started?.running() !== true) return
    kill(started.pid, 'SIGTERM')
    await started.ended
  }
}
