import type { Deeds } from './deeds.ts'
import type { Device } from './device.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What happens besides a send, as a share of the sends. */
export interface Mix {
  perSecond: number
  repeats: number
  edits: number
  deletes: number
  members: number
  reads: number
  reactions: number
  histories: number
}

export const STANDARD: Omit<Mix, 'perSecond'> = { repeats: 0.1, edits: 0.05, deletes: 0.02, members: 0.01, reads: 0.2, reactions: 0.05, histories: 0.05 }

/** At most so many deeds wait for an answer: while nothing is answered, people wait too. */
const MAX_WAITING = 200
const TICK_MS = 20

/** Lets the devices of this process act, so many deeds a second. */
export function startLoad(devices: readonly Device[], world: World, deeds: Deeds, random: Random, mix: Mix): { stop(): void } {
  const own: { device: Device; chat: number; number: number }[] = []
  const byUser = new Map<number, Device[]>()
  for (const device of devices) byUser.set(device.userId, [...(byUser.get(device.userId) ?? []), device])
  const out = new Map<string, true>()
  let owed = 0

  const someChat = (device: Device) => random.pick(device.shown.chatIds())
  const send = async (device: Device) => {
    const chat = someChat(device)
    if (chat === undefined) return
    const id = random.uuid()
    const mine = byUser.get(device.userId) ?? [device]
    const repeat = random.chance(mix.repeats)
    const sent = await Promise.all([deeds.send([device], chat, id), ...(repeat ? [deeds.send([...mine].reverse(), chat, id)] : [])])
    for (const message of sent) if (message !== null) own.push({ device, ...message })
    if (own.length > 1000) own.splice(0, 500)
  }
  const withOwn = (act: (one: { device: Device; chat: number; number: number }) => unknown) => {
    const one = random.pick(own)
    if (one !== undefined) void act(one)
  }
  const withChat = (act: (device: Device, chat: number, newest: number) => unknown) => {
    const device = random.pick(devices)
    const chat = device === undefined ? undefined : someChat(device)
    const newest = chat === undefined ? 0 : (device?.shown.newest(chat) ?? 0)
    if (device !== undefined && chat !== undefined && newest > 0) void act(device, chat, newest)
  }
  const changeMember = () => {
    const group = random.pick(world.groups.filter(({ owner }) => byUser.has(owner)))
    const device = group === undefined ? undefined : byUser.get(group.owner)?.[0]
    const user = random.pick(world.users)
    if (group === undefined || device === undefined || user === undefined || user.id === group.owner) return
    // Those who were taken out come back with the next turn.
    const key = `${group.id}:${user.id}`
    const add = out.delete(key) || !random.chance(0.7)
    if (!add) out.set(key, true)
    void deeds.member(device, group.id, user.id, add, random.uuid())
  }
  const act = () => {
    const device = random.pick(devices)
    if (device !== undefined) void send(device)
    if (random.chance(mix.edits)) withOwn(({ device: by, chat, number }) => deeds.edit(by, chat, number, random.uuid()))
    if (random.chance(mix.deletes)) withOwn(({ device: by, chat, number }) => deeds.remove(by, chat, number, random.uuid()))
    if (random.chance(mix.reads)) withChat((by, chat, newest) => deeds.read(by, chat, newest, random.uuid()))
    if (random.chance(mix.reactions)) withChat((by, chat, newest) => deeds.react(by, chat, newest, random.uuid()))
    if (random.chance(mix.histories)) withChat((by, chat) => deeds.history(by, chat))
    for (let share = mix.members; share > 0; share -= 1) if (random.chance(share)) changeMember()
  }
  const timer = setInterval(() => {
    owed = Math.min(owed + (mix.perSecond * TICK_MS) / 1000, mix.perSecond)
    for (; owed >= 1; owed -= 1) if (deeds.counts().waiting < MAX_WAITING) act()
  }, TICK_MS)
  return {
    stop: () => {
      clearInterval(timer)
    },
  }
}
