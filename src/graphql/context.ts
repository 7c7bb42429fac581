import type { ExecutionResult } from 'graphql'
import type { Ctx, Ports } from '../ctx.ts'
import type { Hub } from '../event/hub.ts'
import type { LiveStream } from './live.ts'
import type { Use } from './quota.ts'

/** What an edge (HTTP, SSE, WebSocket) knows of the one who asks. */
export interface Edge {
  viewer: Ctx['viewer']
  client: Ctx['client']
  /** Stands in the log and in the answer of a masked fault. */
  requestId: string
  /** Names the WebSocket in the log; null over HTTP. */
  connectionId: string | null
  /** A cursor that the connection brings by itself, for clients that repeat their first variables after a reconnect. */
  resumeAfter: string | null
  /** Cuts the connection in a way that makes clients come again and resume. */
  endConnection(): void
  /** Writes a live subscription to the connection itself; null where the transport writes results. */
  writeLive: ((stream: LiveStream) => AsyncIterableIterator<ExecutionResult>) | null
  /** Null over WebSocket: no cookie can be set there. */
  cookies: {
    refreshToken: string | null
    setRefreshToken(token: string | null): void
  } | null
}

/** What resolvers get. */
export interface GraphQLContext extends Ctx, Edge {
  hub: Hub
  /** Taken before anything of the request was read. */
  eventCursor?: string
  /** What the mutation that runs counts as. */
  use?: Use | null
}

/** The long-lived parts that every request shares. */
export type Services = Ports & { hub: Hub }
