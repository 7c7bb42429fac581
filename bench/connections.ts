import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createLog } from '../src/base/log.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import { openDatabase } from '../src/db/open.ts'
import { Listener, MEMBERS, inTurns, seedCrowd, sendOnce } from '../test/chaos/crowd.ts'
import type { Person } from '../test/chaos/crowd.ts'

// Many people connected to one server, each with one socket that hears all their chats, while some of them write: what a connection costs, how
// long a message takes to all who hear it, and what it is like when a third of the people come back at once.

const CONNECTIONS = Number(process.env.CONNECTIONS ?? 10_000)
const SENDS_PER_SECOND = Number(process.env.SENDS ?? 50)
const SECONDS = Number(process.env.SECONDS ?? 30)
const PORT = Number(process.env.PORT ?? 4900)
const SECRET = 'a secret key for benchmarks, long enough'

const at = (sorted: readonly number[], part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(0)
const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`

const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
const postgres = await startEmbedded({ dataDir: folder, log: createLog({ level: 'warn', pretty: false }), settings: { fsync: 'off' } })
const database = await openDatabase(postgres.url, { poolSize: 2 })
const server = spawn(process.execPath, ['dist/main.js'], {
  env: { ...process.env, DATABASE_URL: postgres.url, PORT: String(PORT), HOST: '127.0.0.1', JWT_SECRET_KEY: SECRET, RATE_LIMITS: 'off', LOG_LEVEL: 'warn', DATA_DIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const people = await seedCrowd(database.sql, { count: CONNECTIONS, secretKey: SECRET, prefix: 'user' })
  await once(server.stdout, 'data')
  await run(people)
} finally {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
  await database.close()
  await postgres.stop()
  await rm(folder, { recursive: true, force: true })
}

async function run(people: readonly Person[]): Promise<void> {
  const before = memory()
  const listeners = people.map((person) => new Listener(person))
  const connecting = performance.now()
  await inTurns(listeners, 100, (listener) => listener.connect(PORT))
  console.log(`${listeners.length} connections, each with its stream, in ${((performance.now() - connecting) / 1000).toFixed(1)} s.`)
  await delay(5000)
  const after = memory()
  console.log(`Memory of the server: ${mb(before)} before, ${mb(after)} with them: ${((after - before) / 1024 / listeners.length).toFixed(1)} KiB each.`)

  const delays: number[] = []
  for (const listener of listeners) listener.onMessage = ({ text }) => delays.push(performance.now() - Number(text))
  let sent = 0
  const cpu = cpuSeconds()
  const began = performance.now()
  while (performance.now() - began < SECONDS * 1000) {
    const person = people[Math.floor(Math.random() * people.length)]
    if (person !== undefined) void sendOnce(PORT, person, crypto.randomUUID(), performance.now().toFixed(3))
    sent++
    await delay(Math.max(0, began + (sent * 1000) / SENDS_PER_SECOND - performance.now()))
  }
  await delay(3000)
  const busy = (cpuSeconds() - cpu) / SECONDS
  delays.sort((a, b) => a - b)
  console.log(`${sent} messages at ${SENDS_PER_SECOND}/s, each to ${MEMBERS}: ${delays.length} of ${sent * MEMBERS} deliveries, p50 ${at(delays, 0.5)} ms, p99 ${at(delays, 0.99)} ms from the send; the server used ${(busy * 100).toFixed(0)} % of a core.`)

  const third = listeners.filter((_, index) => index % 3 === 0)
  for (const { socket } of third) socket?.terminate()
  const storm = performance.now()
  const back: number[] = []
  // As clients do: half a second at first, not all at the same moment.
  await Promise.all(third.map(async (listener) => {
    await delay(250 + Math.random() * 250)
    for (;;) {
      const came = await listener.connect(PORT).then(() => true, () => false)
      if (came) break
      await delay(500 + Math.random() * 500)
    }
    back.push(performance.now() - storm)
  }))
  back.sort((a, b) => a - b)
  console.log(`${third.length} of them cut, and back with their cursors: p50 ${at(back, 0.5)} ms, p99 ${at(back, 0.99)} ms, all after ${at(back, 1)} ms. Memory: ${mb(memory())}.`)
  for (const { socket } of listeners) socket?.terminate()
}

/** The server's resident memory, in bytes (proc(5)). */
function memory(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Time that the server has used of its cores (proc(5), fields 14 and 15, in hundredths). */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
