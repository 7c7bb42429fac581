import { randomUUID } from 'node:crypto'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { newStorage } from '../clients/recipes/world.ts'
import { startBadLine } from '../support/bad-line.ts'
import type { BadLine } from '../support/bad-line.ts'
import { openTab } from './tab.ts'
import type { Tab } from './tab.ts'

/** A server, a line to it that breaks, and people. */
export interface World {
  server: TestServer
  line: BadLine
  /** Writes over a line of her own that never breaks. */
  alice: Client
  /** Somebody new, with a direct chat with alice, and a tab that listens. */
  bob(options?: Partial<Parameters<typeof openTab>[0]>): Promise<{ bob: Client; chatId: string; storage: Storage; tab: Tab }>
  /** One more tab of the same browser; closed with the test. */
  tabOf(bob: Client, storage: Storage, options?: Partial<Parameters<typeof openTab>[0]>): Tab
  tidy(): void
  close(): Promise<void>
}

export async function createWorld(settings?: Record<string, string>): Promise<World> {
  const server = await startServer({ settings })
  const line = await startBadLine(() => server.url)
  const alice = await server.signUp('alice')
  const open = new Set<Tab>()
  const tabOf: World['tabOf'] = (bob, storage, options = {}) => {
    const tab = openTab({ url: line.url, user: bob, storage, ...options })
    open.add(tab)
    return tab
  }
  return {
    server,
    line,
    alice,
    tabOf,
    async bob(options) {
      const bob = await server.signUp(`bob-${randomUUID().slice(0, 8)}`)
      const chatId = await alice.directChat(bob)
      const { eventCursor } = await bob.ask('{ eventCursor }')
      const storage = newStorage()
      const tab = tabOf(bob, storage, { ...options, feed: { startAt: eventCursor, ...options?.feed } })
      return { bob, chatId, storage, tab }
    },
    tidy() {
      for (const tab of open) tab.parley.close()
      open.clear()
      line.up()
      line.cut()
    },
    async close() {
      await line.close()
      await server.close()
    },
  }
}

/** The texts of a chat as the server has them. */
export async function historyOf(user: Client, chatId: string): Promise<(string | null)[]> {
  const { chat } = await user.ask('query ($chatId: ID!) { chat(id: $chatId) { messages(last: 100) { edges { node { text } } } } }', { chatId })
  return (chat.messages.edges as { node: { text: string | null } }[]).map(({ node }) => node.text)
}
