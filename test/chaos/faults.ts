import { DISK_FULL } from './disk-full.ts'
import { now } from './journal.ts'
import { MANY } from './many.ts'
import { watchPresence } from './presence.ts'
import { pause, until } from './processes.ts'
import { CROSSING, FLOOD_OFFLINE, NEVER_READ, RECONNECTS, STANDS_STILL, TAKEOVER, TOGGLES, compare, sendBySql, untilAcked } from './scenarios.ts'
import type { Fault, Stage } from './stage.ts'

const ALL = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I10'] as const
const WITH_REDIS = [...ALL, 'I9'] as const

export const CLEAN: Fault = {
  what: 'no fault at all',
  invariants: ALL,
  figures: 'delivery p99',
  counts: { smoke: 10, usual: 60, hour: 60, nightly: 600 },
  run: async ({ count }) => pause(count * 1000),
}

async function repeat({ count }: Stage, act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; n < count; n++) await act(n)
}

export const FAULTS: Record<string, Fault> = {
  F1: {
    what: 'kill -9 of a random server every 5 s, started again',
    invariants: ALL,
    figures: 'resume p99 <= 3 s; no acknowledged message lost',
    counts: { smoke: 3, usual: 10, hour: 40, nightly: 100 },
    run: (stage) =>
      repeat(stage, async () => {
        await pause(2000)
        const node = stage.random.pick(stage.cluster.nodes)
        stage.note(`kill -9 ${node?.name}`)
        await node?.end('SIGKILL')
        await pause(500)
        await node?.start()
        await pause(1500)
      }),
  },
  F2: STANDS_STILL,
  F3: {
    what: 'a rolling deploy: SIGTERM and a new start of each server in turn',
    invariants: ALL,
    figures: 'no send fails after retries; each drains within 10 s; nobody seems to be gone',
    counts: { smoke: 0, usual: 1, hour: 5, nightly: 10 },
    // Who leaves the last common chat is not looked at any more.
    mix: { members: 0 },
    async run(stage) {
      const [group] = stage.world.groups
      const viewer = stage.world.users.find(({ id }) => id === group?.owner)
      if (group === undefined || viewer === undefined) return
      const watch = await watchPresence(stage.cluster, group.id, viewer)
      await repeat(stage, async () => {
        for (const node of stage.cluster.nodes) {
          stage.note(`SIGTERM ${node.name}`)
          stage.figure('drain ms', await node.end('SIGTERM'))
          await node.start()
          await until('all servers', () => stage.cluster.balancer.ready() === stage.cluster.balancer.servers)
        }
      })
      // So long after the last connection somebody is still taken to be there.
      await pause(17_000)
      stage.figure('presence flaps', watch.stop())
    },
  },
  F4: {
    what: 'Redis is killed and comes back empty; FLUSHALL; its subscribers are cut',
    invariants: WITH_REDIS,
    figures: 'delivery p99 <= 1.5 s; no send fails',
    counts: { smoke: 3, usual: 9, hour: 30, nightly: 100 },
    run: (stage) =>
      repeat(stage, async (n) => {
        const { redis } = stage.backing
        await pause(1500)
        if (n % 3 === 0) {
          stage.note('Redis is down for 2 s')
          stage.redisIs(true)
          await redis.down()
          await pause(2000)
          await redis.up()
          stage.redisIs(false)
        } else {
          const words: [string, ...string[]] = n % 3 === 1 ? ['FLUSHALL'] : ['CLIENT', 'KILL', 'TYPE', 'pubsub']
          stage.note(words.join(' '))
          await redis.command(...words)
        }
        await pause(1500)
      }),
  },
  F5: {
    what: 'Redis stands still for 10 s (SIGSTOP)',
    invariants: WITH_REDIS,
    figures: 'sends do not wait for it; delivery p99 <= 600 ms after 3 s',
    counts: { smoke: 1, usual: 2, hour: 5, nightly: 20 },
    run: (stage) =>
      repeat(stage, async () => {
        stage.note('SIGSTOP Redis for 10 s')
        stage.redisIs(true)
        stage.backing.redis.signal('SIGSTOP')
        await pause(10_000)
        stage.backing.redis.signal('SIGCONT')
        stage.redisIs(false)
        await pause(2000)
      }),
  },
  F6: {
    what: 'a server reads slowly from Redis, which gives up on it, while 5,000 events come at once',
    invariants: WITH_REDIS,
    figures: 'nothing lost',
    counts: { smoke: 0, usual: 1, hour: 5, nightly: 10 },
    size: { largest: 8 },
    async run(stage) {
      const { redis } = stage.backing
      await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 65536 65536 1')
      await repeat(stage, async () => {
        const node = stage.random.pick(stage.cluster.nodes)
        stage.note(`${node?.name} reads 1 KB/s from Redis; 5,000 events`)
        node?.redis.set({ bytesPerSecond: 1024 })
        await stage.clients.all({ do: 'load', mix: { ...stage.mix, perSecond: stage.mix.perSecond * 3 } })
        const some = stage.world.groups.slice(-10)
        await Promise.all(some.map(({ id, owner }) => sendBySql(stage.cluster.sql, owner, id, Math.min(900, Math.ceil(5000 / some.length)))))
        await pause(4000)
        node?.redis.heal()
      })
      await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 33554432 8388608 60')
    },
  },
  F7: {
    what: 'PostgreSQL is restarted, as after a crash and in good order',
    invariants: ALL,
    figures: 'no acknowledged message lost; sends go on within 5 s of its return',
    counts: { smoke: 2, usual: 4, hour: 20, nightly: 40 },
    run: (stage) =>
      repeat(stage, async (n) => {
        await pause(2000)
        const mode = n % 2 === 0 ? 'immediate' : 'fast'
        stage.note(`PostgreSQL restarts, ${mode}`)
        await stage.backing.postgres.restart(mode)
        await stage.cluster.databaseMoved()
        await untilAcked(stage, 'sends again after ms')
        await pause(2000)
      }),
  },
  F8: {
    what: 'two database connections ended a second, then PostgreSQL stands still for 10 s',
    invariants: ALL,
    figures: 'no wrong acknowledgement; sends go on within 3 s',
    counts: { smoke: 0, usual: 1, hour: 3, nightly: 20 },
    run: (stage) =>
      repeat(stage, async () => {
        stage.note('pg_terminate_backend twice a second for 10 s')
        for (let n = 0; n < 20; n++) {
          await stage.cluster.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'parley-%' and datname = current_database() order by random() limit 1`
          await pause(500)
        }
        stage.note('SIGSTOP PostgreSQL for 10 s')
        stage.backing.postgres.signal('SIGSTOP')
        await pause(10_000)
        stage.backing.postgres.signal('SIGCONT')
        await untilAcked(stage, 'sends again after ms')
      }),
  },
  F9: {
    what: 'what was asked for is done, and the answer is lost: between client and server, and between server and database',
    invariants: ALL,
    figures: 'no message twice; the repeat answers the first one',
    counts: { smoke: 5, usual: 20, hour: 100, nightly: 200 },
    run: (stage) =>
      repeat(stage, async (n) => {
        const node = stage.random.pick(stage.cluster.nodes)
        const line = n % 2 === 0 ? node?.front : node?.database
        const after = stage.random.below(1500)
        stage.note(`answers of ${node?.name} ${n % 2 === 0 ? 'to clients' : 'from its database'} are lost after ${after} bytes`)
        line?.set({ swallowReplyAfter: after })
        await pause(1200)
        line?.heal()
        await pause(600)
      }),
  },
  F10: TAKEOVER,
  F11: {
    what: 'a line between client, server, database and Redis is cut, half open, slow, late or in pieces',
    invariants: WITH_REDIS,
    figures: 'half-open clients are found within 30 s',
    counts: { smoke: 3, usual: 12, hour: 40, nightly: 120 },
    run: (stage) => repeat(stage, (n) => spoilOne(stage, n)),
  },
  F12: DISK_FULL,
  F13: NEVER_READ,
  F14: {
    what: 'the clock of a server jumps by 5 minutes, or goes an hour wrong',
    invariants: ALL,
    figures: 'order, cursors and sign-in are unaffected',
    counts: { smoke: 0, usual: 4, hour: 20, nightly: 40 },
    run: (stage) =>
      repeat(stage, async () => {
        const node = stage.random.pick(stage.cluster.nodes)
        const minutes = stage.random.pick([-60, -5, 5, 60]) ?? 5
        stage.note(`the clock of ${node?.name} is ${minutes} minutes off`)
        node?.setClock(minutes * 60_000)
        await pause(2500)
        if (stage.random.chance(0.5)) node?.setClock(0)
        await stage.clients.all({ do: 'cut', devices: stage.world.devices.flatMap((_, d) => (stage.random.chance(0.2) ? [d] : [])) })
      }),
  },
  F15: MANY,
  F16: CROSSING,
  F17: {
    what: 'somebody holds the lock of one busy chat for 10 s',
    invariants: ALL,
    figures: 'other chats p99 +20 % at most',
    counts: { smoke: 0, usual: 1, hour: 4, nightly: 10 },
    run: (stage) =>
      repeat(stage, async () => {
        const [hot] = stage.world.groups
        const [before, began] = [now(), await pause(5000).then(now)]
        stage.note(`the stream of chat ${hot?.id} is locked for 10 s`)
        await stage.cluster.sql.begin(async (tx) => {
          await tx`select from stream where id = ${hot?.id ?? 0} for update`
          await pause(10_000)
        })
        const ended = now()
        await pause(2000)
        compare(stage, 'other chats', [before, began, ended], { intoChat: (chat) => chat !== hot?.id })
      }),
  },
  F18: {
    what: 'two devices of a user send the same clientId at once over different servers',
    invariants: ['I1', 'I3', 'I5'],
    figures: 'exactly one message each',
    counts: { smoke: 100, usual: 500, hour: 2000, nightly: 10_000 },
    async run({ clients, count, note }) {
      note(`${count} pairs`)
      await clients.all({ do: 'pairs', count })
    },
  },
  F19: TOGGLES,
  F20: FLOOD_OFFLINE,
  reconnects: RECONNECTS,
}

const LINES = ['front', 'database', 'redis'] as const

async function spoilOne({ cluster, random, note }: Stage, n: number): Promise<void> {
  const node = random.pick(cluster.nodes)
  const which = LINES[n % LINES.length] ?? 'front'
  const line = node?.[which]
  const kind = random.pick(['cut', 'reset', 'half open', 'late', 'slow', 'in pieces'])
  note(`the line ${which} of ${node?.name}: ${kind}`)
  if (kind === 'cut' || kind === 'reset') line?.cut(kind === 'reset')
  if (kind === 'half open') line?.set({ blackHole: true })
  if (kind === 'late') line?.set({ latencyMs: 100, jitterMs: 200 })
  if (kind === 'slow') line?.set({ bytesPerSecond: 1024 })
  if (kind === 'in pieces') line?.set({ sliceBytes: 7 })
  await pause(kind === 'half open' ? 15_000 : 3000)
  line?.heal()
  await pause(500)
}
