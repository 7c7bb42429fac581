/**
 * Meta's errors as its API answers them: code, HTTP status, title. The codes are those of Meta's page (developers.facebook.com/docs/whatsapp/
 * cloud-api/support/error-codes) as docs.360dialog.com, developers.kaleyra.io and niswey.com repeat it. The HTTP statuses were not checked for
 * every code: build on the code, as Meta asks, and on the status only for whether Meta is to blame.
 */
export const META_ERRORS: ReadonlyMap<number, { status: number; title: string }> = new Map(
  Object.entries({
    0: [401, 'AuthException'],
    1: [400, 'API Unknown'],
    2: [503, 'API Service'],
    3: [500, 'API Method'],
    4: [400, 'API Too Many Calls'],
    10: [403, 'API Permission Denied'],
    33: [400, 'Parameter value is not valid'],
    100: [400, 'Invalid parameter'],
    190: [401, 'Access token has expired'],
    200: [403, 'API Permission'],
    299: [403, 'API Permission'],
    368: [403, 'Temporarily blocked for policies violations'],
    80007: [400, 'Rate limit issues'],
    130429: [400, 'Rate limit hit'],
    130472: [400, 'User’s number is part of an experiment'],
    130497: [403, 'Business account is restricted from messaging users in this country'],
    131000: [500, 'Something went wrong'],
    131005: [403, 'Access denied'],
    131008: [400, 'Required parameter is missing'],
    131009: [400, 'Parameter value is not valid'],
    131016: [500, 'Service unavailable'],
    131021: [400, 'Recipient cannot be sender'],
    131026: [400, 'Message undeliverable'],
    131030: [400, 'Recipient phone number not in allowed list'],
    131031: [403, 'Account has been locked'],
    131037: [400, 'Display name approval required'],
    131042: [400, 'Business eligibility payment issue'],
    131043: [400, 'Message expired'],
    131045: [500, 'Incorrect certificate'],
    131047: [400, 'Re-engagement message'],
    131048: [400, 'Spam rate limit hit'],
    131049: [400, 'Message not delivered to maintain healthy ecosystem engagement'],
    131050: [400, 'User has stopped marketing messages'],
    131051: [400, 'Unsupported message type'],
    131052: [400, 'Media download error'],
    131053: [400, 'Media upload error'],
    131056: [400, '(Business Account, Consumer Account) pair rate limit hit'],
    131057: [500, 'Account in maintenance mode'],
    131062: [400, 'Business-scoped user id is not supported here'],
    131064: [400, 'Limited after template violations'],
    132000: [400, 'Template param count mismatch'],
    132001: [404, 'Template does not exist'],
    132005: [400, 'Template hydrated text too long'],
    132007: [400, 'Template format character policy violated'],
    132008: [400, 'Template parameter value is not valid'],
    132012: [400, 'Template parameter format mismatch'],
    132015: [400, 'Template is paused'],
    132016: [400, 'Template is disabled'],
    133004: [503, 'Server temporarily unavailable'],
    133010: [400, 'Phone number not registered'],
    133016: [400, 'Account register deregister rate limit exceeded'],
    137000: [400, 'Recipient identity key hash mismatch'],
  } satisfies Record<number, [number, string]>).map(([code, [status, title]]) => [Number(code), { status, title }]),
)

export interface MetaErrorOptions {
  details?: string
  /** In place of the usual status of the code. */
  status?: number
  /** In place of the usual `(#code) title`. */
  message?: string
  type?: string
  subcode?: number
}

/** Thrown by whatever refuses a request; the server answers it in Meta's shape. */
export class MetaError extends Error {
  override readonly name = 'MetaError'
  readonly code: number
  readonly status: number
  readonly title: string
  readonly #options: MetaErrorOptions

  constructor(code: number, options: MetaErrorOptions = {}) {
    const known = META_ERRORS.get(code) ?? { status: 400, title: 'Unknown error' }
    super(options.message ?? `(#${code}) ${known.title}`)
    this.code = code
    this.status = options.status ?? known.status
    this.title = known.title
    this.#options = options
  }

  /** The body of an answer. `error_subcode` is only there for errors of the Graph API itself. */
  toAnswer(trace: string): object {
    const { details, type, subcode } = this.#options
    return {
      error: {
        message: this.message,
        type: type ?? 'OAuthException',
        code: this.code,
        ...(subcode !== undefined && { error_subcode: subcode }),
        ...(details !== undefined && { error_data: { messaging_product: 'whatsapp', details } }),
        fbtrace_id: trace,
      },
    }
  }

  /** The error as a status or a message of a webhook carries it. */
  toWebhook(): object {
    return {
      code: this.code,
      title: this.title,
      message: this.title,
      error_data: { details: this.#options.details ?? this.title },
      href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
    }
  }
}

/** What the Graph API says of an id that it does not know, or that the token may not see. Source: github.com/netflie/whatsapp-cloud-api/issues/160. */
export function noSuchObject(id: string, verb: 'get' | 'post' | 'delete'): MetaError {
  return new MetaError(100, {
    message: `Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
    type: 'GraphMethodException',
    subcode: 33,
  })
}
