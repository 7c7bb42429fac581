import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { LIMITS, readLimits } from './base/limits.ts'
import type { Limits } from './base/limits.ts'
import { readProxies } from './base/proxies.ts'
import type { Proxies } from './base/proxies.ts'
import { QUOTAS, readQuotas } from './base/quotas.ts'
import type { Quotas } from './base/quotas.ts'
import { readRedisUrl } from './base/redis-url.ts'
import type { RedisSettings } from './base/redis-url.ts'

/** Everything that can be set from outside, read once at start. `.env.example` lists each setting with its default. */
export interface Config {
  /** 'production' closes GraphiQL and introspection unless they are switched on. */
  production: boolean
  server: {
    /** The address to listen on. */
    host: string
    /** 0 lets the system choose a free port. */
    port: number
    /** True while only this machine can reach the server. */
    loopback: boolean
    /** How clients reach this server, without a trailing slash; null: derived from host and port. */
    publicUrl: string | null
    /** Origins of web pages that may call the API, besides the server's own. */
    corsOrigins: string[]
    /** The proxies before this server, whose word on a client's address counts; null: whoever connects is the client. */
    trustProxy: Proxies | null
  }
  /** Absolute path of the folder for the embedded database, the key file and the files that people send. */
  dataDir: string
  /** `embedded`: a PostgreSQL started by this server, its data in `dataDir`. */
  database: { kind: 'embedded' } | { kind: 'external'; url: string }
  /** `none`: everything stays in this process. */
  redis: { kind: 'none' } | RedisSettings
  auth: {
    /** The secret that signs tokens; null: one is made and kept in `dataDir`. */
    secretKey: string | null
    algorithm: 'HS256' | 'HS384' | 'HS512'
    /** Life of an access token, in minutes. */
    expiresInMinutes: number
    /** Null: only accounts of this server sign in. */
    host: HostSettings | null
    /** By this the product's own server is known, which may act as any user; null: nothing may. */
    serverKey: string | null
  }
  /** WhatsApp by Meta's Cloud API; null: no such chats. */
  whatsapp: WhatsAppSettings | null
  cookie: { secure: boolean; sameSite: 'strict' | 'lax' | 'none' }
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  registrationOpen: boolean
  /** Without any operation for so long somebody who is connected is away. */
  presenceIdleSeconds: number
  /** How often what may be done; null: without limit, which is meant for tests and benchmarks. */
  quotas: Quotas | null
  /** How much a request, a connection or an address may ask for. */
  limits: Limits
  /** `only`: nothing is run but the documents of these files, which clients may also name by their ids. */
  persisted: { only: boolean; files: string[] }
  /** Where figures for Prometheus are served: on a port of their own, or at /metrics to whoever has the token. */
  metrics: { host: string; port: number | null; token: string | null }
  /** Where traces go, by OpenTelemetry's own setting; null: none are taken. */
  traces: { endpoint: string } | null
  graphiql: boolean
  introspection: boolean
  /** Where the files that people send are kept. */
  files: { kind: 'disk'; folder: string } | ({ kind: 's3' } & S3Settings)
  uploads: {
    /** The folder in which files stand until all of their bytes have come. */
    folder: string
    /** A single file has at most so many bytes. */
    maxBytes: number
    /** What one user may upload in a day (of UTC). */
    perDay: { files: number; bytes: number }
  }
}

/** A bucket of an S3-compatible store. */
export interface S3Settings {
  bucket: string
  region: string
  /** Where the store is; null: Amazon's of that region. */
  endpoint: string | null
  /** Whether the bucket stands in the path rather than in the host's name; most stores besides Amazon's want it. */
  pathStyle: boolean
  /** Stands before each key, such as `parley/`; may be empty. */
  prefix: string
  /** Null: as Amazon's tools find them, such as by the role of the machine. */
  credentials: { accessKeyId: string; secretAccessKey: string } | null
}

/** The sign-in of the host product, whose users come with tokens that it signs. */
export interface HostSettings {
  /** Where its public keys are. */
  jwksUrl: string
  /** What its tokens must say of where they come from and for whom they are. */
  issuer: string
  audience: string
  /** Which claims hold what a profile is made of. */
  claims: { username: string; name: string; email: string }
}

/** How Meta's Cloud API is reached, and how its webhooks are known. */
export interface WhatsAppSettings {
  accessToken: string
  /** Our numbers, by Meta's ids of them; all of one business account. */
  phoneNumberIds: string[]
  /** The WhatsApp Business Account. */
  wabaId: string
  /** Such as v24.0. */
  apiVersion: string
  /** Without a trailing slash. */
  apiUrl: string
  /** What Meta shows when it asks whether the webhook is ours. */
  verifyToken: string
  /** Meta signs its webhooks with it. */
  appSecret: string
}

