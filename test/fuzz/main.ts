import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { memoryOf } from '../../bench/lib/proc.ts'
import { Process } from '../../bench/lib/process.ts'
import { keepTemporary } from '../chaos/processes.ts'
import { randomOf } from '../chaos/random.ts'
import { Maker } from './made.ts'
import { TARGETS } from './targets.ts'
import { Webhooks } from './webhooks.ts'

// Broken and half-broken input, made from a seed, at a server of its own for some minutes. It must neither end nor answer with a fault of its own, nor hold on to memory, nor
// keep honest people waiting. docs/security.md names the command.

const webhooks = await Webhooks.open()
const targets: typeof TARGETS = { ...TARGETS, webhooks: webhooks.shot }
const HELP = `npm run fuzz -- [--minutes N] [--inputs N of each sort] [--seed N] [--only ${Object.keys(targets).join(',')}]`
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, inputs: { type: 'string', default: 'Infinity' }, seed: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean', default: false } } })
const minutes = Number(values.minutes)
const inputs = Number(values.inputs)
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const names = values.only?.split(',') ?? Object.keys(targets)
if (values.help || !(minutes > 0) || !(inputs > 0) || !Number.isInteger(seed) || names.some((name) => targets[name] === undefined)) {
  console.error(HELP)
  process.exit(values.help ? 0 : 2)
}

/** Inputs of each sort under way at once. */
const WIDTH = 4
/** Memory is read from here on, of runs of two minutes and more: what a server needs at all, full caches too, is there by then. */
const SETTLED = 0.5
/** How often an honest person asks for something. */
const HONEST_MS = 50
/** What honest people may have to wait at most, and how much more memory there may be at the end than when it had settled. */
const [MAX_STALL_MS, MAX_DRIFT] = [1000, 0.25]

const folder = await mkdtemp(join(tmpdir(), 'parley-fuzz-'))
keepTemporary(folder)
const server = new Process('Parley', folder, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], { ...webhooks.settings, DATA_DIR: join(folder, 'data'), NODE_ENV: 'production', RATE_LIMITS: 'off', LIMITS: 'refusedPerMinute=999999999,connectionsPerUser=1000,anonymousPerAddress=1000', LOG_LEVEL: 'warn', JWT_EXPIRES_IN_MINUTES: '1440' }, '/health/live')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.end().finally(() => process.exit(130)))
await server.start()
console.log(`Seed ${seed}; ${minutes} min of ${names.join(', ')} at a server of its own.`)

