import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { createDeeds } from './deeds.ts'
import { startDevice } from './device.ts'
import type { ClientFaults, Device } from './device.ts'
import { openJournal } from './journal.ts'
import type { View } from './journal.ts'
import { startLoad } from './load.ts'
import type { Mix } from './load.ts'
import { pause } from './processes.ts'
import { randomOf } from './random.ts'
import { createShown } from './shown.ts'
import type { World } from './world.ts'

// A process of load clients: a part of the devices, told by messages of its parent what to do.

export interface WorkerStart {
  do: 'start'
  worldFile: string
  journal: string
  url: string
  seed: number
  name: string
  /** Which of the world's devices are here. */
  devices: number[]
  faults: ClientFaults
}

export type Order =
  | WorkerStart
  | { do: 'load'; mix: Mix | null }
  /** Cuts each device's connection now and then, on average so often. */
  | { do: 'reconnects'; everyMs: number | null }
  | { do: 'offline'; devices: number[]; offline: boolean }
  | { do: 'hang'; devices: number[] }
  | { do: 'cut'; devices: number[] }
  /** The devices of one user send the same at once, so many times. */
  | { do: 'pairs'; count: number }
  /** The first device here that is in the chat sends so many messages, so many at a time. */
  | { do: 'burst'; chat: number; count: number }
  /** An owner takes a user out of a chat and back in. */
  | { do: 'toggle'; chat: number; owner: number; user: number; count: number }
  /** No new deeds; done once all are answered. */
  | { do: 'quiet'; ms: number }
  /** Done once every device shows what a fetch brings, or the time is up. */
  | { do: 'settle'; ms: number }

export type Report = { done: Order['do'] } | { counts: { waiting: number; acked: number; failed: number; connected: number } }

const say = (report: Report) => void process.send?.(report)
let started: ReturnType<typeof begin> | null = null

function begin(order: WorkerStart) {
  const world = JSON.parse(readFileSync(order.worldFile, 'utf8')) as World
  const journal = openJournal(order.journal)
  const random = randomOf(order.seed, order.name)
  const tokens = new Map(world.users.map(({ id, token }) => [id, token]))
  const devices = order.devices.map((d) => {
    const userId = world.devices[d] ?? 0
    return startDevice({ d, userId, token: tokens.get(userId) ?? '', url: order.url, journal, random: randomOf(order.seed, `device ${d}`), faults: order.faults })
  })
  const deeds = createDeeds(journal)
  setInterval(() => {
    say({ counts: { ...deeds.counts(), connected: devices.filter((device) => device.line() !== null).length } })
  }, 500)
  return { world, journal, random, devices, deeds, load: null as { stop(): void } | null, reconnects: null as NodeJS.Timeout | null }
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'start') {
    started = begin(order)
    const deadline = performance.now() + 60_000
    while (started.devices.some((device) => device.line() === null) && performance.now() < deadline) await pause(50)
    return
  }
  if (started === null) throw new Error('not started')
  const { world, random, devices, deeds } = started
  const some = (list: readonly number[]) => devices.filter(({ d }) => list.includes(d))
  switch (order.do) {
    case 'load':
      started.load?.stop()
      started.load = order.mix === null ? null : startLoad(devices, world, deeds, random, order.mix)
      return
    case 'reconnects': {
      if (started.reconnects !== null) clearInterval(started.reconnects)
      const { everyMs } = order
      started.reconnects = everyMs === null ? null : setInterval(() => { for (const device of devices) if (random.chance(100 / everyMs)) device.cut() }, 100)
      return
    }
    case 'offline':
      for (const device of some(order.devices)) device.setOffline(order.offline)
      return
    case 'hang':
      for (const device of some(order.devices)) device.hang()
      return
    case 'cut':
      for (const device of some(order.devices)) device.cut()
      return
    case 'pairs':
      return sendPairs(order.count)
    case 'burst':
      return burst(order.chat, order.count)
    case 'toggle': {
      const device = devices.find(({ userId }) => userId === order.owner)
      for (let n = 0; device !== undefined && n < order.count; n++) await deeds.member(device, order.chat, order.user, n % 2 === 1, random.uuid())
      return
    }
    case 'quiet':
      return quiet(order.ms)
    case 'settle':
      return settle(order.ms)
  }
}

async function sendPairs(count: number): Promise<void> {
  if (started === null) return
  const { devices, deeds, random } = started
  const pairs = devices.flatMap((a) => devices.filter((b) => b.d > a.d && b.userId === a.userId).map((b) => [a, b] as const))
  for (let n = 0; n < count && pairs.length > 0; n += 10) {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const [a, b] = random.pick(pairs) ?? []
        const chat = a === undefined ? undefined : random.pick(a.shown.chatIds())
        if (a === undefined || b === undefined || chat === undefined) return
        const id = random.uuid()
        await Promise.all([deeds.send([a], chat, id), deeds.send([b], chat, id)])
      }),
    )
  }
}

async function burst(chat: number, count: number): Promise<void> {
  if (started === null) return
  const { devices, deeds, random } = started
  const members = devices.filter((device) => device.shown.chatIds().includes(chat))
  const next = async (): Promise<void> => {
    for (let device = random.pick(members); count > 0 && device !== undefined; device = random.pick(members)) {
      count -= 1
      await deeds.send([device], chat, random.uuid())
    }
  }
  await Promise.all(Array.from({ length: 16 }, next))
}

async function quiet(ms: number): Promise<void> {
  if (started === null) return
  started.load?.stop()
  if (started.reconnects !== null) clearInterval(started.reconnects)
  const deadline = performance.now() + ms
  while (started.deeds.counts().waiting > 0 && performance.now() < deadline) await pause(50)
  started.deeds.giveUp()
}

/** Waits until each device shows what a fetch brings, or the time is up, and notes both. */
async function settle(ms: number): Promise<void> {
  if (started === null) return
  const { devices, journal } = started
  const deadline = performance.now() + ms
  await Promise.all(devices.map((device) => settleOne(device, deadline)))
  await Promise.all(devices.map((device) => device.stop()))
  await journal.close()

  async function settleOne(device: Device, until: number): Promise<void> {
    let same = 0
    for (;;) {
      const late = performance.now() > until
      try {
        const fetched = createShown()
        const { chats } = await device.fetch()
        fetched.fill(chats.nodes)
        const fresh = fetched.view()
        const shown = device.shown.view()
        // Twice, so that it is not by chance in the middle of something.
        // A chat that came with one event may be ahead of events that are still on their way.
        const complete = fresh.chats.every(([chat, seq]) => device.applied(chat) >= seq)
        same = complete && isSame(shown, fresh) ? same + 1 : 0
        if (same === 2 || late) {
          journal.write({ d: device.d, k: 'final', shown: known(shown, fresh), fresh, cursor: device.line() !== null })
          return
        }
      } catch {
        if (late) return
      }
      await pause(300)
    }
  }
}

const isSame = (shown: View, fresh: View) => isDeepStrictEqual({ ...known(shown, fresh) }, { ...fresh })

/** Of the messages that a device knows those that the fetch has brought; one that it does not know is no contradiction. */
function known(shown: View, fresh: View): View {
  const own = new Map(shown.messages)
  return { chats: shown.chats, messages: fresh.messages.map(([key, text]) => [key, own.get(key) ?? text]) }
}

process.on('message', (order: Order) => {
  void obey(order).then(() => { say({ done: order.do }) })
})
// The parent is gone: nobody is left to tell.
process.on('disconnect', () => process.exit(0))
