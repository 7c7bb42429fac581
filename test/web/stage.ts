import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { openBrowser, openWindow, signIn, signUp } from './browser.ts'
import type { Person } from './browser.ts'

/** What the tests of a file share. There from `beforeAll` on. */
export interface Stage {
  server: TestServer
  browser: Browser
  /** Somebody new in a window of their own, with nobody signed in; who was opened before the first test may have nothing to complain of after any. */
  window(name: string, options?: BrowserContextOptions): Promise<Person>
  /** Windows of new people, who sign up one after another. */
  signUp<Names extends string[]>(...names: Names): Promise<{ [Index in keyof Names]: Person }>
  /** Windows of people whom the server knows. */
  signIn<Names extends string[]>(...names: Names): Promise<{ [Index in keyof Names]: Person }>
}

interface Options {
  /** What the server starts with. */
  server?: () => Promise<Parameters<typeof startServer>[0]>
  /** How long the beginning may take. */
  withinMs?: number
}

/**
 * Begins a file of tests with a server and a browser, and ends both after it. `begin` brings people in; after each test their browsers may have
 * complained of nothing. To be called once in a file, before its tests.
 */
export function openStage(begin: (stage: Stage) => Promise<void>, { server: options, withinMs = 120_000 }: Options = {}): Stage {
  const watched: Person[] = []
  const ends: (() => Promise<void>)[] = []
  let hasBegun = false
  async function each<Names extends string[]>(names: Names, enter: (person: Person) => Promise<void>) {
    const people: Person[] = []
    for (const name of names) people.push(await stage.window(name))
    for (const person of people) await enter(person)
    return people as { [Index in keyof Names]: Person }
  }
  const stage = {
    async window(name, options) {
      const person = await openWindow(stage.browser, stage.server, name, options)
      if (!hasBegun) watched.push(person)
      return person
    },
    signUp: (...names) => each(names, signUp),
    signIn: (...names) => each(names, signIn),
  } as Stage

  beforeAll(async () => {
    const server = await startServer(await options?.())
    ends.push(() => server.close())
    const browser = await openBrowser()
    ends.push(() => browser.close())
    Object.assign(stage, { server, browser })
    await begin(stage)
    hasBegun = true
  }, withinMs)
  afterEach(() => {
    for (const { name, complaints } of watched) expect(complaints.splice(0), name).toEqual([])
  })
  // The browser first: its pages would miss the server.
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })
  return stage
}
