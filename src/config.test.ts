import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LIMITS } from './base/limits.ts'
import { clientAddress } from './base/proxies.ts'
import { QUOTAS } from './base/quotas.ts'
import { ConfigError, readConfig } from './config.ts'

type Environment = Record<string, string | undefined>

/** The faults of this environment, in order of their settings. */
function faultsOf(environment: Environment): string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.sort()
    throw error
  }
  return []
}

test('nothing needs to be set', () => {
  expect(readConfig({})).toEqual({
    production: false,
    server: { host: '127.0.0.1', port: 4000, loopback: true, publicUrl: null, corsOrigins: [], trustProxy: null },
    dataDir: resolve('data'),
    database: { kind: 'embedded' },
    redis: { kind: 'none' },
    auth: { secretKey: null, algorithm: 'HS256', expiresInMinutes: 60, host: null, serverKey: null },
    whatsapp: null,
    cookie: { secure: false, sameSite: 'lax' },
    logLevel: 'info',
    registrationOpen: true,
    presenceIdleSeconds: 300,
    quotas: QUOTAS,
    limits: LIMITS,
    persisted: { only: false, files: [] },
    metrics: { host: '127.0.0.1', port: null, token: null },
    traces: null,
    graphiql: true,
    introspection: true,
    files: { kind: 'disk', folder: resolve('data/files') },
    uploads: { folder: resolve('data/files/incoming'), maxBytes: 104_857_600, perDay: { files: 1000, bytes: 1_073_741_824 } },
  })
})

test('each setting reaches its place', () => {
  const key = 'a key of at least thirty-two characters'
  expect(
    readConfig({
      NODE_ENV: 'production',
      PORT: '0',
      HOST: '0.0.0.0',
      DATA_DIR: '/var/lib/parley',
      DATABASE_URL: 'postgresql://me:secret@db:5432/chats',
      REDIS_URL: 'rediss://cache:6380',
      PUBLIC_URL: 'https://chat.example.com/base//',
      CORS_ORIGINS: ' https://a.example.com, http://localhost:3000/ ,',
      JWT_SECRET_KEY: key,
      JWT_ALGORITHM: 'HS512',
      JWT_EXPIRES_IN_MINUTES: '15',
      AUTH_JWKS_URL: 'https://id.example.com/keys',
      AUTH_ISSUER: 'https://id.example.com/',
      AUTH_AUDIENCE: 'chat',
      AUTH_CLAIM_USERNAME: 'nickname',
      AUTH_CLAIM_NAME: 'full_name',
      AUTH_CLAIM_EMAIL: 'mail',
      SERVER_KEY: 'a key for the server of the product',
      COOKIE_SECURE: 'true',
      COOKIE_SAMESITE: 'None',
      LOG_LEVEL: 'DEBUG',
      REGISTRATION_OPEN: 'off',
      PRESENCE_IDLE_SECONDS: '60',
      RATE_LIMITS: 'no',
      LIMITS: 'depth=15, cost = 5000',
      PERSISTED_ONLY: 'on',
      PERSISTED_DOCUMENTS: '/srv/web.json, /srv/app.json',
      METRICS_HOST: '10.0.0.5',
      METRICS_PORT: '9464',
      METRICS_TOKEN: 'a-token-for-the-figures',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      GRAPHIQL: 'yes',
      INTROSPECTION: '1',
      FILES_DIR: '/srv/files',
      MAX_UPLOAD_BYTES: '5000000',
      UPLOADS_PER_DAY: '10',
      UPLOAD_BYTES_PER_DAY: '50000000',
    }),
  ).toEqual({
    production: true,
    server: { host: '0.0.0.0', port: 0, loopback: false, publicUrl: 'https://chat.example.com/base', corsOrigins: ['https://a.example.com', 'http://localhost:3000'], trustProxy: null },
    dataDir: '/var/lib/parley',
    database: { kind: 'external', url: 'postgresql://me:secret@db:5432/chats' },
    redis: { kind: 'standalone', url: 'rediss://cache:6380' },
    auth: {
      secretKey: key,
      algorithm: 'HS512',
      expiresInMinutes: 15,
      host: { jwksUrl: 'https://id.example.com/keys', issuer: 'https://id.example.com/', audience: 'chat', claims: { username: 'nickname', name: 'full_name', email: 'mail' } },
      serverKey: 'a key for the server of the product',
    },
    whatsapp: null,
    cookie: { secure: true, sameSite: 'none' },
    logLevel: 'debug',
    registrationOpen: false,
    presenceIdleSeconds: 60,
    quotas: null,
    limits: { ...LIMITS, depth: 15, cost: 5000 },
    persisted: { only: true, files: ['/srv/web.json', '/srv/app.json'] },
    metrics: { host: '10.0.0.5', port: 9464, token: 'a-token-for-the-figures' },
    traces: { endpoint: 'http://collector:4318' },
    graphiql: true,
    introspection: true,
    files: { kind: 'disk', folder: '/srv/files' },
    uploads: { folder: '/srv/files/incoming', maxBytes: 5_000_000, perDay: { files: 10, bytes: 50_000_000 } },
  })
})

