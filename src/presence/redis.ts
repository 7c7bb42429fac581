import { randomUUID } from 'node:crypto'
import { patiently } from '../base/patience.ts'
import type { RedisClient } from '../base/redis.ts'
import type { Connected, Presence, PresenceOptions, Seen } from './index.ts'
import { createPresenceTable } from './redis-script.ts'
import type { Arrival } from './redis-script.ts'
import { createTouches } from './redis-touches.ts'

/** A server that has not renewed its lease for so long is dead. */
const LEASE_MS = 9000
/** How often the lease is renewed, and looked who is due to be gone or idle. */
const TICK_MS = 500
/** So long after an outage of Redis all servers have told it of their people again. */
const SETTLED_MS = 5000
/** By more than so much a server's clock may not differ from that of Redis. */
const CLOCK_MS = 1000
/** How often what was answered of others is compared with what is: an announcement may be lost. */
const COMPARE_MS = 10_000
/** So long what Redis last said of the people of other servers is believed while it is away, and of so many. */
const BELIEF_MS = 60_000
const REMEMBERED = 10_000

/** Somebody with a connection to this server, or in the grace after the last one here. */
interface Person {
  connections: number
  cameAt: number
  touchedAt: number
  leftAt: number
  /** When the grace ends, by the steady clock. */
  leavingAt: number | null
  /** Only kept while this server is alone; else Redis knows it. */
  idle: boolean
}

/**
 * Presence over several servers. While Redis answers it decides: `together`. While it does not, each server is alone: it goes by its own people,
 * and by what it remembers of the others. When Redis is back, each server tells it of its people anew, and nobody is reaped until all have done so.
 */
