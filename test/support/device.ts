import { isDeepStrictEqual } from 'node:util'
import { createClient } from 'graphql-ws'
import type { Client as Socket } from 'graphql-ws'
import { expect } from 'vitest'
import WebSocket from 'ws'
import type { Untyped } from '../client.ts'
import type { TestServer } from '../harness.ts'
import type { Person } from './people.ts'
import { Replica } from './replica.ts'
import { EVENTS } from './replica-documents.ts'

/** Marks and profiles come within a second, and a busy machine may take some more. */
const PATIENCE_MS = 6000

/** One device of somebody: a socket for all that it asks, and a replica that its events feed. */
export class Device {
  readonly person: Person
  readonly replica: Replica
  readonly #server: TestServer
  #socket: Socket
  #unsubscribe: (() => void) | null = null
  /** What went wrong with the events; whoever waits for something is told. */
  #fault: unknown = null
  #caughtUp = false
  #wake: (() => void) | null = null

  private constructor(server: TestServer, person: Person, replica: Replica) {
    this.#server = server
    this.person = person
    this.replica = replica
    this.#socket = this.#connect()
  }

  /** Switches a device on: it fetches everything, and hears of nothing yet. */
  static async open(server: TestServer, person: Person): Promise<Device> {
    const device = new Device(server, person, new Replica(person.id))
    await device.replica.fetch(device.ask)
    return device
  }

  /** Another device of the same person, that knows what this one knows and is away. */
  twin(): Device {
    return new Device(this.#server, this.person, this.replica.copy())
  }

  #connect(): Socket {
    // It connects with the first question. The socket stays while nothing is asked for; only `away` and `close` end it.
    return createClient({ url: this.#server.wsUrl, webSocketImpl: WebSocket, connectionParams: { token: this.person.token }, retryAttempts: 0, lazyCloseTimeout: 600_000 })
  }

  /** Runs a query or mutation; answers its data. */
  readonly ask = (document: string, variables: Record<string, unknown> = {}): Promise<Untyped> =>
    new Promise((resolve, reject) => {
      let answer: Untyped
      this.#socket.subscribe<Untyped>(
        { query: document, variables },
        {
          next: (result) => {
            answer = result
          },
          error: (error) => {
            reject(failure(error))
          },
          complete: () => {
            if (answer === undefined || answer.errors !== undefined) reject(failure(answer?.errors))
            else resolve(answer.data)
          },
        },
      )
    })

  /** Follows the events from where the replica stands, until it goes away. */
  listen(): void {
    this.#caughtUp = false
    this.#unsubscribe = this.#socket.subscribe<Untyped>(
      { query: EVENTS, variables: { after: this.replica.cursor } },
      {
        next: ({ data, errors }) => {
          try {
            if (errors !== undefined) throw failure(errors)
            if (this.replica.apply(data.events)) this.#caughtUp = true
          } catch (error) {
            this.#fail(error)
          }
          this.#wake?.()
        },
        error: (error) => {
          this.#fail(failure(error))
        },
        complete: () => {
          if (this.#unsubscribe !== null) this.#fail(new Error('the events ended'))
        },
      },
    )
  }

  /** Ends the connection; the replica keeps what it has. */
  async away(): Promise<void> {
    const unsubscribe = this.#unsubscribe
    this.#unsubscribe = null
    unsubscribe?.()
    await this.#socket.dispose()
    this.#socket = this.#connect()
  }

  /** Comes back for as long as it takes to hear all that was missed. */
  async catchUp(): Promise<void> {
    this.listen()
    await this.#until(() => this.#caughtUp)
    await this.replica.complete(this.ask)
    await this.away()
  }

  /** A replica that has fetched everything just now. */
  fetchAnew(): Promise<Replica> {
    return new Replica(this.person.id).fetch(this.ask)
  }

  /** Waits until such an event has come; of a changed message the name goes on with what changed. */
  async hears(event: string): Promise<void> {
    if (!(await this.#until(() => this.replica.heard.has(event), { orElse: false }))) expect([...this.replica.heard.keys()], `what ${this.person.username} hears`).toContain(event)
  }

  /** Waits until all that was heard makes up what a fresh fetch brings; fails with what differs. */
  async reaches(fresh: Replica): Promise<void> {
    const expected = fresh.state({ told: true })
    const same = async () => {
      if (this.replica.incomplete) await this.replica.complete(this.ask)
      return isDeepStrictEqual(this.replica.state(), expected)
    }
    if (!(await this.#until(same, { orElse: false }))) expect(this.replica.state(), `what ${this.person.username} has heard`).toEqual(expected)
  }

  /** As it is now, without any waiting. */
  equals(fresh: Replica): void {
    const expected = fresh.state({ told: true })
    if (!isDeepStrictEqual(this.replica.state(), expected)) expect(this.replica.state(), `what ${this.person.username} has heard`).toEqual(expected)
  }

  /** Waits for batches until this holds. @returns false where it did not in time, if `orElse` is given. */
  async #until(holds: () => boolean | Promise<boolean>, { orElse }: { orElse?: false } = {}): Promise<boolean> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const news = new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, deadline - Date.now()), false)
        this.#wake = () => {
          clearTimeout(timer)
          resolve(true)
        }
      })
      const there = this.#fault !== null || (await holds())
      if (this.#fault !== null) throw failure(this.#fault)
      if (there) {
        this.#wake?.()
        return true
      }
      if (await news) continue
      if (orElse === undefined) throw new Error(`${this.person.username} waited in vain`)
      return false
    }
  }

  #fail(error: unknown): void {
    this.#fault ??= error
    this.#wake?.()
  }
}

function failure(error: unknown): Error {
  return error instanceof Error ? error : new Error(`the socket brought: ${JSON.stringify(error)}`)
}