const ask = async (query: string, variables: object = {}, token = ''): Promise<{ data: Record<string, { accessToken: string; chat: { id: string } }> }> => {
  const response = await fetch(`http://127.0.0.1:${server.server.port}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) }, body: JSON.stringify({ query, variables }) })
  return (await response.json()) as Awaited<ReturnType<typeof ask>>
}
const { data } = await ask('mutation { register(input: { username: "alice", email: "alice@example.com", password: "long enough a password" }) { accessToken } }')
const token = data.register?.accessToken ?? ''
const made = await ask('mutation { createGroupChat(input: { title: "Garden", memberIds: [] }) { chat { id } } }', {}, token)
for (const text of ['one', 'two', 'three']) await ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { duplicate } }', { input: { chatId: made.data.createGroupChat?.chat.id, clientId: crypto.randomUUID(), text } }, token)

if (names.includes('webhooks')) await webhooks.begin(`http://127.0.0.1:${server.server.port}`, (query, variables) => ask(query, variables, token))

const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
const faults: string[] = []
const counts: Record<string, number> = {}
const began = performance.now()
const until = began + minutes * 60_000
const over = () => performance.now() >= until || names.every((name) => (counts[name] ?? 0) >= inputs) || faults.length > 20 || !isRunning()
const isRunning = () => {
  try {
    process.kill(server.server.pid, 0)
    return true
  } catch {
    return false
  }
}
const log = () => readFileSync(join(folder, 'Parley.log'), 'utf8')

async function shoot(name: string, lane: number): Promise<void> {
  const shot = targets[name]
  if (shot === undefined) return
  const maker = new Maker(randomOf(seed, `${name} ${lane}`))
  const aim = { port: server.server.port, token: () => token }
  while (!over() && (counts[name] ?? 0) < inputs) {
    const fault = await shot(aim, maker)
    counts[name] = (counts[name] ?? 0) + 1
    if (fault !== null) faults.push(`${name}, lane ${lane}, number ${counts[name]}: ${fault}`)
  }
}

/** Somebody who asks for something all the while; answers how long that took. */
async function honest(): Promise<number[]> {
  const waits: number[] = []
  while (!over()) {
    const at = performance.now()
    const answer = await ask('{ me { username } }', {}, token).catch((error: unknown) => ({ data: {}, error: String(error) }))
    waits.push(performance.now() - at)
    if (JSON.stringify(answer.data).includes('username') === false && !over()) faults.push(`an honest request failed: ${JSON.stringify(answer).slice(0, 300)}`)
    await new Promise((resolve) => setTimeout(resolve, HONEST_MS))
  }
  return waits.sort((a, b) => a - b)
}

async function memory(): Promise<{ settled: number; end: number; most: number }> {
  let settled = 0
  let most = 0
  const recent: number[] = []
  while (!over()) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    if (!isRunning()) break
    const now = memoryOf(server.server.pid)
    most = Math.max(most, now)
    recent.push(now)
    if (recent.length % 30 === 0) console.log(`${String(recent.length).padStart(5)} s    ${mib(now)}, ${Object.values(counts).reduce((sum, count) => sum + count, 0).toLocaleString('en')} inputs, ${faults.length} faults`)
    if (settled === 0 && minutes >= 2 && performance.now() - began > SETTLED * minutes * 60_000) settled = averageOf(recent.slice(-5))
  }
  return { settled, end: averageOf(recent.slice(-5)), most }
}

function averageOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length)
}

const [waits, { settled, end, most }] = await Promise.all([honest(), memory(), ...names.flatMap((name) => Array.from({ length: WIDTH }, (_, lane) => shoot(name, lane)))])
const judged = names.includes('webhooks') && isRunning() ? await webhooks.judge() : null
faults.push(...(judged?.faults ?? []))
const alive = isRunning()
// What Meta tells of its own troubles is told at that level too.
const lines = log().split('\n').filter((line) => (/"level":(50|60)/.test(line) && !/"msg":"WhatsApp (tells of a problem|refuses messages)/.test(line)) || /"msg":"(An item of a webhook|Webhooks) could not be worked off/.test(line))
await server.end()
await webhooks.close()

const drift = settled === 0 ? 0 : end / settled - 1
const part = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0
console.log(`Inputs     ${Object.entries(counts).map(([name, count]) => `${count.toLocaleString('en')} ${name}`).join(', ')}`)
console.log(`Alive      ${alive ? 'yes' : 'NO'}; lines of the log about faults: ${lines.length}`)
console.log(`Faults     ${faults.length}`)
if (judged !== null) console.log([`Webhooks   ${judged.states}`, ...[...judged.reasons].map(([reason, count]) => `           ${String(count).padStart(5)} ${reason}`)].join('\n'))
console.log(`Memory     ${settled === 0 ? 'not judged' : mib(settled)} when it had settled, ${mib(end)} at the end (${Math.round(drift * 100)} %), ${mib(most)} at most`)
console.log(`Honest     ${waits.length} requests: p50 ${part(0.5).toFixed(1)} ms, p99 ${part(0.99).toFixed(1)} ms, longest ${part(1).toFixed(0)} ms`)
const alike = (fault: string) => fault.replace(/\d{2,}|[\da-f-]{36}/g, '#').slice(0, 400)
for (const fault of new Map([...faults, ...lines].map((one) => [alike(one), one])).values()) console.log(`  ${fault.slice(0, 1000)}`)
const good = alive && faults.length === 0 && lines.length === 0 && part(1) <= MAX_STALL_MS && drift <= MAX_DRIFT
console.log(good ? 'Nothing found.' : `Something was found: npm run fuzz -- --minutes ${minutes} --seed ${seed}`)
process.exit(good ? 0 : 1)
