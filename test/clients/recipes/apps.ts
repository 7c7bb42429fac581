import type { Untyped } from '../../client.ts'
import type { Recipes } from '../../support/recipes.ts'

/** An app made of the recipes, told apart by nothing but the client that it uses. */
export interface App {
  /** What the recipe answered. */
  recipe: Untyped
  outbox: Untyped
  /** The list as it is shown, without what only a cache has. */
  chats(): Untyped[]
  open(chatId: string): Promise<Screen>
  stop(): void
}

/** The history of one chat as it is shown. */
export interface Screen {
  messages(): Untyped[]
  hasOlder(): boolean
  hasNewer(): boolean
  older(): Promise<unknown>
  newer(): Promise<unknown>
  jump(messageId: string): Promise<unknown>
}

export type Start = (url: string, session: Untyped, storage: Storage) => Promise<App>

export const CLIENTS = ['plain', 'apollo', 'urql'] as const

export async function loadApp(recipes: Recipes, client: (typeof CLIENTS)[number]): Promise<Start> {
  const recipe = await recipes.load(`${client}.ts`)
  const { StartDocument } = (await recipes.load('generated/graphql.ts')) as Untyped
  return { plain, apollo, urql }[client](recipe, StartDocument)
}

function plain({ startPlain }: Untyped): Start {
  return async (url, session, storage) => {
    const app = await startPlain(url, session, storage)
    return {
      recipe: app,
      outbox: app.outbox,
      chats: () => bare(app.chats()),
      stop: app.stop,
      async open(chatId) {
        await app.open(chatId)
        return {
          messages: () => bare(app.window(chatId)?.messages ?? []),
          hasOlder: () => app.window(chatId).hasOlder,
          hasNewer: () => app.window(chatId).hasNewer,
          older: () => app.older(chatId),
          newer: () => app.newer(chatId),
          jump: (messageId) => app.jump(chatId, messageId),
        }
      },
    }
  }
}

function apollo({ startApollo, watchHistory }: Untyped, StartDocument: Untyped): Start {
  return async (url, session, storage) => {
    const app = await startApollo(url, session, storage)
    let list: Untyped
    const watched = app.client.watchQuery({ query: StartDocument, variables: { first: 50 } }).subscribe(({ data, dataState }: Untyped) => {
      if (dataState === 'complete') list = data.chats
    })
    return {
      recipe: app,
      outbox: app.outbox,
      chats: () => sorted(list),
      stop() {
        watched.unsubscribe()
        app.stop()
      },
      async open(chatId) {
        const screen = watchHistory(app.client, chatId)
        let shown: Untyped = null
        await new Promise<void>((resolve) => {
          screen.query.subscribe(({ data, dataState }: Untyped) => {
            if (dataState !== 'complete') return
            shown = data.chat
            resolve()
          })
        })
        return { ...screen, ...reading(() => shown) }
      },
    }
  }
}

function urql({ startUrql, watchHistory }: Untyped, StartDocument: Untyped): Start {
  return async (url, session, storage) => {
    const app = await startUrql(url, session, storage)
    const closed: (() => void)[] = []
    let list: Untyped
    const watched = app.client.query(StartDocument, { first: 50 }).subscribe(({ data }: Untyped) => {
      if (data !== undefined) list = data.chats
    })
    return {
      recipe: app,
      outbox: app.outbox,
      chats: () => sorted(list),
      stop() {
        watched.unsubscribe()
        closed.forEach((close) => { close() })
        app.stop()
      },
      async open(chatId) {
        let shown: Untyped = null
        let screen: Untyped
        closed.push(() => { screen.close() })
        await new Promise<void>((resolve) => {
          screen = watchHistory(app.client, chatId, (chat: Untyped) => {
            shown = chat
            resolve()
          })
        })
        return { ...screen, ...reading(() => shown) }
      },
    }
  }
}

/** What a screen shows of a history that a cache keeps. */
function reading(shown: () => Untyped): Pick<Screen, 'messages' | 'hasOlder' | 'hasNewer'> {
  return {
    messages: () => bare(shown()?.messages.edges.map(({ node }: Untyped) => node) ?? []),
    hasOlder: () => shown().messages.pageInfo.hasPreviousPage,
    hasNewer: () => shown().messages.pageInfo.hasNextPage,
  }
}

function sorted(list: Untyped): Untyped[] {
  return bare(list.edges.map(({ node }: Untyped) => node)).sort((a: Untyped, b: Untyped) => (a.lastActivityAt < b.lastActivityAt ? 1 : -1))
}

/** The same without type names, which caches add. */
export function bare(value: Untyped): Untyped {
  return JSON.parse(JSON.stringify(value), (key, part: unknown) => (key === '__typename' ? undefined : part))
}