test('an empty value counts as not set, and what is not ours is left alone', () => {
  const names = ['NODE_ENV', 'PORT', 'HOST', 'DATA_DIR', 'DATABASE_URL', 'REDIS_URL', 'PUBLIC_URL', 'CORS_ORIGINS', 'FRONTEND_ORIGIN', 'JWT_SECRET_KEY', 'JWT_ALGORITHM']
  names.push('AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_CLAIM_USERNAME', 'AUTH_CLAIM_NAME', 'AUTH_CLAIM_EMAIL', 'SERVER_KEY')
  names.push('JWT_EXPIRES_IN_MINUTES', 'COOKIE_SECURE', 'COOKIE_SAMESITE', 'LOG_LEVEL', 'REGISTRATION_OPEN', 'RATE_LIMITS', 'GRAPHIQL', 'INTROSPECTION')
  for (const empty of ['', '  ', undefined]) expect(readConfig({ PATH: '/bin', ...Object.fromEntries(names.map((name) => [name, empty])) })).toEqual(readConfig({}))
})

test('a Redis may be one, be found by sentinels, or be a cluster', () => {
  const open = { username: null, password: null, tls: false }
  expect(readConfig({ REDIS_URL: 'redis-sentinel://one,two:26380/mymaster' }).redis).toEqual({
    kind: 'sentinel',
    sentinels: [{ host: 'one', port: 26_379 }, { host: 'two', port: 26_380 }],
    master: 'mymaster',
    sentinelPassword: null,
    ...open,
  })
  expect(readConfig({ REDIS_URL: 'rediss-sentinel://me:p%40ss@one/mymaster?sentinelPassword=hush' }).redis).toMatchObject({ username: 'me', password: 'p@ss', tls: true, sentinelPassword: 'hush' })
  expect(readConfig({ REDIS_URL: 'redis-cluster://10.0.0.1:7000, [::1]' }).redis).toEqual({ kind: 'cluster', nodes: [{ host: '10.0.0.1', port: 7000 }, { host: '::1', port: 6379 }], ...open })
  expect(readConfig({ REDIS_URL: 'rediss-cluster://:secret@one' }).redis).toMatchObject({ kind: 'cluster', password: 'secret', tls: true })
})

test('FRONTEND_ORIGIN is another name for CORS_ORIGINS, which wins', () => {
  expect(readConfig({ FRONTEND_ORIGIN: 'https://old.example.com' }).server.corsOrigins).toEqual(['https://old.example.com'])
  expect(readConfig({ FRONTEND_ORIGIN: 'https://old.example.com', CORS_ORIGINS: 'https://new.example.com' }).server.corsOrigins).toEqual(['https://new.example.com'])
})

