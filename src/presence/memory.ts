import { Deadline } from '../base/deadline.ts'
import type { Presence, PresenceOptions, Seen } from './index.ts'

/** Somebody with a connection, or in the grace after the last one. */
class Person extends Deadline {
  connections = 0
  activeAt = Date.now()
  /** The same moment by the steady clock: who is idle does not change because the clock is set. */
  touchedAt = performance.now()
  idle = false
  leaving: NodeJS.Timeout | null = null
  readonly #userId: number
  readonly #table: { idleMs: number; announce: (userId: number) => void }

  constructor(userId: number, table: { idleMs: number; announce: (userId: number) => void }) {
    super()
    this.#userId = userId
    this.#table = table
    this.awaitIdleness()
  }

  awaitIdleness(): void {
    this.dueIn(this.touchedAt + this.#table.idleMs - performance.now())
  }

  /** It looks again where something was asked meanwhile: so an operation sets no timer. */
  protected due(): void {
    if (this.touchedAt + this.#table.idleMs > performance.now()) {
      this.awaitIdleness()
      return
    }
    this.idle = true
    this.#table.announce(this.#userId)
  }

  stay(): void {
    if (this.leaving !== null) clearTimeout(this.leaving)
    this.leaving = null
  }

  forget(): void {
    this.cancel()
    this.stay()
  }
}

/** Presence of a single server. */
export function createMemoryPresence(options: PresenceOptions): Presence {
  const people = new Map<number, Person>()

  const announce = (userId: number) => {
    options.bus.publish('presence', { userId })
  }

  const table = { idleMs: options.idleMs, announce }

  const arrive = (userId: number): Person => {
    const person = new Person(userId, table)
    people.set(userId, person)
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
    person.forget()
    people.delete(userId)
  }

  return {
    connect(userId) {
      const person = people.get(userId) ?? arrive(userId)
      person.stay()
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
      person.awaitIdleness()
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
