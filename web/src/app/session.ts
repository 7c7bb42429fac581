import { stringifyDocument } from 'urql'
import { Login, Logout, Refresh, Register } from '../graphql/deeds.ts'
import { Server } from '../graphql/documents.ts'
import type { FaultFragment, LoginInput, RegisterInput, ServerQuery } from '../generated/graphql.ts'

/** Where the API is: beside the page. */
export const API = new URL('/graphql', location.href).href
/** Says to this and other tabs that somebody is signed in, and who. The tokens themselves are never stored where scripts can read them. */
const KEY = 'parley-signed-in'

interface Token {
  value: string
  /** In milliseconds since 1970. */
  renewAt: number
}
interface SignedIn {
  accessToken: string | null
  accessTokenExpiresAt: string | null
  user: { id: string } | null
  errors: FaultFragment[]
}

export type Session = ReturnType<typeof createSession>

/**
 * Who is signed in. The refresh token lives in a cookie that no script can read; the access token in the memory of this tab. `onEnd` is
 * called once when the session is over, here, in another tab or by the server.
 */
export function createSession() {
  let token: Token | null = null
  let trading: Promise<void> | null = null
  let onEnd: () => void = () => undefined

  const isSignedIn = () => localStorage.getItem(KEY) !== null
  function keep({ accessToken, accessTokenExpiresAt, user }: SignedIn): void {
    if (accessToken === null || accessTokenExpiresAt === null || user === null) return
    // A minute before its end; but not all the time on a device whose clock is wrong.
    token = { value: accessToken, renewAt: Math.max(Date.parse(accessTokenExpiresAt) - 60_000, Date.now() + 20_000) }
    if (localStorage.getItem(KEY) !== user.id) localStorage.setItem(KEY, user.id)
  }
  function end(): void {
    token = null
    localStorage.removeItem(KEY)
    onEnd()
  }

  async function post<R>(document: object, variables: object, accessToken?: string): Promise<R> {
    const headers = new Headers({ 'content-type': 'application/json' })
    if (accessToken !== undefined) headers.set('authorization', `Bearer ${accessToken}`)
    const body = JSON.stringify({ query: stringifyDocument(document as never), variables })
    const response = await fetch(API, { method: 'POST', credentials: 'same-origin', headers, body, signal: AbortSignal.timeout(15_000) })
    const answer = (await response.json()) as { data?: R | null; errors?: { message: string }[] }
    if (answer.data == null) throw new Error(answer.errors?.[0]?.message ?? 'The server gave no answer.')
    return answer.data
  }

  /** Trades the cookie for a new token. Within ten seconds the server answers the same again, should an answer get lost. */
  async function trade(tries = 0): Promise<void> {
    try {
      const { refreshSession } = await post<{ refreshSession: SignedIn }>(Refresh, {})
      if (!isSignedIn()) return
      if (refreshSession.errors.length === 0) keep(refreshSession)
      else if (refreshSession.errors.some(({ code }) => code === 'INVALID_CREDENTIALS')) end()
    } catch (error) {
      if (tries < 2) return trade(tries + 1)
      throw error
    }
  }

  window.addEventListener('storage', ({ key, newValue }) => {
    if (key === KEY || key === null) if (newValue === null) end()
  })

  return {
    isSignedIn,
    userId: () => localStorage.getItem(KEY),
    set onEnd(run: () => void) {
      onEnd = run
    },
    end,
    /** A token that is good for the next minute, as far as can be known; null: nobody is signed in. @throws where the server cannot be reached. */
    async token(): Promise<string | null> {
      if (!isSignedIn()) return null
      if (token !== null && token.renewAt > Date.now()) return token.value
      // One tab at a time: each trade makes the cookie of the one before worthless.
      const locks = (navigator as Partial<Navigator>).locks
      trading ??= (locks === undefined ? trade() : locks.request('parley-trade', () => trade())).finally(() => {
        trading = null
      })
      await trading
      return (token as Token | null)?.value ?? null
    },
    /** The server did not take this token: the next call of `token` trades. */
    refused(refused: string): void {
      if (token?.value === refused) token = null
    },
    /** Both answer what was wrong; nothing when it worked. */
    async signIn(input: LoginInput): Promise<FaultFragment[]> {
      const { login } = await post<{ login: SignedIn }>(Login, { input: { ...input, cookie: true } })
      keep(login)
      return login.errors
    },
    async signUp(input: RegisterInput): Promise<FaultFragment[]> {
      const { register } = await post<{ register: SignedIn }>(Register, { input: { ...input, cookie: true } })
      keep(register)
      return register.errors
    },
    /** Whether anybody may sign up. */
    async isOpen(): Promise<boolean> {
      return (await post<ServerQuery>(Server, {})).serverInfo.registrationOpen
    },
    async signOut(): Promise<void> {
      if (token !== null) await post(Logout, {}, token.value).catch(() => undefined)
      end()
    },
  }
}
