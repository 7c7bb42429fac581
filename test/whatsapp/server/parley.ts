import { afterEach } from 'vitest'
import type { Logger } from '../../../src/base/log.ts'
import type { Client, Untyped } from '../../client.ts'
import { startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { startSimulator } from '../simulator/simulator.ts'
import type { Simulator } from '../simulator/simulator.ts'
import type { SimulatorOptions } from '../simulator/types.ts'
import { mutation } from '../../support/refusal.ts'
import type { MutationName } from '../../support/refusal.ts'

// A Parley that talks to a simulator of Meta's, an admin, and an agent who answers.

const opened: { close(): Promise<void> }[] = []

export function closing<T extends { close(): Promise<void> }>(one: T): T {
  opened.push(one)
  return one
}

afterEach(async () => { for (const one of opened.splice(0).reverse()) await one.close() })

/** How long a test waits for something that must come. */
const PATIENCE_MS = 20_000

export interface Stage {
  meta: Simulator
  server: TestServer
  /** Runs the server. */
  root: Client
  /** Has the role AGENT. */
  alice: Client
}

/** Both of them, connected: webhooks flow. */
export async function stage({ pace = 0.01, settings, log, ...options }: SimulatorOptions & { pace?: number; settings?: Record<string, string>; log?: Logger } = {}): Promise<Stage> {
  const meta = closing(await startSimulator({ limits: null, ...options }))
  const server = closing(await startServer({ settings: { ...meta.settings(), ...settings }, whatsappPace: pace, log }))
  const root = await server.signUp('root')
  const alice = await server.signUp('alice')
  await makeAgent(root, alice)
  await meta.connect(`${server.url}/webhooks/whatsapp`)
  return { meta, server, root, alice }
}

export async function makeAgent(root: Client, person: Client, roles = ['AGENT']): Promise<void> {
  const { setUserRoles } = await root.ask('mutation ($input: SetUserRolesInput!) { setUserRoles(input: $input) { user { id } errors { message } } }', { input: { userId: person.id, roles } })
  if (setUserRoles.errors.length > 0) throw new Error(JSON.stringify(setUserRoles.errors))
}

/** Asks until the answer is right; the last one tells what was wrong. */
export async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, patienceMs = PATIENCE_MS): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > deadline) throw new Error(`it did not come to that: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const CHATS = `{ chats(first: 100) { totalCount nodes { id kind title unreadCount memberCount lastMessage { id text }
  whatsapp { contact { id displayName phone whatsappUserId } assignee { username } replyWindowClosesAt phoneNumberId } } } }`

/** The chats that somebody sees, once there are so many. */
export async function chatsOf(person: Client, count = 1): Promise<Untyped[]> {
  const { chats } = await until(() => person.ask(CHATS), (answer) => answer.chats.nodes.length === count)
  return chats.nodes
}

const HISTORY = `query ($id: ID!) { chat(id: $id) { messages(last: 100) { nodes { id number clientId kind text forwarded revision deletedAt status providerTime
  failure { code title detail retryable } sender { __typename id displayName } replyTo { text } location { latitude longitude name address }
  contactCards { name phones } attachments { kind state fileName mimeType byteSize width height url thumbnailUrl } reactions { emoji count actors { nodes { displayName } } } } } } }`

/** The messages of a chat, once they are as they should be. */
export async function historyOf(person: Client, chatId: string, fits: (messages: Untyped[]) => boolean = (messages) => messages.length > 0): Promise<Untyped[]> {
  const { chat } = await until(() => person.ask(HISTORY, { id: chatId }), ({ chat }) => fits(chat.messages.nodes))
  return chat.messages.nodes
}

/** The errors of a mutation that must be refused. */
export async function refused(person: Client, name: MutationName, input: object): Promise<Untyped[]> {
  const { errors } = (await person.ask(mutation(name), { input }))[name]
  if (errors.length === 0) throw new Error(`${name} was not refused`)
  return errors
}

/** One message, once it is as it should be. */
export async function messageOf(person: Client, id: string, fits: (message: Untyped) => boolean): Promise<Untyped> {
  const { message } = await until(() => person.ask('query ($id: ID!) { message(id: $id) { id status failure { code title detail retryable } } }', { id }), (answer) => fits(answer.message))
  return message
}
