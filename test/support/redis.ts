import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

/** Whether a redis-server can be started here. Where all tests must run, a missing one is a failure. */
export const hasRedis = ((): boolean => {
  if (spawnSync('redis-server', ['--version']).status === 0) return true
  const missing = 'redis-server is not on the PATH: what needs a Redis is not tested'
  if (process.env.CI) throw new Error(missing)
  console.warn(missing)
  return false
})()

/** A real Redis on a port of its own, for a test to stop, freeze and start again. */
export class TestRedis {
  readonly port: number
  readonly #folder: string
  readonly #more: string[]
  #process: ChildProcess | null = null

  private constructor(port: number, folder: string, more: string[]) {
    this.port = port
    this.#folder = folder
    this.#more = more
  }

  /** Further arguments are those of redis-server. */
  static async start(...more: string[]): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), await mkdtemp(join(tmpdir(), 'parley-redis-')), more)
    await redis.startAgain()
    return redis
  }

  /** A sentinel that watches this Redis under this name. */
  static async sentinel(master: TestRedis, name: string): Promise<TestRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-redis-'))
    const file = join(folder, 'sentinel.conf')
    await writeFile(file, `sentinel monitor ${name} 127.0.0.1 ${master.port} 1\nsentinel down-after-milliseconds ${name} 1000\nsentinel failover-timeout ${name} 3000\n`)
    const sentinel = new TestRedis(await freePort(), folder, [file, '--sentinel'])
    await sentinel.startAgain()
    return sentinel
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async startAgain(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    const sentinel = this.#more.includes('--sentinel')
    const child = spawn('redis-server', sentinel ? [...this.#more.slice(0, 1), ...settings, '--sentinel'] : [...settings, '--save', '', '--appendonly', 'no', ...this.#more], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = child
    let output = ''
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (output.includes(sentinel ? '+monitor' : 'Ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', () => {
        reject(new Error(`redis-server did not start: ${output}`))
      })
    })
  }

  /** It hears everything and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  /** It goes on as if nothing had been. */
  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async close(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** A cluster of three masters. */
export class TestCluster {
  readonly nodes: TestRedis[]

  private constructor(nodes: TestRedis[]) {
    this.nodes = nodes
  }

  static async start(): Promise<TestCluster> {
    // The port for the nodes among themselves is 10,000 higher unless it is said: it must be a port that there is.
    const nodes = await Promise.all([0, 1, 2].map(async () => TestRedis.start('--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-port', String(await freePort()))))
    const made = spawnSync('redis-cli', ['--cluster', 'create', ...nodes.map(({ port }) => `127.0.0.1:${port}`), '--cluster-yes'], { timeout: 30_000, encoding: 'utf8' })
    if (made.status !== 0 || !made.stdout.includes('All 16384 slots covered')) throw new Error(`no cluster: ${made.stdout}${made.stderr}`)
    return new TestCluster(nodes)
  }

  get url(): string {
    return `redis-cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()))
  }
}