/** Thrown by {@link readConfig}; `faults` holds one line for each bad setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: string[]
  constructor(faults: string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

const bool = z.stringbool({ truthy: ['true', 'on', 'yes', '1'], falsy: ['false', 'off', 'no', '0'], error: 'must be true or false' })

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`)

const urlOf = (...protocols: string[]) =>
  z.string().refine((value) => {
    return URL.canParse(value) && protocols.includes(new URL(value).protocol)
  }, `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`)

const url = urlOf('http:', 'https:')

/** One fault at a time: what is no URL has no path either. */
const origin = url.pipe(z.string().refine((value) => new URL(value).origin === value.replace(/\/$/, ''), 'must be an origin such as https://app.example.com, without a path'))

/** A comma-separated list of origins. */
const origins = z
  .string()
  .transform((value) => value.split(',').map((item) => item.trim()).filter((item) => item !== ''))
  .pipe(z.array(origin))
  .transform((list) => list.map((item) => item.replace(/\/$/, '')))

const host = z.string().refine((value) => isIP(value) !== 0 || /^[a-zA-Z0-9.-]+$/.test(value), 'must be an IP address or a host name')

/** A switch, or single quotas set anew. */
const quotas = z.string().transform((value, context): Quotas | null => {
  const on = bool.safeParse(value)
  if (on.success) return on.data ? QUOTAS : null
  const { quotas, faults } = readQuotas(value)
  for (const message of faults) context.addIssue({ code: 'custom', message })
  return quotas
})

const limits = z.string().transform((value, context): Limits => {
  const { limits, faults } = readLimits(value)
  for (const message of faults) context.addIssue({ code: 'custom', message })
  return limits
})

const proxies = z.string().transform((value, context): Proxies => {
  const read = readProxies(value)
  if (typeof read !== 'string') return read
  context.addIssue({ code: 'custom', message: read })
  return z.NEVER
})

const paths = z.string().transform((value) => value.split(',').map((item) => item.trim()).filter((item) => item !== ''))

const redis = z.string().transform((value, context): RedisSettings => {
  const settings = readRedisUrl(value)
  if (typeof settings !== 'string') return settings
  context.addIssue({ code: 'custom', message: settings })
  return z.NEVER
})

const Environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: wholeNumber(0, 65_535).default(4000),
  HOST: host.default('127.0.0.1'),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').optional(),
  REDIS_URL: redis.optional(),
  PUBLIC_URL: url.optional(),
  TRUST_PROXY: proxies.optional(),
  CORS_ORIGINS: origins.optional(),
  FRONTEND_ORIGIN: origins.optional(),
  JWT_SECRET_KEY: z.string().min(32, 'must have at least 32 characters, or be left out: then one is made and kept in DATA_DIR').optional(),
  JWT_ALGORITHM: z.enum(['HS256', 'HS384', 'HS512'], 'must be HS256, HS384 or HS512').default('HS256'),
  JWT_EXPIRES_IN_MINUTES: wholeNumber(1, 1440).default(60),
  AUTH_JWKS_URL: url.optional(),
  AUTH_ISSUER: z.string().refine((value) => value !== 'parley', 'must be another than parley, by which this server knows its own tokens').optional(),
  AUTH_AUDIENCE: z.string().optional(),
  SERVER_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  AUTH_CLAIM_USERNAME: z.string().default('preferred_username'),
  AUTH_CLAIM_NAME: z.string().default('name'),
  AUTH_CLAIM_EMAIL: z.string().default('email'),
  COOKIE_SECURE: bool.default(false),
  COOKIE_SAMESITE: z.string().toLowerCase().pipe(z.enum(['strict', 'lax', 'none'], 'must be strict, lax or none')).default('lax'),
  LOG_LEVEL: z.string().toLowerCase().pipe(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent')).default('info'),
  REGISTRATION_OPEN: bool.default(true),
  PRESENCE_IDLE_SECONDS: wholeNumber(1, 86_400).default(300),
  RATE_LIMITS: quotas.default(QUOTAS),
  WHATSAPP_ACCESS_TOKEN: z.string().optional(),
  WHATSAPP_PHONE_NUMBER_ID: z.string().transform((value) => value.split(',').map((id) => id.trim()).filter((id) => id !== '')).pipe(z.array(z.string().regex(/^\d{1,30}$/, 'must be ids of digits, with commas between them')).min(1)).optional(),
  WHATSAPP_WABA_ID: z.string().regex(/^\d{1,30}$/, 'must be an id of digits').optional(),
  WHATSAPP_API_VERSION: z.string().regex(/^v\d+\.\d+$/, 'must be a version such as v24.0').default('v24.0'),
  WHATSAPP_API_URL: url.default('https://graph.facebook.com'),
  WHATSAPP_VERIFY_TOKEN: z.string().optional(),
  VERIFY_TOKEN: z.string().optional(),
  WHATSAPP_APP_SECRET: z.string().optional(),
  LIMITS: limits.default(LIMITS),
  PERSISTED_ONLY: bool.default(false),
  PERSISTED_DOCUMENTS: paths.optional(),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  METRICS_HOST: host.default('127.0.0.1'),
  METRICS_TOKEN: z.string().regex(/^\S{16,}$/, 'must have at least 16 characters, and no spaces').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  GRAPHIQL: bool.optional(),
  INTROSPECTION: bool.optional(),
  FILES_DIR: z.string().optional(),
  MAX_UPLOAD_BYTES: wholeNumber(1, 2 ** 31 - 1).default(100 * 1024 * 1024),
  UPLOADS_PER_DAY: wholeNumber(1, 1_000_000).default(1000),
  UPLOAD_BYTES_PER_DAY: wholeNumber(1, 2 ** 50).default(1024 ** 3),
  S3_BUCKET: z.string().optional(),
  S3_ENDPOINT: url.optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_PATH_STYLE: bool.optional(),
  S3_PREFIX: z.string().regex(/^[\w./-]{1,200}$/, 'must be made of letters, digits, dots, hyphens, underscores and slashes').optional(),
})

