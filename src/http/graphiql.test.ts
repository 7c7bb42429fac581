import { existsSync, readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { buildSchema, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { tabs } from './graphiql-tabs.ts'
import { createGraphiQL } from './graphiql.ts'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8' }

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

const errors: unknown[] = []
const graphiql = createGraphiQL({ endpoint: '/graphql', onError: (error) => errors.push(error) })
const server = createServer((req, res) => {
  if (!graphiql(req, res)) res.writeHead(418).end('for somebody else')
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  expect(errors).toEqual([])
})

/** Not fetch: that would unpack the body and hide how it came. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }))
      res.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

/** The addresses of everything that the page loads, in the page's order. */
async function assetPaths(): Promise<string[]> {
  const html = (await ask('/graphql', browser)).body.toString()
  return [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => new URL(address, 'http://parley/graphql').pathname)
}

async function assetPath(start: string): Promise<string> {
  const path = (await assetPaths()).find((candidate) => candidate.startsWith(`/graphql/assets/${start}-`))
  if (path === undefined) throw new Error(`The page does not load ${start}`)
  return path
}

describe('the page', () => {
  it('answers a browser that opens the endpoint', async () => {
    const { status, headers, body } = await ask('/graphql', browser)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    expect(headers.vary).toBe('accept')
    expect(body.toString()).toContain('<title>Parley</title>')
    expect(body.length).toBeLessThan(2_000)
  })

  it('answers a browser that follows a link with a query', async () => {
    expect((await ask('/graphql?query=%7Bme%7Bid%7D%7D', browser)).headers['content-type']).toMatch('text/html')
  })

  it.each([
    ['JSON', { accept: 'application/json' }],
    ['a GraphQL response', { accept: 'application/graphql-response+json, application/json;q=0.9' }],
    ['JSON or HTML', { accept: 'application/json, text/html;q=0.1' }],
    ['events', { accept: 'text/event-stream' }],
    ['anything', { accept: '*/*' }],
    ['nothing in particular', {}],
  ])('leaves a client that asks for %s to the API', async (_, headers: Record<string, string>) => {
    expect((await ask('/graphql?query=%7B__typename%7D', headers)).status).toBe(418)
  })

  it.each([
    ['POST', '/graphql'],
    ['OPTIONS', '/graphql'],
    ['GET', '/'],
    ['GET', '/graphql/'],
    ['GET', '/graphqlx'],
    ['GET', '/graphql/assets'],
    ['GET', '/health'],
  ])('leaves %s %s to somebody else', async (method, path) => {
    expect((await ask(path, browser, method)).status).toBe(418)
  })

  it('answers HEAD without a body', async () => {
    const { status, headers, body } = await ask('/graphql', browser, 'HEAD')
    expect(status).toBe(200)
    expect(Number(headers['content-length'])).toBeGreaterThan(100)
    expect(body.length).toBe(0)
  })

  it('names no address outside this server, and runs and styles nothing inline', async () => {
    const html = (await ask('/graphql', browser)).body.toString()
    expect(html).not.toMatch(/\/\//)
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\bstyle=|\son\w+=|javascript:/i)
  })

  it('lets the browser reach this server alone, and lets nobody frame it', async () => {
    const { headers } = await ask('/graphql', browser)
    const policy = new Map(String(headers['content-security-policy']).split('; ').map((part) => [part.split(' ')[0], part.split(' ').slice(1).join(' ')]))
    expect(policy.get('default-src')).toBe("'none'")
    expect(policy.get('script-src')).toBe("'self'")
    expect(policy.get('connect-src')).toBe("'self'")
    expect(policy.get('worker-src')).toBe("'self'")
    expect(policy.get('frame-ancestors')).toBe("'none'")
    expect(headers['content-security-policy']).not.toMatch(/https?:|\*|unsafe-eval/)
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['referrer-policy']).toBe('no-referrer')
  })
})

describe('the assets', () => {
  it('are all there, cacheable for good, each with its type', async () => {
    const paths = await assetPaths()
    const script = (await ask(await assetPath('page'))).body.toString()
    const workers = [...script.matchAll(/"graphql(\/assets\/\w+-worker-[^"]+)"/g)].map(([, path = '']) => `/graphql${path}`)
    expect(paths).toHaveLength(5)
    expect(workers).toHaveLength(3)
    for (const path of [...paths, ...workers]) {
      const { status, headers } = await ask(path, {}, 'HEAD')
      expect(status, path).toBe(200)
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers.vary).toBe('accept-encoding')
      const extension = path.slice(path.lastIndexOf('.') + 1)
      expect(headers['content-type']).toBe({ js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' }[extension])
    }
  })

  it('come compressed as the browser allows', async () => {
    const path = await assetPath('graphiql')
    const plain = await ask(path)
    const packed = async (acceptEncoding: string): Promise<Answer> => ask(path, { 'accept-encoding': acceptEncoding })
    const brotli = await packed('gzip, deflate, br, zstd')
    const gzip = await packed('gzip, deflate')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(brotli.headers['content-encoding']).toBe('br')
    expect(gzip.headers['content-encoding']).toBe('gzip')
    expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
    expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
    expect(brotli.body.length).toBeLessThan(plain.body.length / 2)
    expect(Number(brotli.headers['content-length'])).toBe(brotli.body.length)
    expect((await packed('br;q=0, gzip;q=0.5')).headers['content-encoding']).toBe('gzip')
    expect((await packed('identity')).headers['content-encoding']).toBeUndefined()
    expect((await packed('*')).headers['content-encoding']).toBe('br')
  })

  it('load nothing from elsewhere', async () => {
    const css = (await ask((await assetPaths()).find((path) => path.endsWith('.css')) ?? '')).body.toString()
    const addresses = [...css.matchAll(/url\(\s*["']?([^"')\s]{0,40})|@import\s+(.{0,40})/g)].map(([, url, imported]) => url ?? imported)
    expect(addresses.length).toBeGreaterThan(0)
    for (const address of addresses) expect(address).toMatch(/^(data:|#)/)
    for (const path of await assetPaths()) expect((await ask(path)).body.includes('sourceMappingURL')).toBe(false)
  })

  it('answer an old or foreign name with 404 and a write with 405', async () => {
    expect((await ask('/graphql/assets/graphiql-000000000000.js')).status).toBe(404)
    expect((await ask('/graphql/assets/../../package.json')).status).toBe(404)
    expect((await ask('/graphql/assets/__proto__')).status).toBe(404)
    const written = await ask(await assetPath('page'), {}, 'POST')
    expect(written.status).toBe(405)
    expect(written.headers.allow).toBe('GET, HEAD')
  })
})

describe('a fault', () => {
  it('is told, answered with 500, and tried again by the next browser', async () => {
    const told: unknown[] = []
    const broken = createServer((req, res) => void faulty(req, res))
    const faulty = createGraphiQL({ endpoint: '/graphql', onError: (error) => told.push(error) })
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}/graphql`
    vi.doMock('@graphql-yoga/render-graphiql/graphiql', () => {
      throw new Error('gone')
    })
    expect((await fetch(url, { headers: browser })).status).toBe(500)
    expect(told).toHaveLength(1)
    vi.doUnmock('@graphql-yoga/render-graphiql/graphiql')
    expect((await fetch(url, { headers: browser })).status).toBe(200)
    expect(told).toHaveLength(1)
    broken.close()
  })
})

describe('the tabs', () => {
  it('are small enough for the editor, and each tells first what it is for', () => {
    expect(tabs.map(({ query }) => query.split('\n')[0]?.slice(0, 4))).toEqual(['# 1.', '# 2.', '# 3.', '# 4.'])
    for (const { query } of tabs) for (const line of query.split('\n')) expect(line.length, line).toBeLessThanOrEqual(56)
  })

  const schemaFile = new URL('../../schema.graphql', import.meta.url)
  if (existsSync(schemaFile)) {
    const schema = buildSchema(readFileSync(schemaFile, 'utf8'))
    it.each(tabs.map(({ query }) => [query.split('\n')[0], query]))('%s holds against the schema', (_, query = '') => {
      expect(validate(schema, parse(query))).toEqual([])
    })
  } else {
    it.todo('hold against schema.graphql, which is not there yet')
  }
})
