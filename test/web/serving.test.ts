import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url))
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const get = (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers, redirect: 'manual' })

test.each(['/', '/signin', '/signup', '/settings', '/chat/Q2hhdDox', '/join/abc'])('a browser gets the page at %s', async (path) => {
  const response = await get(path, HTML)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).toContain('<div id="root"></div>')
})

test('no script stands in the page, and its policy allows none', async () => {
  const response = await get('/', HTML)
  const page = await response.text()
  const policy = new Map((response.headers.get('content-security-policy') ?? '').split('; ').map((part) => [part.split(' ', 1)[0] ?? '', part.split(' ').slice(1)]))
  expect(policy.get('default-src')).toEqual(["'none'"])
  expect(policy.get('script-src')).toEqual(["'self'"])
  expect(policy.get('frame-ancestors')).toEqual(["'none'"])
  for (const script of page.match(/<script[^]*?<\/script>/g) ?? []) expect(script).toMatch(/ src="\/assets\/[^"]+"><\/script>$/)
  expect(page).not.toMatch(/ on\w+=|style=|%NONCE%/)
})

test('the nonce of the page is that of its policy, and never the same twice', async () => {
  const nonceOf = async () => {
    const response = await get('/', HTML)
    const nonce = /name="style-nonce" content="([^"]+)"/.exec(await response.text())?.[1] ?? ''
    expect(response.headers.get('content-security-policy')).toContain(`style-src 'self' 'nonce-${nonce}'`)
    return nonce
  }
  const nonce = await nonceOf()
  expect(nonce.length).toBeGreaterThan(20)
  expect(await nonceOf()).not.toBe(nonce)
})

test('files come compressed, are kept for good, and are what was built', async () => {
  const name = readdirSync(join(BUILT, 'assets')).find((file) => file.startsWith('index-') && file.endsWith('.js')) ?? ''
  const plain = readFileSync(join(BUILT, 'assets', name))
  for (const [encoding, unpack] of [['br', brotliDecompressSync], ['gzip', gunzipSync]] as const) {
    const response = await get(`/assets/${name}`, { 'accept-encoding': encoding })
    expect(response.headers.get('content-encoding')).toBe(encoding)
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(Number(response.headers.get('content-length'))).toBeLessThan(plain.length / 2)
    expect(Buffer.from(await response.arrayBuffer()).equals(plain)).toBe(true)
    expect(unpack(readFileSync(join(BUILT, 'assets', `${name}.${encoding === 'br' ? 'br' : 'gz'}`))).equals(plain)).toBe(true)
  }
  const asIs = await get(`/assets/${name}`, { 'accept-encoding': 'identity' })
  expect(asIs.headers.get('content-encoding')).toBeNull()
})

test('what is not there is not there, and nothing outside of the folder', async () => {
  for (const path of ['/assets/none.js', '/assets/../main.js', '/assets/%2e%2e/main.js', '/package.json', '/index.html.br', '/chat/a/b']) {
    expect((await get(path, HTML)).status, path).toBe(404)
  }
})

test('a program is told how the server is, where a browser gets the page', async () => {
  const response = await get('/', { accept: 'application/json' })
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await response.json()).toMatchObject({ status: 'ok' })
})

test('GraphiQL keeps its place', async () => {
  expect(await (await get('/graphql', HTML)).text()).toContain('GraphiQL')
})
