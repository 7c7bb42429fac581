import { createClient } from 'graphql-ws/client'
import type { Client } from 'graphql-ws/client'
import type { Pauses } from './pauses.ts'
import { onPageEvent } from './types.ts'
import type { Clock } from './types.ts'

/** `connecting`: a try is under way. `open`: the server has answered. `away`: no connection, before the next try, before the first one, or after the end. */
export type ConnectionState = 'connecting' | 'open' | 'away'

/** The line to the server, as a page shows it; fits React's `useSyncExternalStore(connection.subscribe, () => connection.state)`. */
export interface Connection {
  readonly state: ConnectionState
  /** Calls `listener` after each change of `state`; answers what ends that. */
  subscribe(listener: () => void): () => void
}

/** A try that has not been answered after so long is given up. */
const PATIENCE_MS = 15_000
/** The token was not valid, or has ended, or its session has. */
const FORBIDDEN = 4403

export interface ConnectionOptions {
  url: string
  token: () => Promise<string | null>
  onTokenRefused: (token: string) => unknown
  webSocketImpl: unknown
  keepAliveMs: number
  clock: Clock
  /** The newest cursor. */
  cursor: () => string | null
}

/** One connection that is always there again, while somebody is subscribed over it. */
export function createConnection({ url, token, onTokenRefused, webSocketImpl, keepAliveMs, clock, cursor }: ConnectionOptions, pauses: Pauses) {
  const listeners = new Set<() => void>()
  let state: ConnectionState = 'away'
  let closed = false
  let used: string | null = null
  /** The cursor that this connection came with; undefined: it has not said yet. */
  let brought: string | null | undefined
  let refusal: Promise<unknown> = Promise.resolve()
  /** Calls off what would end the connection: a try, or a ping, without an answer. */
  let callOff: (() => void) | null = null

  function change(next: ConnectionState): void {
    if (state === next) return
    state = next
    for (const listener of [...listeners]) listener()
  }
  function answerWithin(ms: number): void {
    answered()
    callOff = clock.after(ms, () => {
      client.terminate()
    })
  }
  function answered(): void {
    callOff?.()
    callOff = null
  }

  /** A token before the socket: the server does not wait long for who has come. */
  async function readyUrl(): Promise<string> {
    for (let tries = 0; !closed; tries++) {
      try {
        await refusal
        used = await token()
        break
      } catch {
        change('away')
        await pauses.beforeTry(tries)
        change('connecting')
      }
    }
    return url.replace(/^http/, 'ws')
  }

  async function refuse(refused: string): Promise<void> {
    try {
      await onTokenRefused(refused)
    } catch {
      // It is asked for a token anyway.
    }
  }

  const client: Client = createClient({
    url: readyUrl,
    connectionParams: () => {
      brought = cursor()
      return { token: used, resumeAfter: brought }
    },
    webSocketImpl: impatient(webSocketImpl ?? (globalThis as { WebSocket?: unknown }).WebSocket, clock),
    retryAttempts: Infinity,
    // A server that cannot be reached comes as an error, not as a close.
    shouldRetry: () => !closed,
    retryWait: (tries) => pauses.beforeTry(tries),
    keepAlive: keepAliveMs,
    on: {
      connecting: () => {
        change('connecting')
      },
      opened: () => {
        answerWithin(PATIENCE_MS)
      },
      connected: () => {
        answered()
        change('open')
        pauses.wake()
      },
      ping: (received) => {
        if (!received) answerWithin(keepAliveMs / 2)
      },
      // Something comes, though the answer may be behind much else.
      message: () => {
        if (callOff !== null && state === 'open') answerWithin(keepAliveMs / 2)
      },
      pong: (received) => {
        if (received) answered()
      },
      closed: (event) => {
        answered()
        brought = undefined
        change('away')
        if ((event as { code?: number }).code === FORBIDDEN && used !== null) refusal = refuse(used)
      },
    },
  })
  const deaf = [
    onPageEvent('online', () => {
      pauses.wake()
    }),
    // Sooner than a ping without answer. Where the browser is wrong, such as with a server on the same machine, it is connected again at once.
    onPageEvent('offline', () => {
      if (state === 'open') client.terminate()
    }),
  ]

  const connection: Connection = {
    get state() {
      return state
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    client,
    connection,
    /** What is subscribed to from here on goes on from this cursor: a line that came with another one comes anew, for all that goes over it. */
    bring(newest: string | null) {
      if (brought !== undefined && brought !== newest) client.terminate()
    },
    close() {
      closed = true
      for (const stop of deaf) stop()
      void Promise.resolve(client.dispose()).catch(() => undefined)
    },
  }
}

interface Socket {
  readonly readyState: number
  addEventListener(name: string, listener: () => void): void
  close(): void
}

/** The same sort of socket, which gives up where its server does not even open the door: by itself that may take minutes. */
function impatient(webSocketImpl: unknown, clock: Clock): unknown {
  // graphql-ws says what is missing.
  if (typeof webSocketImpl !== 'function') return webSocketImpl
  return class extends (webSocketImpl as new (url: string, protocol: string) => Socket) {
    constructor(url: string, protocol: string) {
      super(url, protocol)
      const callOff = clock.after(PATIENCE_MS, () => {
        this.close()
      })
      this.addEventListener('open', callOff)
      this.addEventListener('close', callOff)
    }
  }
}