test('production closes GraphiQL and introspection, each unless it is switched on', () => {
  expect(readConfig({ NODE_ENV: 'production' })).toMatchObject({ graphiql: false, introspection: false })
  expect(readConfig({ NODE_ENV: 'production', GRAPHIQL: 'on' })).toMatchObject({ graphiql: true, introspection: false })
  expect(readConfig({ NODE_ENV: 'production', INTROSPECTION: 'on' })).toMatchObject({ graphiql: false, introspection: true })
  expect(readConfig({ NODE_ENV: 'development', GRAPHIQL: 'off', INTROSPECTION: 'off' })).toMatchObject({ production: false, graphiql: false, introspection: false })
})

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.1.4', false],
  ['chat.example.com', false],
])('HOST %s: only this machine reaches it is %s', (HOST, loopback) => {
  expect(readConfig({ HOST }).server).toMatchObject({ host: HOST, loopback })
})

test('a name that only begins like a loopback address is none', () => {
  expect(readConfig({ HOST: '127.example.com' }).server.loopback).toBe(false)
})

test.each(['true', 'on', 'yes', '1', 'TRUE', 'Yes'])('a switch is on with %s', (value) => {
  expect(readConfig({ COOKIE_SECURE: value }).cookie.secure).toBe(true)
})

test.each(['false', 'off', 'no', '0', 'OFF'])('a switch is off with %s', (value) => {
  expect(readConfig({ REGISTRATION_OPEN: value }).registrationOpen).toBe(false)
})

test('single quotas are set anew, the others stay', () => {
  const quotas = { ...QUOTAS, sendMessage: { points: 50, seconds: 10 }, login: { points: 5, seconds: 900 } }
  expect(readConfig({ RATE_LIMITS: ' sendMessage = 50/10, login=5 / 900, ' }).quotas).toEqual(quotas)
  expect(readConfig({ RATE_LIMITS: 'on' }).quotas).toEqual(QUOTAS)
  expect(QUOTAS.login).toEqual({ points: 10, seconds: 300 })
})

test('the sign-in of a host product is set as a whole', () => {
  const whole = { AUTH_JWKS_URL: 'https://id.example.com/keys', AUTH_ISSUER: 'https://id.example.com/', AUTH_AUDIENCE: 'chat' }
  expect(readConfig(whole).auth.host).toEqual({
    jwksUrl: whole.AUTH_JWKS_URL,
    issuer: whole.AUTH_ISSUER,
    audience: whole.AUTH_AUDIENCE,
    claims: { username: 'preferred_username', name: 'name', email: 'email' },
  })
  const missing = (name: string) => `${name} must be set too: AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE go together`
  expect(faultsOf({ AUTH_AUDIENCE: 'chat', AUTH_JWKS_URL: '' })).toEqual([missing('AUTH_ISSUER'), missing('AUTH_JWKS_URL')])
  expect(faultsOf({ ...whole, AUTH_AUDIENCE: undefined })).toEqual([missing('AUTH_AUDIENCE')])
  expect(faultsOf({ ...whole, AUTH_JWKS_URL: 'id.example.com' })).toEqual(['AUTH_JWKS_URL must be a URL that starts with http:// or https://'])
  expect(faultsOf({ ...whole, AUTH_ISSUER: 'parley' })).toEqual(['AUTH_ISSUER must be another than parley, by which this server knows its own tokens'])
  expect(readConfig({ AUTH_CLAIM_NAME: 'full_name' }).auth.host).toBeNull()
})

test('a bucket takes the place of the folder, of Amazon or of any other store', () => {
  const files = (environment: Environment) => readConfig(environment).files
  expect(files({ S3_BUCKET: 'chat' })).toEqual({ kind: 's3', bucket: 'chat', region: 'us-east-1', endpoint: null, pathStyle: false, prefix: '', credentials: null })
  expect(files({ S3_BUCKET: 'chat', S3_ENDPOINT: 'http://minio:9000', S3_REGION: 'eu-1', S3_ACCESS_KEY_ID: 'me', S3_SECRET_ACCESS_KEY: 'hush', S3_PREFIX: 'parley/' })).toEqual({
    kind: 's3', bucket: 'chat', region: 'eu-1', endpoint: 'http://minio:9000', pathStyle: true, prefix: 'parley/', credentials: { accessKeyId: 'me', secretAccessKey: 'hush' },
  })
  expect(files({ S3_BUCKET: 'chat', S3_ENDPOINT: 'https://s3.example.com', S3_PATH_STYLE: 'no' })).toMatchObject({ pathStyle: false })
  expect(faultsOf({ S3_ENDPOINT: 'http://minio:9000', S3_REGION: 'eu-1' })).toEqual(['S3_ENDPOINT', 'S3_REGION'].map((name) => `${name} needs S3_BUCKET, without which files are kept on disk`))
  expect(faultsOf({ S3_BUCKET: 'chat', S3_ACCESS_KEY_ID: 'me' })).toEqual(['S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together'])
})