/** All of them, or none. */
const HOST_SETTINGS = ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'] as const

function hostOf(env: z.infer<typeof Environment>): HostSettings | null {
  const { AUTH_JWKS_URL: jwksUrl, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = env
  if (jwksUrl === undefined || issuer === undefined || audience === undefined) return null
  return { jwksUrl, issuer, audience, claims: { username: env.AUTH_CLAIM_USERNAME, name: env.AUTH_CLAIM_NAME, email: env.AUTH_CLAIM_EMAIL } }
}

function filesOf(env: z.infer<typeof Environment>, folder: string): Config['files'] {
  if (env.S3_BUCKET === undefined) return { kind: 'disk', folder }
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, S3_ENDPOINT: endpoint = null } = env
  return {
    kind: 's3',
    bucket: env.S3_BUCKET,
    region: env.S3_REGION,
    endpoint,
    pathStyle: env.S3_PATH_STYLE ?? endpoint !== null,
    prefix: env.S3_PREFIX ?? '',
    credentials: accessKeyId === undefined || secretAccessKey === undefined ? null : { accessKeyId, secretAccessKey },
  }
}

/** What belongs to a bucket, and says nothing without one. */
const S3_SETTINGS = ['S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_PATH_STYLE', 'S3_PREFIX']

function fileFaults(given: Record<string, string | undefined>): string[] {
  const faults = given.S3_BUCKET === undefined ? S3_SETTINGS.filter((name) => given[name] !== undefined).map((name) => `${name} needs S3_BUCKET, without which files are kept on disk`) : []
  if ((given.S3_ACCESS_KEY_ID === undefined) !== (given.S3_SECRET_ACCESS_KEY === undefined)) faults.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together')
  return faults
}

/** All of them, or none; with why it takes each. */
const WHATSAPP_SETTINGS = {
  WHATSAPP_ACCESS_TOKEN: 'Meta lets nobody send without it',
  WHATSAPP_PHONE_NUMBER_ID: 'it says by which number to send',
  WHATSAPP_WABA_ID: 'templates belong to the business account',
  WHATSAPP_VERIFY_TOKEN: 'Meta shows it when it asks whether the webhook is yours',
  WHATSAPP_APP_SECRET: 'without it anybody could write messages in the name of your customers, as only its signature proves that a webhook is from Meta',
} as const

function whatsAppFaults(given: Record<string, string | undefined>): string[] {
  const isSet = (name: string) => given[name] !== undefined || (name === 'WHATSAPP_VERIFY_TOKEN' && given.VERIFY_TOKEN !== undefined)
  // The short name may mean something else: it alone switches nothing on.
  if (!Object.keys(WHATSAPP_SETTINGS).some((name) => given[name] !== undefined)) return []
  return Object.entries(WHATSAPP_SETTINGS).flatMap(([name, why]) => (isSet(name) ? [] : [`${name} must be set too: ${why}`]))
}

