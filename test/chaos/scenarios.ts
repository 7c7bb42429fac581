import { randomUUID } from 'node:crypto'
import type { Sql } from 'postgres'
import { deliveriesOf } from './figures.ts'
import { now, readJournals } from './journal.ts'
import { using } from './postgres.ts'
import { pause, until } from './processes.ts'
import type { Fault, Stage } from './stage.ts'
import { memoryOf } from './watch.ts'

// Runs that bring out what no fault alone does: they are part of the fault table, and what sabotages are caught by.

/** Sends past the servers, in transactions of our own: nobody is hinted at it. */
export async function sendBySql(sql: Sql, sender: number, chat: number, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    const items = Array.from({ length: Math.min(100, left) }, (_, index) => ({
      ord: index + 1, chat_id: chat, sender_id: sender, client_id: randomUUID(), client_hash: '00', kind: 0, body: 'said past the servers', reply_to: null, forwarded: false, location: null, mentions: null,
    }))
    await sql`select outcome from send_messages(${JSON.stringify(items)}::text::jsonb, true)`
  }
}

/** How long it takes until something is acknowledged again. */
export async function untilAcked({ clients, figure }: Stage, name: string): Promise<void> {
  const before = clients.counts().acked
  const began = performance.now()
  await until('an acknowledgement', () => clients.counts().acked > before, 60_000).catch(() => undefined)
  figure(name, performance.now() - began)
}

/** For so long, writers take their transaction's id long before they write: commits cross. */
export async function crossWriters({ cluster, world, random }: Stage, ms: number, writers: number): Promise<void> {
  const end = performance.now() + ms
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        const group = random.pick(world.groups)
        if (group === undefined) return
        await cluster.sql
          .begin(async (tx) => {
            await tx`select pg_current_xact_id()`
            await pause(200 + random.below(1500))
            await sendBySql(tx as unknown as Sql, group.owner, group.id, 1)
          })
          .catch(() => undefined)
      }
    }),
  )
}

const EVERYTHING = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'] as const

/** Every connection is cut now and then, from within a batch too. */
export const RECONNECTS: Fault = {
  what: 'connections that are cut all the time',
  invariants: EVERYTHING,
  figures: 'resume p99',
  counts: { smoke: 8, usual: 30, hour: 30, nightly: 300 },
  async run({ clients, count }) {
    await clients.all({ do: 'reconnects', everyMs: 1500 })
    await pause(count * 1000)
  },
}

/** F10: one that lacks the newest, since nobody waited for it; then one that must have all that was acknowledged. */
export const TAKEOVER: Fault = {
  what: 'PostgreSQL is killed and never comes back, its standby takes over: one that lags a second behind, then a synchronous one',
  invariants: EVERYTHING,
  figures: 'all end equal to the new one; of the synchronous one no acknowledged message lost; sends go on within 5 s',
  counts: { smoke: 0, usual: 2, hour: 6, nightly: 10 },
  async run(stage) {
    const { backing, clients, cluster, count, note, world } = stage
    const away = world.devices.flatMap((_, d) => (d % 5 === 0 ? [d] : []))
    for (let n = 0; n < count; n++) {
      const mode = n % 2 === 0 ? 'async' : 'sync'
      const standby = await backing.postgres.follow(mode)
      note(`a standby follows, ${mode}`)
      await pause(3000)
      standby.cutOff()
      await pause(700)
      // These do not see it happen: they come later, with cursors of the old one, when the new one has gone on.
      await clients.all({ do: 'offline', devices: away, offline: true })
      await pause(300)
      note('kill -9 PostgreSQL; the standby has heard nothing for a second')
      await standby.inherit()
      // What the old one has answered is with the clients by now, and what the standby has received is in place: what comes from here on is of the new one.
      await pause(1000)
      if (mode === 'async') {
        const heads = await using(cluster.databaseUrl(), (sql) => sql<{ chat: number; seq: number }[]>`select s.id as chat, s.head_seq as seq from stream s join chat c on c.id = s.id`)
        stage.tookOver(new Map(heads.map(({ chat, seq }) => [chat, seq])))
      }
      // As where an address moves before its owner is ready: the servers find one that takes no writes.
      const early = n % 4 === 1 || n % 4 === 2
      note(`the standby is promoted, and the servers find it ${early ? 'two seconds before' : 'after'} that`)
      if (early) {
        await cluster.databaseMoved()
        await pause(2000)
      }
      await standby.promote()
      if (!early) await cluster.databaseMoved()
      await untilAcked(stage, 'sends again after ms')
      await pause(3000)
      await clients.all({ do: 'offline', devices: away, offline: false })
    }
  },
}

