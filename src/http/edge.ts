import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Credentials } from '../auth/admit.ts'
import { clientAddress } from '../base/proxies.ts'
import type { Config } from '../config.ts'
import type { Edge } from '../graphql/context.ts'

/** The token of an `authorization: Bearer ...` header; null where there is none. */
export function bearerToken(header: unknown): string | null {
  const match = typeof header === 'string' ? /^Bearer +([^ ]+)$/i.exec(header.trim()) : null
  return match?.[1] ?? null
}

/** What a request over HTTP says of its sender, who is not known yet. */
export function httpEdge(config: Config, req: IncomingMessage, res: ServerResponse): Omit<Edge, 'viewer' | 'client'> & { credentials: Credentials } {
  return {
    credentials: { token: bearerToken(req.headers.authorization), serverKey: headerOf(req, 'x-parley-server-key'), actAs: headerOf(req, 'x-parley-act-as') },
    requestId: randomUUID(),
    connectionId: null,
    resumeAfter: headerOf(req, 'x-parley-resume-after'),
    endConnection: () => res.destroy(),
    writeLive: null,
    cookies: {
      refreshToken: cookieOf(req, cookieName(config)),
      setRefreshToken(token) {
        res.appendHeader('set-cookie', refreshCookie(config, token))
      },
    },
  }
}

/** The network address that a request comes from. */
export function addressOf({ server }: Config, req: IncomingMessage): string {
  return clientAddress(req.socket.remoteAddress, headerOf(req, 'x-forwarded-for') ?? undefined, server.trustProxy)
}

/** Who is at the other end, as far as can be told before anybody has signed in. */
export function clientOf(config: Config, req: IncomingMessage, trusted: boolean): Edge['client'] {
  return { address: addressOf(config, req), userAgent: headerOf(req, 'user-agent'), trusted }
}

/** Whether a page of this origin may call the server: its own pages and those that the settings name. */
export function isKnownOrigin(config: Config, origin: string, host: string | undefined): boolean {
  if (config.server.corsOrigins.includes(origin)) return true
  if (config.server.publicUrl !== null && new URL(config.server.publicUrl).origin === origin) return true
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}

/** What a page of this origin may do here, in Yoga's words; false: nothing, also where no page asks. */
export function corsOf(config: Config, origin: string | null | undefined, host: string | null | undefined) {
  if (origin == null || !isKnownOrigin(config, origin, host ?? undefined)) return false
  return { origin, credentials: true, methods: ['GET', 'POST'], allowedHeaders: ['authorization', 'content-type', 'x-parley-resume-after'], maxAge: 600 }
}

function headerOf(req: IncomingMessage, name: string): string | null {
  const value = req.headers[name]
  return typeof value === 'string' ? value : null
}

/** The prefix makes browsers insist on Secure, this host and the whole path. */
function cookieName(config: Config): string {
  return config.cookie.secure ? '__Host-parley_refresh' : 'parley_refresh'
}

/** As long as a refresh token lives. */
const COOKIE_SECONDS = 30 * 24 * 3600

function refreshCookie(config: Config, token: string | null): string {
  const { secure, sameSite } = config.cookie
  return [
    `${cookieName(config)}=${token ?? ''}`,
    'Path=/',
    'HttpOnly',
    `Max-Age=${token === null ? 0 : COOKIE_SECONDS}`,
    `SameSite=${sameSite.charAt(0).toUpperCase()}${sameSite.slice(1)}`,
    ...(secure ? ['Secure'] : []),
  ].join('; ')
}

function cookieOf(req: IncomingMessage, name: string): string | null {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const [key, value] = part.split('=', 2)
    if (key?.trim() === name && value !== undefined && value !== '') return value.trim()
  }
  return null
}
