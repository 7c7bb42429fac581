import type { Clock, Document } from './types.ts'

/** An error as it stands in a GraphQL answer. */
export interface GraphQLFault {
  message: string
  extensions?: { code?: string; retryAfterSeconds?: number }
}

/** A line that is dead says nothing: what takes longer has failed. */
const LONGEST_MS = 20_000
/** The server is not to blame for the question, so the same one may be answered later. */
const PASSING = ['UNAUTHENTICATED', 'UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'RATE_LIMITED']

/** Why a request has no data. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed'
  /** What the server said; empty where no answer came, and nobody knows whether the request arrived. */
  readonly errors: readonly GraphQLFault[]

  constructor(message: string, errors: readonly GraphQLFault[] = [], options?: ErrorOptions) {
    super(message, options)
    this.errors = errors
  }

  /** Whether the same request may work later; false: it never will. */
  get mayPass(): boolean {
    return mayPass(this.errors)
  }
}

/** Whether what these errors say may be over later. */
export function mayPass(errors: readonly GraphQLFault[]): boolean {
  return errors.every(({ extensions }) => PASSING.includes(extensions?.code ?? ''))
}

export interface RequestOptions {
  url: string
  token: () => Promise<string | null>
  onTokenRefused: (token: string) => unknown
  fetch: typeof fetch
  clock: Clock
  print?: (document: never) => string
}

/** Asks a query or mutation over HTTP. */
export type Request = <R, V extends object>(document: Document<R, V>, variables?: V) => Promise<R>

export function createRequest({ url, token, onTokenRefused, fetch, clock, print }: RequestOptions): Request {
  async function post(body: string, accessToken: string | null): Promise<Response> {
    const headers = new Headers({ 'content-type': 'application/json', accept: 'application/graphql-response+json' })
    if (accessToken !== null) headers.set('authorization', `Bearer ${accessToken}`)
    const controller = new AbortController()
    const callOff = clock.after(LONGEST_MS, () => {
      controller.abort()
    })
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal: controller.signal })
      // With its body, for which nobody waits longer either.
      return new Response(await response.text(), { status: response.status })
    } finally {
      callOff()
    }
  }

  /** 401 means that nothing was done, so even a mutation may go again. */
  async function signed(body: string): Promise<Response> {
    const first = await token()
    const response = await post(body, first)
    if (response.status !== 401 || first === null) return response
    await onTokenRefused(first)
    const second = await token()
    return second === null || second === first ? response : post(body, second)
  }

  return async <R, V extends object>(document: Document<R, V>, variables?: V) => {
    const query = textOf(document, print)
    const answer = await signed(JSON.stringify({ query, variables }))
      .then((response) => response.json() as Promise<{ data?: R | null; errors?: GraphQLFault[] }>)
      .catch((cause: unknown) => {
        throw new RequestFailed('The server does not answer.', [], { cause })
      })
    if (answer.errors?.[0] !== undefined) throw new RequestFailed(answer.errors[0].message, answer.errors)
    if (answer.data == null) throw new RequestFailed('The server gave no answer.')
    return answer.data
  }
}

/** @throws {TypeError} where a document is not text and nothing prints it. */
export function textOf<R, V>(document: Document<R, V>, print?: (document: never) => string): string {
  if (typeof document === 'string' || document instanceof String) return String(document)
  if (print === undefined) throw new TypeError('A document that is not text needs the option `print`: give it that of the package graphql.')
  return print(document as never)
}
