import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { encodingFor } from './encoding.ts'
import type { Encoding } from './encoding.ts'
import { icon, renderPage, renderScript, style } from './graphiql-page.ts'
import { tabs } from './graphiql-tabs.ts'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

export interface GraphiQLOptions {
  /** The path of the GraphQL endpoint, such as `/graphql`: GraphiQL answers there, its assets below it in `assets/`. */
  endpoint: string
  /** Told when the page or an asset could not be made; the browser gets a 500. Default: nobody is told. */
  onError?: (error: unknown) => void
}

interface Asset {
  type: string
  body: Buffer
  /** Filled when the first browser asks, since most servers are never asked. */
  packed: Partial<Record<Encoding, Promise<Buffer>>>
}

interface Site {
  page: string
  /** By file name. */
  assets: Map<string, Asset>
}

// Quality 5 is the bend of the curve for these scripts: 11 takes sixty times as long, for an eighth less.
const pack: Record<Encoding, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
  gzip: (body) => promisify(gzip)(body),
}

const shared: OutgoingHttpHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // The editor makes its styles at run time. With no foreign origin open, a style cannot carry anything away.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  'font-src data:',
  "worker-src 'self'",
  // 'self' holds the WebSocket of the same origin too.
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves GraphiQL, page and assets, from this server alone: the browser asks no other address.
 *
 * The returned function answers a browser's GET of the endpoint and of the assets, and returns true;
 * it returns false, and has touched nothing, where the request is for somebody else. Nothing is loaded before the first browser comes.
 */
export function createGraphiQL({ endpoint, onError }: GraphiQLOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const assetsPath = `${endpoint}/assets/`
  // Relative, so that the page also works behind a proxy that puts the server under a path of its own.
  const base = `${endpoint.slice(endpoint.lastIndexOf('/') + 1)}/assets/`
  let loading: Promise<Site> | undefined
  const load = (): Promise<Site> => (loading ??= loadSite(base))

  const answer = (res: ServerResponse, send: (site: Site) => void | Promise<void>): true => {
    load()
      .then(send)
      .catch((error: unknown) => {
        loading = undefined
        onError?.(error)
        if (res.headersSent) res.destroy()
        else end(res, 500, 'GraphiQL could not be loaded.')
      })
    return true
  }

  return (req, res) => {
    const path = (req.url ?? '').split('?', 1)[0] ?? ''
    const reads = req.method === 'GET' || req.method === 'HEAD'
    if (path === endpoint && reads && isBrowser(req)) {
      return answer(res, (site) => {
        res.writeHead(200, {
          ...shared,
          'content-type': 'text/html; charset=utf-8',
          'content-length': Buffer.byteLength(site.page),
          'content-security-policy': pagePolicy,
          'cache-control': 'no-store',
          vary: 'accept',
        })
        res.end(req.method === 'HEAD' ? undefined : site.page)
      })
    }
    if (!path.startsWith(assetsPath)) return false
    if (!reads) {
      end(res, 405, 'Only GET is allowed here.', { allow: 'GET, HEAD' })
      return true
    }
    return answer(res, async (site) => {
      const asset = site.assets.get(path.slice(assetsPath.length))
      if (asset === undefined) end(res, 404, 'There is no such file.')
      else await sendAsset(req, res, asset)
    })
  }
}

/** API clients ask for JSON or for anything; only a browser's address bar names HTML and no JSON. */
function isBrowser(req: IncomingMessage): boolean {
  const accept = req.headers.accept?.toLowerCase() ?? ''
  return accept.includes('text/html') && !accept.includes('json')
}

async function sendAsset(req: IncomingMessage, res: ServerResponse, asset: Asset): Promise<void> {
  const encoding = encodingFor(req.headers['accept-encoding'] ?? '')
  const body = encoding === undefined ? asset.body : await (asset.packed[encoding] ??= pack[encoding](asset.body))
  res.writeHead(200, {
    ...shared,
    'content-type': asset.type,
    'content-length': body.length,
    // The workers live under the policy of their own script: it lets them reach nothing.
    'content-security-policy': "default-src 'none'",
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    ...(encoding && { 'content-encoding': encoding }),
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}

function end(res: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders = {}): void {
  res.writeHead(status, { ...shared, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers })
  res.end(`${text}\n`)
}

/** Reads the packages and names each asset by its content, so that it can be cached for good. */
async function loadSite(base: string): Promise<Site> {
  const [graphiql, webSocketClient] = await Promise.all([import('@graphql-yoga/render-graphiql/graphiql'), readWebSocketClient()])
  const assets = new Map<string, Asset>()
  const add = (name: string, content: string): string => {
    const [stem, extension = ''] = name.split('.')
    const body = Buffer.from(content)
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 12)
    const file = `${stem}-${hash}.${extension}`
    assets.set(file, { type: types[extension] ?? 'application/octet-stream', body, packed: {} })
    return base + file
  }
  const workers = {
    editorWorkerService: add('editor-worker.js', graphiql.editorWorkerService),
    json: add('json-worker.js', graphiql.jsonWorker),
    graphql: add('graphql-worker.js', graphiql.graphqlWorker),
  }
  const page = renderPage({
    icon: add('icon.svg', icon),
    style: add('graphiql.css', graphiql.css + style),
    scripts: [add('graphiql.js', graphiql.js), add('graphql-ws.js', webSocketClient), add('page.js', renderScript({ tabs, workers }))],
  })
  return { page, assets }
}

const types: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** graphql-ws ships a build for plain script tags, which its `exports` do not name: it is found beside its package.json. */
function readWebSocketClient(): Promise<string> {
  const root = dirname(createRequire(import.meta.url).resolve('graphql-ws/package.json'))
  return readFile(join(root, 'umd', 'graphql-ws.min.js'), 'utf8')
}
