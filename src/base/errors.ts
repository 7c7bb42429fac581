/**
 * What can go wrong for a reason that the caller can act upon. Domain verbs throw these; the API turns them into data
 * (`errors` of a payload) or, where no payload exists, into a top-level error. Anything else that is thrown is a fault: masked and logged.
 */
export abstract class AppError extends Error {
  abstract readonly code: 'INVALID_INPUT' | 'INVALID_CREDENTIALS' | 'NOT_FOUND' | 'NOT_ALLOWED' | 'CONFLICT' | 'RATE_LIMITED' | 'REPLY_WINDOW_CLOSED'
  /** Where in the input the fault is, below `input`; null where it concerns the whole. */
  readonly path: readonly string[] | null

  constructor(message: string, path: readonly string[] | null = null) {
    super(message)
    this.path = path
  }
}

/** A value that no caller may send. */
export class InvalidInput extends AppError {
  override readonly name = 'InvalidInput'
  readonly code = 'INVALID_INPUT'
}

/** A log-in that does not fit; it never tells which part was wrong. */
export class InvalidCredentials extends AppError {
  override readonly name = 'InvalidCredentials'
  readonly code = 'INVALID_CREDENTIALS'
}

/** It does not exist, or the viewer may not know that it does: the two read the same. */
export class NotFound extends AppError {
  override readonly name = 'NotFound'
  readonly code = 'NOT_FOUND'
}

/** The viewer sees it but may not do this to it. */
export class NotAllowed extends AppError {
  override readonly name = 'NotAllowed'
  readonly code = 'NOT_ALLOWED'
}

/** The present state contradicts it: a taken name, a clientId used for other content, an old revision. */
export class Conflict extends AppError {
  override readonly name = 'Conflict'
  readonly code = 'CONFLICT'
}

/** Too often; it may be tried again after `retryAfterSeconds`. */
export class RateLimited extends AppError {
  override readonly name = 'RateLimited'
  readonly code = 'RATE_LIMITED'
  readonly retryAfterSeconds: number
  constructor(message: string, retryAfterSeconds: number) {
    super(message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** To a person outside only a template may be sent now. */
export class ReplyWindowClosed extends AppError {
  override readonly name = 'ReplyWindowClosed'
  readonly code = 'REPLY_WINDOW_CLOSED'
  /** Since when; null: it was never open. */
  readonly closedAt: Date | null
  constructor(path: readonly string[], closedAt: Date | null) {
    super('More than 24 hours have passed since the customer last wrote: only a template can be sent until they write again.', path)
    this.closedAt = closedAt
  }
}

/** Several faults of one input, all told at once. */
export class Faults extends Error {
  override readonly name = 'Faults'
  readonly errors: readonly AppError[]
  constructor(errors: readonly AppError[]) {
    super(errors.map((error) => error.message).join(' '))
    this.errors = errors
  }
}

/** A fault in the arguments of a query or a subscription, where there is no payload to carry it. */
export class BadUserInput extends Error {
  override readonly name = 'BadUserInput'
}

/** The operation needs a signed-in viewer, or a key is wrong. */
export class Unauthenticated extends Error {
  override readonly name = 'Unauthenticated'
  constructor(message = 'Sign in first: this needs a valid access token.') {
    super(message)
  }
}

/** Something outside that the answer depends on is away; the same request may succeed a little later. Whoever throws it has told the log. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

/** The single error, or all of them together. Call it with the faults found; it returns only where there are none. */
export function throwFaults(errors: readonly AppError[]): void {
  const [only] = errors
  if (errors.length === 1 && only !== undefined) throw only
  if (errors.length > 1) throw new Faults(errors)
}