/** F16. */
export const CROSSING: Fault = {
  what: 'a write transaction left open, which holds the horizon; writers whose transactions cross; clients that come and go',
  invariants: EVERYTHING,
  figures: 'delivery p99 unchanged; resume correct',
  counts: { smoke: 2, usual: 5, hour: 20, nightly: 60 },
  async run(stage) {
    const { cluster, clients, count, note } = stage
    await clients.all({ do: 'reconnects', everyMs: 2000 })
    for (let n = 0; n < count; n++) {
      note('a write transaction is open')
      const open = cluster.sql.begin(async (tx) => {
        await tx`select pg_current_xact_id()`
        await pause(4000)
      })
      await Promise.all([open.catch(() => undefined), crossWriters(stage, 4000, 3)])
    }
  },
}

/** F19: people who are taken out of chats and brought back while these go on. */
export const TOGGLES: Fault = {
  what: 'members removed and added again while their chats go on, and connections are cut',
  invariants: EVERYTHING,
  figures: 'what each sees is exactly their memberships',
  counts: { smoke: 10, usual: 30, hour: 120, nightly: 600 },
  mix: { members: 1.5, deletes: 0.02 },
  async run({ clients, count, world, note }) {
    await clients.all({ do: 'reconnects', everyMs: 1500 })
    const [group] = world.groups
    const user = world.users.find(({ id }) => id !== group?.owner)
    note(`user ${user?.id} goes out of chat ${group?.id} and comes back, ${count * 4} times`)
    const toggles = group === undefined || user === undefined ? undefined : clients.all({ do: 'toggle', chat: group.id, owner: group.owner, user: user.id, count: count * 4 })
    await Promise.all([pause(count * 1000), Promise.race([toggles, pause(count * 3000)])])
  },
}

/** F20: devices that are away while more happens than a resume brings, or just as much. */
export const FLOOD_OFFLINE: Fault = {
  what: 'devices that are away while 1 to 5,001 events come, at the edges of what a resume brings',
  invariants: EVERYTHING,
  figures: 'a reset beyond 1,000 events in a chat, or 5,000 in all, and not before',
  counts: { smoke: 1, usual: 2, hour: 3, nightly: 5 },
  size: { largest: 32, chats: 40 },
  async run({ clients, cluster, world, count, note, random, fail }) {
    await pause(2000)
    await clients.all({ do: 'load', mix: null })
    for (let n = 0; n < count; n++) {
      for (const [perChat, chats, reset] of [[1, 1, false], [1000, 1, false], [1001, 1, true], [1000, 5, false], [1000, 6, true]] as const) {
        await pause(1500)
        const member = random.below(world.devices.length)
        const userId = world.devices[member] ?? 0
        const own = await cluster.sql<{ chat: number }[]>`select chat_id as chat from member where user_id = ${userId} and to_seq is null order by random() limit ${chats}`
        if (own.length < chats) continue
        const devices = world.devices.flatMap((user, d) => (user === userId ? [d] : []))
        note(`devices ${devices.join(', ')} are away while ${perChat} events come in each of ${chats} chats`)
        const began = now()
        await clients.all({ do: 'offline', devices, offline: true })
        await pause(500)
        for (const { chat } of own) {
          const group = world.groups.find(({ id }) => id === chat)
          if (group !== undefined) await sendBySql(cluster.sql, group.owner, chat, perChat)
        }
        await clients.all({ do: 'offline', devices, offline: false })
        await pause(3000)
        const entries = readJournals(clients.journals)
        for (const d of devices) {
          const batches = entries.flatMap((entry) => (entry.d === d && entry.k === 'batch' && entry.at > began ? [entry] : []))
          const was = batches.some(({ reset: told }) => told !== undefined)
          if (batches.length > 0 && was !== reset) fail('I10', `${perChat} events in each of ${chats} chats: ${was ? 'a reset that was not due' : 'no reset'} on device ${d}`)
        }
      }
    }
  },
}

/** Which deliveries count: by the device that sent, by that which gets it, and by the chat; left out: all. */
interface Which {
  fromDevice?: (d: number) => boolean
  toDevice?: (d: number) => boolean
  intoChat?: (chat: number) => boolean
}

