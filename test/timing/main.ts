import { createHmac } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Process } from '../../bench/lib/process.ts'
import { keepTemporary } from '../chaos/processes.ts'

// Whether the time of an answer tells what the answer does not: of what is there and what is not, of whom there is and whom not, of how much of a key was right. Both sorts are
// asked for in turn, at a server of its own, and their medians compared. Not part of the tests: a busy machine would fail it. docs/security.md names the command.

const { values } = parseArgs({ options: { samples: { type: 'string', default: '2000' }, only: { type: 'string' } } })
const samples = Number(values.samples)
if (!(samples >= 10)) {
  console.error('npm run audit:timing -- [--samples N] [--only NAME]')
  process.exit(2)
}

const SERVER_KEY = 'the key of the product, long enough'
const APP_SECRET = 'the secret of the app'
const WHATSAPP = { WHATSAPP_ACCESS_TOKEN: 'none', WHATSAPP_PHONE_NUMBER_ID: '1', WHATSAPP_WABA_ID: '2', WHATSAPP_VERIFY_TOKEN: 'none', WHATSAPP_APP_SECRET: APP_SECRET, WHATSAPP_API_URL: 'http://127.0.0.1:9' }
const folder = await mkdtemp(join(tmpdir(), 'parley-timing-'))
keepTemporary(folder)
const server = new Process('Parley', folder, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], { DATA_DIR: join(folder, 'data'), NODE_ENV: 'production', RATE_LIMITS: 'off', SERVER_KEY, ...WHATSAPP, LOG_LEVEL: 'error', JWT_EXPIRES_IN_MINUTES: '1440' }, '/health/live')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.end().finally(() => process.exit(130)))
await server.start()

type Json = Record<string, unknown>
interface Answer {
  status: number
  text: string
}
async function ask(query: string, variables: Json, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.server.port}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query, variables }) })
  return { status: response.status, text: await response.text() }
}
const idIn = (text: string, key: string) => new RegExp(`"${key}":"([^"]+)"`).exec(text)?.[1] ?? ''
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const globalId = (type: string, ...key: number[]) => Buffer.from(`${type}:${key.join(':')}`).toString('base64url')

async function register(username: string): Promise<string> {
  const { text } = await ask('mutation ($input: RegisterInput!) { register(input: $input) { accessToken } }', { input: { username, email: `${username}@example.com`, password: 'long enough a password' } })
  return idIn(text, 'accessToken')
}
const alice = await register('alice')
const mallory = await register('mallory')
const chatId = idIn((await ask('mutation { createGroupChat(input: { title: "Garden", memberIds: [] }) { chat { id } } }', {}, bearer(alice))).text, 'id')
const messageId = idIn((await ask('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { message { id } } }', { input: { chatId, clientId: crypto.randomUUID(), text: 'hello' } }, bearer(alice))).text, 'id')
const inviteOf = idIn((await ask('mutation ($input: CreateInviteInput!) { createInvite(input: $input) { invite { code } } }', { input: { chatId } }, bearer(alice))).text, 'code')

const some = (list: readonly string[]) => list[Math.floor(Math.random() * list.length)] ?? ''
const letters = (count: number) => Array.from({ length: count }, () => some([...'abcdefghijkmnpqrstuvwxyz'])).join('')
const nobodys = () => 1_000_000 + Math.floor(Math.random() * 1_000_000)

interface Question {
  name: string
  /** How far apart the medians may be, in milliseconds. */
  most: number
  /** Whether the answers must be equal, byte for byte. */
  equal: boolean
  there: () => Promise<Answer>
  notThere: () => Promise<Answer>
}

