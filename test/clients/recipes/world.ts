import { randomUUID } from 'node:crypto'
import { print } from 'graphql'
import { SignJWT, decodeJwt } from 'jose'
import { expect, vi } from 'vitest'
import type { Client, Untyped } from '../../client.ts'
import { PASSWORD, startServer } from '../../harness.ts'
import type { TestServer } from '../../harness.ts'
import { startBadLine } from '../../support/bad-line.ts'
import type { BadLine } from '../../support/bad-line.ts'
import { layOut } from '../../support/recipes.ts'
import type { Recipes } from '../../support/recipes.ts'
import type { App, Screen } from './apps.ts'

/** A server, a line to it that breaks, and the files of the page made ready as it tells. */
export interface World {
  server: TestServer
  line: BadLine
  recipes: Recipes
  /** Writes to bob over a line of her own that never breaks. */
  alice: Client
  /** What a test has begun, and how it ends. */
  open: Set<() => unknown>
  /** Somebody new, with a client beside the recipes. */
  newcomer(): Promise<{ bob: Client; login: string }>
  /** Ends what is open, and makes the line good again. */
  tidy(): Promise<void>
  close(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const server = await startServer()
  const line = await startBadLine(() => server.url)
  const recipes = await layOut('docs/clients.md')
  try {
    await recipes.run('@graphql-codegen/cli/esm/bin.js', '--verbose', '--config', 'codegen.ts')
    await recipes.run('tsx/dist/cli.mjs', 'schema-facts.ts')
  } catch (error) {
    recipes.remove()
    throw error
  }
  const open = new Set<() => unknown>()
  return {
    server,
    line,
    recipes,
    open,
    alice: await server.signUp('alice'),
    async newcomer() {
      const login = `bob-${randomUUID().slice(0, 8)}`
      return { bob: await server.signUp(login), login }
    },
    async tidy() {
      for (const close of open) await close()
      open.clear()
      line.up()
      line.cut()
    },
    async close() {
      recipes.remove()
      await line.close()
      await server.close()
    },
  }
}

/** What a browser keeps for a page. */
export function newStorage(): Storage {
  const items = new Map<string, string>()
  return {
    get length() {
      return items.size
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => { items.set(key, value) },
    removeItem: (key) => { items.delete(key) },
    clear: () => { items.clear() },
  }
}

/** A session of the recipe over the bad line, signed in, with what it keeps. */
export async function signIn({ line, recipes }: World, login: string, storage = newStorage()): Promise<{ session: Untyped; storage: Storage; ended: () => number }> {
  const { createSession } = (await recipes.load('session.ts')) as Untyped
  let ends = 0
  const session = createSession(`${line.url}/graphql`, storage, () => ends++)
  expect(await session.signIn({ login, password: PASSWORD })).toEqual([])
  return { session, storage, ended: () => ends }
}

/** What the session keeps of its tokens, changed. */
export function changeTokens(storage: Storage, change: object): void {
  storage.setItem('parley-session', JSON.stringify({ ...tokensOf(storage), ...change }))
}

export function tokensOf(storage: Storage): Untyped {
  return JSON.parse(storage.getItem('parley-session') ?? 'null')
}

/** The same token as the server would have signed it some time ago: it ends in so many seconds. */
export function endingIn(seconds: number, token: string): Promise<string> {
  const key = new TextEncoder().encode('a secret key for tests, long enough')
  return new SignJWT({ ...decodeJwt(token), exp: Math.floor(Date.now() / 1000) + seconds }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(key)
}

/** Waits until the app shows of its chats, and of one history, what a fresh fetch answers. */
export async function expectFresh({ recipes }: World, bob: Client, app: App, chatId: string, screen: Screen): Promise<void> {
  const { StartDocument, HistoryDocument } = (await recipes.load('generated/graphql.ts')) as Untyped
  await vi.waitFor(async () => {
    const { chats } = await bob.ask(print(StartDocument), { first: 50 })
    expect(app.chats()).toEqual(chats.edges.map(({ node }: Untyped) => node))
    const shown = screen.messages()
    const { chat } = await bob.ask(print(HistoryDocument), { chatId, last: 100 })
    const fresh = chat.messages.edges.map(({ node }: Untyped) => node)
    expect(shown.slice(-100)).toEqual(fresh.slice(-Math.min(100, Math.max(shown.length, 50))))
  }, { timeout: 10_000, interval: 100 })
}

/** Waits until what is read is this. */
export async function shows(read: () => unknown, value: unknown): Promise<void> {
  await expect.poll(read, { timeout: 30_000, interval: 20 }).toEqual(value)
}