/** How long deliveries took before something began, and until it ended. */
export function compare({ clients, figure }: Stage, whose: string, [before, began, ended]: [number, number, number], { fromDevice = all, toDevice = all, intoChat = all }: Which): void {
  const entries = readJournals(clients.journals).filter((entry) => entry.k !== 'ack' || fromDevice(entry.d))
  figure(`${whose}: delivery p99 before, ms`, deliveriesOf(entries, [before, began], toDevice, intoChat).p99)
  figure(`${whose}: delivery p99 meanwhile, ms`, deliveriesOf(entries, [began, ended], toDevice, intoChat).p99)
}

const all = () => true

/** F2. */
export const STANDS_STILL: Fault = {
  what: 'a server stands still for 20 s (SIGSTOP, SIGCONT)',
  invariants: EVERYTHING,
  figures: 'clients leave within 30 s; nothing twice or stale; the other servers no slower',
  counts: { smoke: 0, usual: 1, hour: 5, nightly: 20 },
  async run(stage) {
    for (let n = 0; n < stage.count; n++) await standStill(stage)
  },
}

async function standStill(stage: Stage): Promise<void> {
  const { clients, cluster, figure, note, random } = stage
  const [before, began] = [now(), await pause(10_000).then(now)]
  const node = random.pick(cluster.nodes)
  note(`SIGSTOP ${node?.name} for 20 s`)
  node?.signal('SIGSTOP')
  const ended = await pause(20_000).then(now)
  node?.signal('SIGCONT')
  await pause(3000)
  // Every stream brings something, or at least its cursor, each 15 s: whose does not, or goes elsewhere, is that of the server that stands still.
  const meanwhile = readJournals(clients.journals).filter((entry) => entry.t > began + 2000 && entry.t < ended)
  const elsewhere = new Set(meanwhile.flatMap((entry) => (entry.k === 'batch' ? [entry.d] : [])))
  for (const { k, d } of meanwhile) if (k === 'close') elsewhere.delete(d)
  const isElsewhere = (d: number) => elsewhere.has(d)
  figure('devices at the other servers', elsewhere.size)
  compare(stage, 'other servers', [before, began, ended], { fromDevice: isElsewhere, toDevice: isElsewhere })
}

/** F13. */
export const NEVER_READ: Fault = {
  what: 'devices that never read, while ten thousand messages come into their chat',
  invariants: EVERYTHING,
  figures: 'memory held by each server +64 MB at most; deliveries to others no slower; they are complete afterwards',
  counts: { smoke: 0, usual: 1, hour: 1, nightly: 5 },
  async run(stage) {
    for (let n = 0; n < stage.count; n++) await neverRead(stage)
  },
}

async function neverRead(stage: Stage): Promise<void> {
  const { cluster, clients, world, note, figure } = stage
  const memory = () => cluster.nodes.map((node) => memoryOf(node.pid()) / 1024 / 1024)
  const [hot] = world.groups
  /** Without garbage, which a busy server lets lie for as long as nothing needs the room. */
  const held = async () => {
    for (const node of cluster.nodes) node.signal('SIGUSR2')
    await pause(1000)
    return memory()
  }
  const flood = async (rounds: number) => {
    for (let n = 0; hot !== undefined && n < rounds; n++) {
      await sendBySql(cluster.sql, hot.owner, hot.id, 300)
      await pause(2000)
      memory().forEach((mb, index) => {
        if (before.length > 0) figure('memory more, garbage and all, MB', mb - (before[index] ?? 0))
      })
    }
  }
  let before: number[] = []
  note('3,000 messages that all devices read')
  const first = now()
  // A server that has just started grows with its first work, whoever reads.
  await flood(10)
  before = await held()
  const began = now()
  const members = new Set((await cluster.sql<{ id: number }[]>`select user_id::int as id from member where chat_id = ${hot?.id ?? 0}`).map(({ id }) => id))
  // The others are those who must not notice.
  const devices = world.devices.flatMap((user, d) => (members.has(user) && d % 5 !== 0 ? [d] : [])).slice(0, 50)
  figure('devices that do not read', devices.length)
  note(`${devices.length} devices stop reading, 10,000 messages come into chat ${hot?.id}`)
  await clients.all({ do: 'hang', devices })
  // They are sent away after 20 s: until then something is kept for them.
  await flood(6)
  for (const [index, mb] of (await held()).entries()) figure('memory held more, MB', mb - (before[index] ?? 0))
  await flood(28)
  compare(stage, 'other devices', [first, began, now()], { toDevice: (d) => !devices.includes(d), intoChat: (chat) => chat !== hot?.id })
  await pause(5000)
  await clients.all({ do: 'cut', devices })
}
