import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { broadcasts, countingAudience } from '../lib/audience.ts'
import type { Audience } from '../lib/audience.ts'
import { SENDERS } from '../lib/fixture.ts'
import { GraphqlSocket, overHttp, someText } from '../lib/graphql.ts'
import { pick } from '../lib/job.ts'
import { arrivals, atRate, closedLoop, inTurns } from '../lib/loops.ts'
import type { Ask } from '../lib/loops.ts'
import type { Contender, Turn } from '../lib/rounds.ts'
import { Process } from '../lib/process.ts'
import type { Stage } from '../lib/stage.ts'
import { IN_FLIGHT, PAGES_IN_FLIGHT, PER_SECOND, isPage, numbersBySender } from '../lib/work.ts'
import type { Range } from '../lib/work.ts'
import { IoSocket } from './socketio-client.ts'
import { findEjabberd, startEjabberd } from './ejabberd.ts'
import { makeNaive, naiveMessage } from './naive-data.ts'

/** Peers of one job, started for it, and their end. */
export interface Peers<T = Contender[]> {
  contenders: T
  close(): Promise<void>
}

const FILES = { apollo: 'Apollo Server', mercurius: 'Mercurius', socketio: 'Socket.IO' } as const
type Peer = keyof typeof FILES
const HTTP = ['apollo', 'mercurius'] as const

/** @throws where the packages of the peers are not installed. */
export function checkPeers(say: (text: string) => void): void {
  if (!existsSync(fileURLToPath(new URL('../node_modules/mercurius', import.meta.url)))) {
    throw new Error('The other servers are not installed: run npm ci --prefix bench first, or leave out --peers.')
  }
  if (findEjabberd() === null) say('ejabberd is not installed, so it is left out; on Debian it comes with the package ejabberd.')
}

/** Starts some, with a database of their own on the same PostgreSQL; none without --peers. */
async function start(stage: Stage, names: readonly Peer[]): Promise<{ running: Map<Peer, Process>; close(): Promise<void> }> {
  const running = new Map<Peer, Process>()
  if (stage.options.peers) {
    await makeNaive(stage)
    for (const name of names) {
      const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url))
      const server = new Process(FILES[name], stage.folder, [file], { DATABASE_URL: stage.databaseUrl('naive'), JWT_SECRET_KEY: stage.secret, NODE_ENV: 'production' }, '/')
      await server.start()
      running.set(name, server)
    }
  }
  return { running, close: async () => { for (const server of running.values()) await server.end() } }
}

/** Sending, over HTTP where it is GraphQL, as Parley's clients do it. */
export async function peersThatSend(stage: Stage, what: 'send' | 'hot' | 'low', range: Range): Promise<Peers> {
  const { running, close } = await start(stage, ['socketio', ...HTTP])
  const chats = numbersBySender(range)
  const lines = what === 'low' ? SENDERS : IN_FLIGHT
  const loop = (turn: Turn, asks: readonly Ask[]) => (what === 'low' ? atRate(turn, PER_SECOND, asks) : closedLoop(turn, asks))
  const contenders: Contender[] = []
  const sockets: IoSocket[] = []
  for (const [name, peer] of running) {
    const { port, pid } = peer.server
    if (name === 'socketio') {
      sockets.push(...(await Promise.all(Array.from({ length: SENDERS }, (_, n) => IoSocket.open(port, stage.token(n))))))
      const asks = Array.from({ length: lines }, (_, n): Ask => (done, failed) => {
        sockets[n % SENDERS]?.ask('send', `{"chatId":${pick(chats[n % SENDERS] ?? [])},"text":"${someText()}"}`, done, failed)
      })
      contenders.push({ name: FILES[name], role: 'peer', pid: () => pid, run: (turn) => loop(turn, asks) })
    } else {
      const tokens = Array.from({ length: lines }, (_, n) => stage.token(n % SENDERS))
      const body = (n: number) => sendBody(pick(chats[n % SENDERS] ?? []))
      contenders.push({ name: FILES[name], role: 'peer', pid: () => pid, run: (turn) => overHttp(port, tokens, body, isSent, (asks) => loop(turn, asks)) })
    }
  }
  return {
    contenders,
    close() {
      for (const { socket } of sockets) socket.end()
      return close()
    },
  }
}

const sendBody = (chatId: number) => `{"query":"mutation Send($chatId: ID!, $text: String!) { sendMessage(chatId: $chatId, text: $text) { id number seq createdAt } }","variables":{"chatId":"${chatId}","text":"${someText()}"}}`
const isSent = (data: Buffer, start = 0, end = data.length) => data.toString('latin1', start, end).includes('"sendMessage":{"id":"')