const byId = (name: string, query: string, id: string, other: () => string): Question => ({ name, most: 2, equal: true, there: () => ask(query, { id }, bearer(mallory)), notThere: () => ask(query, { id: other() }, bearer(mallory)) })
const login = (name: () => string) => ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken errors { code message } } }', { input: { login: name(), password: 'a guess' } })
const withKey = (key: string) => ask('{ serverInfo { version } }', {}, { 'x-parley-server-key': key })
const WEBHOOK = '{"object":"whatsapp_business_account","entry":[]}'
const SIGNATURE = createHmac('sha256', APP_SECRET).update(WEBHOOK).digest('hex')
async function post(signature: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${server.server.port}/webhooks/whatsapp`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }, body: WEBHOOK })
  return { status: response.status, text: await response.text() }
}
const cut = (text: string, right: number) => text.slice(0, right) + 'x'.repeat(text.length - right)

const QUESTIONS: Question[] = [
  byId('somebody else\'s chat, or none', 'query ($id: ID!) { chat(id: $id) { id title } }', chatId, () => globalId('Chat', nobodys())),
  byId('somebody else\'s chat as a node, or none', 'query ($id: ID!) { node(id: $id) { id } }', chatId, () => globalId('Chat', nobodys())),
  byId('somebody else\'s message, or none', 'query ($id: ID!) { message(id: $id) { id text } }', messageId, () => globalId('Message', nobodys(), 1)),
  byId('somebody else\'s members, or none', 'query ($id: ID!) { chat(id: $id) { members { nodes { id } } } }', chatId, () => globalId('Chat', nobodys())),
  { name: 'an invite with half of its code right, or nothing of it', most: 2, equal: true, there: () => ask('query ($code: String!) { chatByInvite(code: $code) { title } }', { code: cut(inviteOf, Math.floor(inviteOf.length / 2)) }, bearer(mallory)), notThere: () => ask('query ($code: String!) { chatByInvite(code: $code) { title } }', { code: letters(inviteOf.length) }, bearer(mallory)) },
  { name: 'a sign-in to an account that is there, or to none', most: 5, equal: true, there: () => login(() => 'alice'), notThere: () => login(() => letters(8)) },
  { name: 'a sign-in by an address that is there, or by none', most: 5, equal: true, there: () => login(() => 'alice@example.com'), notThere: () => login(() => `${letters(8)}@example.com`) },
  { name: 'a server key that is right but for its end, or wrong at once', most: 1, equal: true, there: () => withKey(cut(SERVER_KEY, SERVER_KEY.length - 1)), notThere: () => withKey(cut(SERVER_KEY, 0)) },
  { name: 'a token whose signature is right but for its end, or wrong at once', most: 1, equal: true, there: () => ask('{ me { id } }', {}, bearer(`${alice.slice(0, -2)}xx`)), notThere: () => ask('{ me { id } }', {}, bearer(alice.replace(/[^.]+$/, (signature) => 'x'.repeat(signature.length)))) },
  { name: 'a webhook whose signature is right but for its end, or wrong at once', most: 1, equal: true, there: () => post(cut(SIGNATURE, SIGNATURE.length - 1)), notThere: () => post(cut(SIGNATURE, 0)) },
]

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
const shown = ({ status, text }: Answer) => `${status} ${text.replace(/"requestId":"[^"]+"/g, '')}`

let bad = 0
try {
  for (const { name, most, equal, there, notThere } of QUESTIONS.filter(({ name }) => values.only === undefined || name.includes(values.only))) {
    const times: [number[], number[]] = [[], []]
    const answers = new Set<string>()
    const both = [there, notThere] as const
    for (let n = 0; n < 2 * (samples + 50); n++) {
      // Now the one first, now the other.
      const which = (n % 2 === 0 ? n / 2 : (n - 1) / 2 + 1) % 2 as 0 | 1
      const at = performance.now()
      const answer = await both[which]()
      const took = performance.now() - at
      answers.add(shown(answer))
      if (n >= 100) times[which].push(took)
    }
    const [one, other] = [median(times[0]), median(times[1])]
    const good = Math.abs(one - other) < most && (!equal || answers.size === 1)
    if (!good) bad++
    console.log(`${good ? 'equal   ' : 'UNEQUAL '} ${name}: medians ${one.toFixed(3)} and ${other.toFixed(3)} ms, ${(one - other).toFixed(3)} apart (less than ${most} wanted); ${answers.size} answer${answers.size === 1 ? '' : 's'}`)
    if (equal && answers.size > 1) for (const answer of [...answers].slice(0, 3)) console.log(`    ${answer.slice(0, 300)}`)
  }
} finally {
  await server.end()
}
process.exit(bad === 0 ? 0 : 1)