function whatsAppOf(env: z.infer<typeof Environment>): WhatsAppSettings | null {
  const { WHATSAPP_ACCESS_TOKEN: accessToken, WHATSAPP_PHONE_NUMBER_ID: phoneNumberIds, WHATSAPP_WABA_ID: wabaId, WHATSAPP_APP_SECRET: appSecret } = env
  const verifyToken = env.WHATSAPP_VERIFY_TOKEN ?? env.VERIFY_TOKEN
  if (accessToken === undefined || phoneNumberIds === undefined || wabaId === undefined || appSecret === undefined || verifyToken === undefined) return null
  return { accessToken, phoneNumberIds, wabaId, appSecret, verifyToken, apiVersion: env.WHATSAPP_API_VERSION, apiUrl: env.WHATSAPP_API_URL.replace(/\/+$/, '') }
}

/**
 * Reads the settings from an environment. An empty value counts as not set.
 * @throws {ConfigError} with all faults at once.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== ''))
  const result = Environment.safeParse(given)
  const faults = result.success ? [] : result.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`)
  if (given.COOKIE_SAMESITE?.toLowerCase() === 'none' && !bool.safeParse(given.COOKIE_SECURE).data) {
    faults.push('COOKIE_SAMESITE none needs COOKIE_SECURE=true: browsers refuse such a cookie otherwise')
  }
  const missing = HOST_SETTINGS.filter((name) => given[name] === undefined)
  if (missing.length < HOST_SETTINGS.length) faults.push(...missing.map((name) => `${name} must be set too: ${HOST_SETTINGS.join(', ')} go together`))
  faults.push(...fileFaults(given))
  faults.push(...whatsAppFaults(given))
  if (given.PERSISTED_DOCUMENTS === undefined && bool.safeParse(given.PERSISTED_ONLY).data === true) faults.push('PERSISTED_ONLY needs PERSISTED_DOCUMENTS, the file that lists what may be run')
  if (!result.success || faults.length > 0) throw new ConfigError(faults)
  const env = result.data
  const production = env.NODE_ENV === 'production'
  const folder = resolve(env.FILES_DIR ?? join(env.DATA_DIR, 'files'))
  return {
    production,
    server: {
      host: env.HOST,
      port: env.PORT,
      loopback: env.HOST === 'localhost' || env.HOST === '::1' || (isIP(env.HOST) === 4 && env.HOST.startsWith('127.')),
      publicUrl: env.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
      corsOrigins: env.CORS_ORIGINS ?? env.FRONTEND_ORIGIN ?? [],
      trustProxy: env.TRUST_PROXY ?? null,
    },
    dataDir: resolve(env.DATA_DIR),
    database: env.DATABASE_URL === undefined ? { kind: 'embedded' } : { kind: 'external', url: env.DATABASE_URL },
    redis: env.REDIS_URL ?? { kind: 'none' },
    auth: { secretKey: env.JWT_SECRET_KEY ?? null, algorithm: env.JWT_ALGORITHM, expiresInMinutes: env.JWT_EXPIRES_IN_MINUTES, host: hostOf(env), serverKey: env.SERVER_KEY ?? null },
    whatsapp: whatsAppOf(env),
    cookie: { secure: env.COOKIE_SECURE, sameSite: env.COOKIE_SAMESITE },
    logLevel: env.LOG_LEVEL,
    registrationOpen: env.REGISTRATION_OPEN,
    presenceIdleSeconds: env.PRESENCE_IDLE_SECONDS,
    quotas: env.RATE_LIMITS,
    limits: env.LIMITS,
    persisted: { only: env.PERSISTED_ONLY, files: (env.PERSISTED_DOCUMENTS ?? []).map((path) => resolve(path)) },
    metrics: { host: env.METRICS_HOST, port: env.METRICS_PORT ?? null, token: env.METRICS_TOKEN ?? null },
    traces: env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? null : { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '') },
    graphiql: env.GRAPHIQL ?? !production,
    introspection: env.INTROSPECTION ?? !production,
    files: filesOf(env, folder),
    uploads: { folder: join(folder, 'incoming'), maxBytes: env.MAX_UPLOAD_BYTES, perDay: { files: env.UPLOADS_PER_DAY, bytes: env.UPLOAD_BYTES_PER_DAY } },
  }
}