export async function createRedisPresence(options: PresenceOptions & { redis: RedisClient }): Promise<Presence> {
  const { bus, graceMs, idleMs } = options
  const table = createPresenceTable(options.redis, randomUUID())
  const ask = patiently()
  const people = new Map<number, Person>()
  const touches = createTouches(idleMs, (some) => {
    if (together) table.active(some).then(announceAll, part)
  })
  /** What was last answered of somebody; null: that they are not there. */
  const remembered = new Map<number, Connected | null>()
  // One clock for all servers, whatever their own ones say: about that of Redis, carried on by what passes here.
  let origin = performance.timeOrigin
  const time = () => Math.floor(origin + performance.now())
  const setClock = (now: number) => {
    if (Math.abs(now - time()) > CLOCK_MS) origin = now - performance.now()
  }
  let together = false
  let joinedAt = performance.now()
  let aloneAt: number | null = null
  let compareAt = joinedAt + COMPARE_MS
  /** What Redis was when we last asked: it comes back as another when it has lost everything. */
  let born: string | null = null
  let freshUntil = -Infinity
  let miscounted = 0
  let closed = false

  const announce = (userId: number) => {
    bus.publish('presence', { userId })
  }
  const announceAll = (userIds: readonly number[]) => {
    for (const userId of userIds) announce(userId)
  }
  const finish = async (gone: readonly Seen[]) => {
    if (gone.length === 0) return
    await options.onOffline(gone)
    announceAll(gone.map(({ userId }) => userId))
  }
  const part = () => {
    if (!together) return
    together = false
    aloneAt = performance.now()
    for (const person of people.values()) person.idle = activeAt(person) + idleMs <= time()
  }
  const arrivalOf = ([userId, person]: [number, Person]): Arrival => ({
    userId,
    activeAt: activeAt(person),
    idle: activeAt(person) + idleMs <= time(),
    touchedAt: person.touchedAt,
  })
  /** Answers whether Redis took it. */
  const arrive = async (arrivals: readonly Arrival[]): Promise<boolean> => {
    const changed = await table.arrive(arrivals).catch(() => null)
    if (changed === null) part()
    else announceAll(changed)
    return changed !== null
  }

  /** Becomes one of the servers, and tells of all who are here. */
  const join = async () => {
    const joined = await table.join(LEASE_MS, randomUUID()).catch(() => null)
    if (joined === null || closed) return
    setClock(joined.now)
    // From here on each change is sent in its order.
    together = true
    miscounted = 0
    joinedAt = performance.now()
    noteBirth(joined.born)
    const left = [...people].filter(([, person]) => person.connections === 0).map(([userId]) => userId)
    const unknown = joined.connected.filter((userId) => !people.has(userId))
    await Promise.all([arrive([...people].map(arrivalOf)), table.leave([...left, ...unknown], 0, graceMs).catch(part)])
  }

  const noteBirth = (now: string | null) => {
    if (now === born && now !== null) return
    if (born !== null) freshUntil = compareAt = performance.now() + SETTLED_MS
    if (now === null) part()
    else born = now
  }
  /** Announces what has become other than it was answered without an announcement, such as who went while Redis forgot everything. */
  const compare = async () => {
    compareAt = performance.now() + COMPARE_MS
    const before = [...remembered]
    const read = before.length === 0 ? null : await table.read(before.map(([userId]) => userId)).catch(() => null)
    if (read === null || read.born !== born || performance.now() < freshUntil) return
    const gone: Seen[] = []
    for (const [n, [userId, was]] of before.entries()) {
      const is = read.states[n] ?? null
      if (is?.idle === was?.idle || people.has(userId) || remembered.get(userId) !== was) continue
      remember(userId, is)
      if (is === null && was !== null) gone.push({ userId, at: was.activeAt })
      else announce(userId)
    }
    await finish(gone)
  }

  const tickTogether = async () => {
    touches.flush()
    const now = performance.now()
    // Redis ends their grace; they are kept some longer, in case that it goes away meanwhile.
    for (const [userId, { leavingAt }] of people) if (leavingAt !== null && leavingAt + SETTLED_MS < now) people.delete(userId)
    let here = 0
    for (const { connections } of people.values()) if (connections > 0) here += 1
    const answer = await table
      .tick({ leaseMs: LEASE_MS, idleMs, graceMs, reapServers: now - joinedAt > LEASE_MS, reapPeople: aloneAt === null || now - joinedAt > SETTLED_MS })
      .catch(() => null)
    if (closed) return
    if (answer === null) {
      part()
      return
    }
    setClock(answer.now)
    noteBirth(answer.born)
    // All was sent in order, so that the counts agree, unless a new master has not seen the last of it.
    miscounted = answer.connected === here ? 0 : miscounted + 1
    if (miscounted > 1) part()
    announceAll(answer.idled)
    await finish(answer.gone)
    if (now >= compareAt) await compare()
    if (answer.more) await tickTogether()
  }
  const tickAlone = async () => {
    const gone: Seen[] = []
    for (const [userId, person] of people) {
      if (person.leavingAt !== null && person.leavingAt <= performance.now()) {
        people.delete(userId)
        gone.push({ userId, at: new Date(activeAt(person)) })
      } else if (!person.idle && activeAt(person) + idleMs <= time()) {
        person.idle = true
        announce(userId)
      }
    }
    await finish(gone)
  }
  const tick = async () => {
    if (!together) {
      aloneAt ??= performance.now()
      await join()
    }
    await (together ? tickTogether() : tickAlone())
  }
  let running = Promise.resolve()
  let timer: NodeJS.Timeout
  const schedule = () => {
    timer = setTimeout(() => {
      running = tick()
      void running.then(() => {
        if (!closed) schedule()
      })
    }, TICK_MS)
  }

  const leave = (userId: number, person: Person) => {
    person.connections -= 1
    if (person.connections > 0 || closed) return
    const now = time()
    // Who was idle left the device long before its connection ended.
    if (!isIdleAlone(person)) person.leftAt = now
    person.leavingAt = performance.now() + graceMs
    if (together) table.leave([userId], now, graceMs).catch(part)
  }
  const isIdleAlone = (person: Person) => person.idle || activeAt(person) + idleMs <= time()

  /** What this server knows by itself. */
  const knownHere = (userId: number): Connected | undefined => {
    const person = people.get(userId)
    if (person === undefined || (person.leavingAt !== null && person.leavingAt <= performance.now())) return undefined
    return { idle: isIdleAlone(person), activeAt: new Date(activeAt(person)) }
  }
  const remember = (userId: number, state: Connected | null) => {
    remembered.delete(userId)
    remembered.set(userId, state)
    if (remembered.size > REMEMBERED) for (const oldest of remembered.keys()) return void remembered.delete(oldest)
  }

  // Whoever was told of it asks again; what nobody asks again need not be compared.
  const unsubscribe = await bus.subscribe('presence', ({ userId }) => {
    if (together && performance.now() >= freshUntil) remembered.delete(userId)
  })
  await patiently()(join, () => Promise.resolve())
  schedule()
  return {
    connect(userId) {
      const known = people.get(userId)
      const person = known ?? { connections: 0, cameAt: time(), touchedAt: 0, leftAt: 0, leavingAt: null, idle: false }
      people.set(userId, person)
      person.connections += 1
      person.leavingAt = null
      if (person.connections === 1) {
        if (!together) {
          if (known === undefined) announce(userId)
        } else {
          void arrive([arrivalOf([userId, person])]).then((taken) => {
            if (!taken && known === undefined) announce(userId)
          })
        }
      }
      let ended = false
      return () => {
        if (ended) return
        ended = true
        leave(userId, person)
      }
    },
    touch(userId) {
      const now = time()
      const person = people.get(userId)
      if (person !== undefined) person.touchedAt = now
      if (together) touches.note(userId, now)
      else if (person?.idle === true) announce(userId)
      if (person !== undefined) person.idle = false
    },
    async states(userIds) {
      const read = together && userIds.length > 0 ? await ask(() => table.read(userIds), () => Promise.resolve(null)) : null
      if (read !== null) noteBirth(read.born)
      const now = performance.now()
      const believe = read === null ? now - (aloneAt ?? now) < BELIEF_MS : now < freshUntil
      const found = new Map<number, Connected>()
      for (const [n, userId] of userIds.entries()) {
        const shared = read?.states[n] ?? null
        if (read !== null && (shared !== null || !believe)) remember(userId, shared)
        const touchedAt = people.get(userId)?.touchedAt ?? 0
        const state =
          shared !== null && touchedAt > shared.activeAt.getTime() && people.get(userId)?.leavingAt === null
            ? { idle: false, activeAt: new Date(touchedAt) }
            : (shared ?? knownHere(userId) ?? (believe ? remembered.get(userId) : null))
        if (state != null) found.set(userId, state)
      }
      return found
    },
    async close() {
      if (closed) return
      closed = true
      unsubscribe()
      clearTimeout(timer)
      touches.close()
      await running
      touches.flush()
      const now = time()
      const left = together ? await table.exit(now, graceMs).catch(() => null) : null
      // Without Redis the grace is over for everyone here: when they were last there must not be lost with the process.
      const alone = () => [...people].map(([userId, person]) => ({ userId, at: new Date(person.connections > 0 && !isIdleAlone(person) ? now : activeAt(person)) }))
      const seen = left ?? alone()
      people.clear()
      if (seen.length > 0) await options.onOffline(seen)
    },
  }
}

function activeAt(person: Person): number {
  return Math.max(person.cameAt, person.touchedAt, person.leftAt)
}
