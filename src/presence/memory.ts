import type { Presence, PresenceOptions, Seen } from './index.ts'

/** Somebody with a connection, or in the grace after the last one. */
interface Person {
  connections: number
  activeAt: number
  /** The same moment by the steady clock: who is idle does not change because the clock is set. */
  touchedAt: number
  idle: boolean
  idling?: NodeJS.Timeout
  leaving?: NodeJS.Timeout
}

/** Presence of a single server. */
export function createMemoryPresence(options: PresenceOptions): Presence {
  const people = new Map<number, Person>()

  const announce = (userId: number) => {
    options.bus.publish('presence', { userId })
  }

  /** One timer per person, which looks again where something was asked meanwhile: so an operation sets no timer. */
  const awaitIdleness = (userId: number, person: Person) => {
    person.idling = setTimeout(() => {
      if (person.touchedAt + options.idleMs > performance.now()) {
        awaitIdleness(userId, person)
        return
      }
      person.idle = true
      announce(userId)
    }, person.touchedAt + options.idleMs - performance.now())
  }

  const arrive = (userId: number): Person => {
    const person: Person = { connections: 0, activeAt: Date.now(), touchedAt: performance.now(), idle: false }
    people.set(userId, person)
    awaitIdleness(userId, person)
    announce(userId)
    return person
  }

  const leave = (userId: number, person: Person) => {
    person.connections -= 1
    if (person.connections > 0 || people.get(userId) !== person) return
    // Who was idle left the device long before its connection ended.
    if (!person.idle) person.activeAt = Date.now()
    person.leaving = setTimeout(() => {
      forget(userId, person)
      void options.onOffline([seen(userId, person)]).finally(() => {
        announce(userId)
      })
    }, options.graceMs)
  }

  const forget = (userId: number, person: Person) => {
    clearTimeout(person.idling)
    clearTimeout(person.leaving)
    people.delete(userId)
  }

  return {
    connect(userId) {
      const person = people.get(userId) ?? arrive(userId)
      clearTimeout(person.leaving)
      person.connections += 1
      let ended = false
      return () => {
        if (ended) return
        ended = true
        leave(userId, person)
      }
    },
    touch(userId) {
      const person = people.get(userId)
      if (person === undefined) return
      person.activeAt = Date.now()
      person.touchedAt = performance.now()
      if (!person.idle) return
      person.idle = false
      awaitIdleness(userId, person)
      announce(userId)
    },
    states(userIds) {
      const found = userIds.flatMap((id) => {
        const person = people.get(id)
        return person === undefined ? [] : [[id, { idle: person.idle, activeAt: new Date(person.activeAt) }] as const]
      })
      return Promise.resolve(new Map(found))
    },
    async close() {
      // The grace is over for everyone: when they were last there must not be lost with the process.
      const left = [...people].map(([userId, person]) => {
        if (person.connections > 0 && !person.idle) person.activeAt = Date.now()
        forget(userId, person)
        return seen(userId, person)
      })
      if (left.length > 0) await options.onOffline(left)
    },
  }
}

const seen = (userId: number, person: Person): Seen => ({ userId, at: new Date(person.activeAt) })