test('a relative folder counts from where the server is started', () => {
  expect(readConfig({ DATA_DIR: './here' }).dataDir).toBe(join(process.cwd(), 'here'))
})

test('proxies are named by their addresses, their networks, or by what they are', () => {
  const { trustProxy } = readConfig({ TRUST_PROXY: ' loopback, 10.0.0.0/8,2001:db8::1 ' }).server
  const of = (peer: string, forwarded?: string) => clientAddress(peer, forwarded, trustProxy)
  for (const known of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.1.2.3', '2001:db8::1']) expect(of(known, '192.0.2.7')).toBe('192.0.2.7')
  for (const foreign of ['11.0.0.1', '192.168.0.1', '2001:db8::2']) expect(of(foreign, '192.0.2.7')).toBe(of(foreign))
})

describe('a bad value is named with what would be good', () => {
  const whole = (min: number, max: number) => `must be a whole number from ${min} to ${max}`
  const NO_SWITCH = 'must be true or false'
  test.each<[string, string, string]>([
    ['PORT', '65536', whole(0, 65_535)],
    ['PORT', '-1', whole(0, 65_535)],
    ['PORT', '80.5', whole(0, 65_535)],
    ['PORT', 'http', whole(0, 65_535)],
    ['HOST', 'my host', 'must be an IP address or a host name'],
    ['HOST', 'http://localhost', 'must be an IP address or a host name'],
    ['DATABASE_URL', 'mysql://db/chats', 'must be a URL that starts with postgres:// or postgresql://'],
    ['DATABASE_URL', 'db:5432', 'must be a URL that starts with postgres:// or postgresql://'],
    ['REDIS_URL', 'http://cache', 'must be a URL that starts with redis://, rediss://, redis-sentinel:// or redis-cluster://'],
    ['REDIS_URL', 'redis-cluster://', 'must name every host with its port, such as redis-cluster://one:6379,two:6379'],
    ['REDIS_URL', 'redis-cluster://one,,two', 'must name every host with its port, such as redis-cluster://one:6379,two:6379'],
    ['REDIS_URL', 'redis-cluster://one:99999', 'must name every host with its port, such as redis-cluster://one:6379,two:6379'],
    ['REDIS_URL', 'redis-cluster://one/0', 'must end with the hosts, such as redis-cluster://one:6379,two:6379'],
    ['REDIS_URL', 'redis-sentinel://one:26379', 'must end with the name by which the sentinels know the master, such as redis-sentinel://one:26379,two:26379/mymaster'],
    ['REDIS_URL', 'redis-sentinel://one/mymaster?pasword=x', 'must have no parameter but sentinelPassword'],
    ['REDIS_URL', 'redis-sentinel://:50%@one/mymaster', 'must write special characters of a name or password as in any URL, such as %40 for @'],
    ['PUBLIC_URL', 'chat.example.com', 'must be a URL that starts with http:// or https://'],
    ['CORS_ORIGINS', 'https://a.example.com,b.example.com', 'must be a URL that starts with http:// or https://'],
    ['CORS_ORIGINS', 'https://a.example.com/app', 'must be an origin such as https://app.example.com, without a path'],
    ['FRONTEND_ORIGIN', '*', 'must be a URL that starts with http:// or https://'],
    ['JWT_SECRET_KEY', 'x'.repeat(31), 'must have at least 32 characters, or be left out: then one is made and kept in DATA_DIR'],
    ['SERVER_KEY', 'x'.repeat(31), 'must have at least 32 characters'],
    ['JWT_ALGORITHM', 'none', 'must be HS256, HS384 or HS512'],
    ['JWT_ALGORITHM', 'RS256', 'must be HS256, HS384 or HS512'],
    ['JWT_EXPIRES_IN_MINUTES', '0', whole(1, 1440)],
    ['JWT_EXPIRES_IN_MINUTES', '1441', whole(1, 1440)],
    ['COOKIE_SECURE', 'maybe', NO_SWITCH],
    ['COOKIE_SAMESITE', 'loose', 'must be strict, lax or none'],
    ['COOKIE_SAMESITE', 'none', 'none needs COOKIE_SECURE=true: browsers refuse such a cookie otherwise'],
    ['LOG_LEVEL', 'loud', 'must be fatal, error, warn, info, debug, trace or silent'],
    ['REGISTRATION_OPEN', 'closed', NO_SWITCH],
    ['RATE_LIMITS', '2', `must be on, off, or a list of uses and seconds such as sendMessage=50/10,login=5/900; "2" is no such line`],
    ['RATE_LIMITS', 'login=5', `must be on, off, or a list of uses and seconds such as sendMessage=50/10,login=5/900; "login=5" is no such line`],
    ['RATE_LIMITS', 'login=0/10', `must be on, off, or a list of uses and seconds such as sendMessage=50/10,login=5/900; "login=0/10" is no such line`],
    ['RATE_LIMITS', 'login=5/900,sendMail=1/1', `has no line called "sendMail"; there are ${Object.keys(QUOTAS).join(', ')}`],
    ['RATE_LIMITS', 'toString=1/1', `has no line called "toString"; there are ${Object.keys(QUOTAS).join(', ')}`],
    ['LIMITS', 'off', 'must be a list of names and whole numbers from 1 on, such as depth=15,cost=20000; "off" is no such line'],
    ['LIMITS', 'depth=0', 'must be a list of names and whole numbers from 1 on, such as depth=15,cost=20000; "depth=0" is no such line'],
    ['LIMITS', 'width=3', `has no line called "width"; there are ${Object.keys(LIMITS).join(', ')}`],
    ['TRUST_PROXY', 'nginx', 'must be a list of addresses, networks such as 10.0.0.0/8, or the names loopback and private; "nginx" is none'],
    ['TRUST_PROXY', '10.0.0.0/33', 'must be a list of addresses, networks such as 10.0.0.0/8, or the names loopback and private; "10.0.0.0/33" is none'],
    ['PERSISTED_ONLY', 'yes', 'needs PERSISTED_DOCUMENTS, the file that lists what may be run'],
    ['METRICS_TOKEN', 'short', 'must have at least 16 characters, and no spaces'],
    ['METRICS_PORT', 'http', whole(0, 65_535)],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', 'must be a URL that starts with http:// or https://'],
    ['GRAPHIQL', 'dev', NO_SWITCH],
    ['INTROSPECTION', 'dev', NO_SWITCH],
    ['MAX_UPLOAD_BYTES', '100MB', whole(1, 2 ** 31 - 1)],
    ['UPLOADS_PER_DAY', '0', whole(1, 1_000_000)],
    ['UPLOAD_BYTES_PER_DAY', '1e9', whole(1, 2 ** 50)],
  ])('%s=%s', (name, value, fault) => {
    expect(faultsOf({ [name]: value })).toEqual([`${name} ${fault}`])
  })
})

test('all faults are told at once, and a secret is not repeated', () => {
  const environment = { PORT: 'x', HOST: 'a b', JWT_SECRET_KEY: 'too short', COOKIE_SAMESITE: 'none', COOKIE_SECURE: 'perhaps', LOG_LEVEL: 'all' }
  const faults = faultsOf(environment)
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['COOKIE_SAMESITE', 'COOKIE_SECURE', 'HOST', 'JWT_SECRET_KEY', 'LOG_LEVEL', 'PORT'])
  expect(faults.join()).not.toContain('too short')
})
