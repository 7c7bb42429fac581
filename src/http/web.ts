import { randomBytes } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { encodingFor } from './encoding.ts'
import type { Encoding } from './encoding.ts'

export interface WebOptions {
  /** The folder that the build of the web client has made; without it, the place where `npm run build` puts it. */
  folder?: string
}

interface File {
  type: string
  /** Made when the client was built; the smaller ones only where they are smaller. */
  bodies: { plain: Buffer } & Partial<Record<Encoding, Buffer>>
}

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url))

/** Where the page knows what to show; it is the same page for each. */
const PLACES = /^\/(signin|signup|settings|new|((chat|join)\/[^/]+))?\/?$/

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

const SHARED: OutgoingHttpHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Scripts from this server alone and none inside the page. The nonce is for the one style that a dialog makes while it is open. */
function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    // 'self' holds the WebSocket of the same origin too.
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * Serves the web client: its page at every place that the client knows, its files below `/assets/` for good, since their names change with
 * their content. The returned function answers a browser's GET and returns true; it returns false, and has touched nothing, where the request
 * is for somebody else. All of it is read once; where it was never built, everything is for somebody else.
 */
export async function createWeb({ folder = BUILT }: WebOptions = {}): Promise<(req: IncomingMessage, res: ServerResponse) => boolean> {
  const files = await readFiles(folder)
  const page = files.get('/index.html')?.bodies.plain.toString()
  if (page === undefined) return () => false
  files.delete('/index.html')

  return (req, res) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return false
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/'
    const file = files.get(path)
    if (file !== undefined) {
      sendFile(req, res, file, path.startsWith('/assets/'))
      return true
    }
    if (!PLACES.test(path) || !isBrowser(req)) return false
    const nonce = randomBytes(16).toString('base64')
    const body = page.replaceAll('%NONCE%', nonce)
    res.writeHead(200, {
      ...SHARED,
      'content-type': TYPES['.html'],
      'content-length': Buffer.byteLength(body),
      'content-security-policy': pagePolicy(nonce),
      'cache-control': 'no-store',
      vary: 'accept',
    })
    res.end(req.method === 'HEAD' ? undefined : body)
    return true
  }
}

/** API clients ask for JSON or for anything; only a browser's address bar names HTML. */
function isBrowser(req: IncomingMessage): boolean {
  return (req.headers.accept ?? '').toLowerCase().includes('text/html')
}

function sendFile(req: IncomingMessage, res: ServerResponse, { type, bodies }: File, forGood: boolean): void {
  const wanted = encodingFor(req.headers['accept-encoding'] ?? '', (encoding) => bodies[encoding] !== undefined)
  const body = (wanted && bodies[wanted]) ?? bodies.plain
  res.writeHead(200, {
    ...SHARED,
    'content-type': type,
    'content-length': body.length,
    'content-security-policy': "default-src 'none'",
    'cache-control': forGood ? 'public, max-age=31536000, immutable' : 'public, max-age=86400',
    vary: 'accept-encoding',
    ...(wanted && { 'content-encoding': wanted }),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** By their path in the address, with what the build has compressed. */
async function readFiles(folder: string): Promise<Map<string, File>> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => [])
  const read = (name: string) => readFile(join(folder, name))
  const known = names.filter((name) => extname(name) in TYPES)
  return new Map(
    await Promise.all(
      known.map(async (name): Promise<[string, File]> => {
        const packed = async (suffix: string) => (names.includes(name + suffix) ? await read(name + suffix) : undefined)
        const [plain, br, gzip] = await Promise.all([read(name), packed('.br'), packed('.gz')])
        return [`/${name.split(sep).join('/')}`, { type: TYPES[extname(name)] ?? '', bodies: { plain, br, gzip } }]
      }),
    ),
  )
}
