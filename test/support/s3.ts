import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

// A small and strict S3 store: one bucket on disk, by what Amazon publishes of its REST API and of Signature Version 4
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). The servers that npm has take any signature, or none.

const REGION = 'eu-test-1'
const CREDENTIALS = { accessKeyId: 'parley-tests', secretAccessKey: 'a secret that only the tests know' }
const BUCKET = 'parley-files'
/** A signature may be so old. */
const MAX_AGE_MS = 15 * 60_000

/** A store that runs. */
export interface S3Server {
  endpoint: string
  /** The settings of a server that keeps its files here. */
  settings: Record<string, string>
  /** What it holds, by key, in their order. */
  keys(): Promise<string[]>
  /** Every request as it came and was answered: `PUT /parley-files/abc 200`. */
  log: string[]
  /** Set: every request for an object is answered by this status. */
  fails: number | null
  close(): Promise<void>
}

/** What S3 answers where it does not do what was asked. */
class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

export async function startS3(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-s3-'))
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const payloadHash = checkSignature(req)
    const [, bucket, ...rest] = pathOf(req).split('/')
    const key = rest.map(decodeURIComponent).join('/')
    if (bucket !== BUCKET) throw new Refusal(404, 'NoSuchBucket')
    if (key === '') {
      if (req.method !== 'HEAD') throw new Refusal(501, 'NotImplemented')
      res.writeHead(200).end()
      return
    }
    if (store.fails !== null) throw new Refusal(store.fails, store.fails === 507 ? 'StorageFull' : 'InternalError')
    const path = join(folder, encodeURIComponent(key))
    if (req.method === 'PUT') await put(req, res, path, payloadHash)
    else if (req.method === 'GET') await get(req, res, path)
    else if (req.method === 'DELETE') {
      await rm(path, { force: true })
      res.writeHead(204).end()
    } else throw new Refusal(501, 'NotImplemented')
  }
  const server = createServer((req, res) => {
    res.once('close', () => { store.log.push(`${req.method ?? ''} ${pathOf(req)} ${res.statusCode}`) })
    handle(req, res).catch((error: unknown) => {
      const { status, code } = error instanceof Refusal ? error : new Refusal(500, 'InternalError')
      if (res.headersSent) res.destroy()
      else res.writeHead(status, { 'content-type': 'application/xml', connection: 'close' }).end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const store: S3Server = {
    endpoint,
    settings: { S3_BUCKET: BUCKET, S3_ENDPOINT: endpoint, S3_REGION: REGION, S3_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, S3_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey },
    keys: async () => (await readdir(folder)).filter((name) => !name.startsWith('.')).map(decodeURIComponent).sort(),
    log: [],
    fails: null,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
  return store
}

const pathOf = (req: IncomingMessage) => (req.url ?? '').split('?', 1)[0] ?? ''
const sha256 = (data: string) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/** Whether the request is signed as Signature Version 4 says; answers what it says of its body. */
function checkSignature(req: IncomingMessage): string {
  const { authorization = '' } = req.headers
  const [, accessKeyId, day = '', region, signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(authorization) ?? []
  if (accessKeyId === undefined) throw new Refusal(403, 'AccessDenied')
  if (accessKeyId !== CREDENTIALS.accessKeyId) throw new Refusal(403, 'InvalidAccessKeyId')
  if (region !== REGION) throw new Refusal(400, 'AuthorizationHeaderMalformed')
  const date = String(req.headers['x-amz-date'])
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!date.startsWith(day) || !(Math.abs(Date.now() - at) < MAX_AGE_MS)) throw new Refusal(403, 'RequestTimeTooSkewed')
  const names = signedHeaders.split(';')
  const mustBeSigned = ['host', ...Object.keys(req.headers).filter((name) => name.startsWith('x-amz-'))]
  if (mustBeSigned.some((name) => !names.includes(name))) throw new Refusal(403, 'AccessDenied')
  const payloadHash = String(req.headers['x-amz-content-sha256'])
  const [path = '', query = ''] = (req.url ?? '').split('?', 2)
  const sortedQuery = query === '' ? '' : query.split('&').map((part) => (part.includes('=') ? part : `${part}=`)).sort().join('&')
  const headers = names.map((name) => `${name}:${String(req.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('')
  const canonical = [req.method, path, sortedQuery, headers, signedHeaders, payloadHash].join('\n')
  const scope = `${day}/${REGION}/s3/aws4_request`
  const key = [REGION, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${CREDENTIALS.secretAccessKey}`, day))
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'))
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw new Refusal(403, 'SignatureDoesNotMatch')
  return payloadHash
}

async function put(req: IncomingMessage, res: ServerResponse, path: string, payloadHash: string): Promise<void> {
  const length = Number(req.headers['content-length'] ?? NaN)
  if (!Number.isSafeInteger(length)) throw new Refusal(411, 'MissingContentLength')
  const draft = join(path, '..', `.${randomUUID()}`)
  try {
    const hash = createHash('sha256')
    let size = 0
    await pipeline(
      req,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          size += chunk.length
          yield chunk
        }
      },
      createWriteStream(draft),
    )
    if (size !== length) throw new Refusal(400, 'IncompleteBody')
    if (payloadHash !== 'UNSIGNED-PAYLOAD' && payloadHash !== hash.digest('hex')) throw new Refusal(400, 'XAmzContentSHA256Mismatch')
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
  res.writeHead(200, { etag: '"stored"' }).end()
}

async function get(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
  const size = await stat(path).then((found) => found.size, () => null)
  if (size === null) throw new Refusal(404, 'NoSuchKey')
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? []
  const from = Number(first ?? 0)
  const to = Math.min(Number(last ?? size - 1), size - 1)
  if (req.headers.range !== undefined && (first === undefined || from > to)) throw new Refusal(416, 'InvalidRange')
  res.writeHead(first === undefined ? 200 : 206, { 'content-length': to - from + 1, ...(first === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${size}` }) })
  if (size === 0) res.end()
  else await pipeline(createReadStream(path, { start: from, end: to }), res)
}