const ADDED = 'messageAdded(chatId: \\"CHAT\\") { id number seq createdAt text sender { id displayName } replyTo { id text } reactions { emoji count } }'

/** Beyond that a process has no room for the sockets of so many servers. */
const MOST_WITH_PEERS = 1000

/** Everybody in one group, with a subscription to it, or in its room. */
export async function peersThatFanOut(stage: Stage, size: number): Promise<Peers<(inFlight: number) => Contender[]>> {
  if (size > MOST_WITH_PEERS) return { contenders: () => [], close: () => Promise.resolve() }
  const { running, close } = await start(stage, ['socketio', ...HTTP])
  const chatId = stage.fixture.groups[size] ?? 0
  const audiences: { name: string; pid: number; audience: Audience }[] = []
  // More do not come into a room of its at this pace: it closes some of their sockets as they sign in.
  const ejabberd = size <= 300 ? await startEjabberd(stage) : null
  if (ejabberd !== null) audiences.push({ name: 'ejabberd', pid: ejabberd.pid, audience: await ejabberd.room(size) })
  for (const [name, peer] of running) {
    const { port, pid } = peer.server
    if (name === 'socketio') {
      const writer = await IoSocket.open(port, stage.token(0))
      const sockets: IoSocket[] = []
      await inTurns(Array.from({ length: size }), 50, async (_, n) => { sockets[n] = await IoSocket.open(port, stage.token(n)) })
      const push = (failed: (error: Error) => void) => { writer.ask('send', `{"chatId":${chatId},"text":"${someText()}"}`, () => undefined, failed) }
      const audience = countingAudience(sockets.map(({ socket }) => socket), push, () => { writer.socket.end() })
      audiences.push({ name: FILES[name], pid, audience })
    } else {
      const writer = await GraphqlSocket.open(port, stage.token(0))
      const sockets: GraphqlSocket[] = []
      await inTurns(Array.from({ length: size }), 50, async (_, n) => { sockets[n] = await GraphqlSocket.open(port, stage.token(n)) })
      for (const { socket } of sockets) socket.send(`{"id":"1","type":"subscribe","payload":{"query":"subscription { ${ADDED.replace('CHAT', String(chatId))} }"}}`)
      // Nothing tells when a subscription of theirs has begun.
      await delay(3000)
      audiences.push({ name: FILES[name], pid, audience: countingAudience(sockets.map(({ socket }) => socket), (failed) => { writer.ask(sendBody(chatId), isSent, () => undefined, failed) }, () => { writer.socket.end() }) })
    }
  }
  return {
    contenders: (inFlight) => audiences.map(({ name, pid, audience }) => ({ name, role: 'peer', pid: () => pid, run: (turn) => broadcasts(turn, audience, inFlight) })),
    async close() {
      for (const { audience } of audiences) audience.end()
      await ejabberd?.close()
      await close()
    },
  }
}

const PAGE = 'query Page($chatId: ID!, $before: Int!) { messages(chatId: $chatId, last: 50, before: $before) { id number seq createdAt text sender { id displayName } replyTo { id text sender { id displayName } } reactions { emoji count } } }'

/** The same pages as of ours. */
export async function peersWithHistory(stage: Stage): Promise<Peers> {
  const { running, close } = await start(stage, HTTP)
  const length = stage.options.messages
  const chat = stage.fixture.histories[length] ?? 0
  const tokens = Array.from({ length: PAGES_IN_FLIGHT }, (_, n) => stage.token(n % SENDERS))
  const bodyOf = () => `{"query":"${PAGE}","variables":{"chatId":"${chat}","before":${naiveMessage(stage, chat, 52 + Math.floor(Math.random() * (length - 50)))}}}`
  const contenders = [...running].map(([name, { server: { port, pid } }]): Contender => ({
    name: FILES[name], role: 'peer', pid: () => pid, run: (turn) => overHttp(port, tokens, bodyOf, isPage, (asks) => closedLoop(turn, asks)),
  }))
  return { contenders, close }
}

/** Signing in and coming into the rooms of one's chats. */
export async function peersThatConnect(stage: Stage): Promise<Peers> {
  const { running, close } = await start(stage, ['socketio'])
  let next = 0
  return {
    contenders: [...running].map(([name, { server }]) => ({
      name: FILES[name], role: 'peer', pid: () => server.pid,
      run: (turn) => arrivals(turn, 32, async () => { (await IoSocket.open(server.port, stage.token(next++ % stage.fixture.users))).socket.end() }),
    })),
    close,
  }
}
