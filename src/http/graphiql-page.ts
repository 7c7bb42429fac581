import type { Tab } from './graphiql-tabs.ts'

/** Addresses of what the page loads, relative to the page. */
export interface PageAssets {
  icon: string
  style: string
  /** In the order in which they must run. */
  scripts: string[]
}

/** The page. Nothing in it runs or styles inline, so that the policy of the page can forbid that. */
export const renderPage = (assets: PageAssets): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Parley</title>
    <link rel="icon" type="image/svg+xml" href="${assets.icon}">
    <link rel="stylesheet" href="${assets.style}">
${assets.scripts.map((script) => `    <script defer src="${script}"></script>`).join('\n')}
  </head>
  <body id="body" class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root">Loading GraphiQL …</div>
  </body>
</html>
`

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#4f46e5" d="M6 3h20a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H15l-7 6v-6H6a4 4 0 0 1-4-4V7a4 4 0 0 1 4-4Z"/><g fill="#fff"><circle cx="10" cy="13" r="2"/><circle cx="16" cy="13" r="2"/><circle cx="22" cy="13" r="2"/></g></svg>`

/** Added to GraphiQL's own style, for the signed-in person in the corner, and for one fault. */
export const style = `
/* GraphiQL leaves each tab with an offset from a move that never ends, and applies it when the tab gets the focus: the tab jumps away from under the pointer and the click is lost. */
.graphiql-tab { transform: none !important }
.parley-session { margin-left: 12px; font-size: var(--font-size-body); font-weight: var(--font-weight-regular) }
.parley-session button { margin-left: 6px; padding: 0; border: 0; background: none; color: inherit; font: inherit; text-decoration: underline; cursor: pointer }
`

/** What {@link renderScript} writes into the script. */
export interface ScriptSettings {
  tabs: Tab[]
  /** Addresses of the editor's workers, relative to the page, by the label under which Monaco asks for them. */
  workers: Record<string, string>
}

/**
 * The script that starts GraphiQL with a fetcher of its own: it remembers who signed in, and sends subscriptions over WebSocket.
 * It runs after GraphiQL (globals YogaGraphiQL and React) and graphql-ws (global graphqlWs).
 */
export const renderScript = (settings: ScriptSettings): string => `'use strict';
{
  const { tabs, workers } = ${JSON.stringify(settings)}
  const endpoint = location.pathname

  self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => workers[label] }

  // ------------------------------------------------------------ who is signed in
  // In sessionStorage: each browser tab may be somebody else, and the token is gone when the tab is closed.
  const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? 'null')
  let session = read('parley:session')
  const watchers = new Set()
  const setSession = (next) => {
    session = next
    if (next) sessionStorage.setItem('parley:session', JSON.stringify(next))
    else sessionStorage.removeItem('parley:session')
    for (const watcher of watchers) watcher()
  }

  /** The request's headers: those typed into the Headers tab, and the remembered token unless they hold another. */
  const headersWith = (typed) => {
    const headers = {}
    for (const [name, value] of Object.entries(typed ?? {})) headers[name.toLowerCase()] = String(value)
    if (headers.authorization === undefined && session) headers.authorization = 'Bearer ' + session.token
    return headers
  }

  /** Learns from an answer who signed in or out, and whom to write to. */
  const learn = (result, headers) => {
    for (const [field, value] of Object.entries(result.data ?? {})) {
      if (typeof value?.accessToken === 'string') setSession({ token: value.accessToken, username: value.user?.username })
      if (field === 'userByUsername' && value?.id) sessionStorage.setItem('parley:recipient', JSON.stringify(value.id))
      if (field === 'logout' && value && !value.errors?.length) forget(headers)
    }
    if (result.errors?.some((error) => error.extensions?.code === 'UNAUTHENTICATED')) forget(headers)
  }

  /** Forgets the token of this request, which is of no more use, but not one that came in the meantime. */
  const forget = (headers) => {
    if (session && headers.authorization === 'Bearer ' + session.token) setSession(null)
  }

  // ------------------------------------------------------------ sending
  const operationOf = (document, name) =>
    document?.definitions.find((part) => part.kind === 'OperationDefinition' && (!name || part.name?.value === name))

  /**
   * Only the operation that runs and the fragments that it uses, since the server counts its limits over the whole document.
   * The lines stay, so that the places which errors name are those of the editor.
   */
  const trim = (query, document, operation) => {
    if (!operation?.loc || operation.loc.source.body !== query) return query
    const fragments = new Map(document.definitions.filter((part) => part.kind === 'FragmentDefinition').map((part) => [part.name.value, part]))
    const used = new Set([operation])
    const follow = ({ selectionSet }) => {
      for (const selection of selectionSet?.selections ?? []) {
        const next = selection.kind === 'FragmentSpread' ? fragments.get(selection.name.value) : selection
        if (next === undefined || used.has(next)) continue
        used.add(next)
        follow(next)
      }
    }
    follow(operation)
    let text = query
    for (const part of document.definitions) {
      if (used.has(part)) continue
      const { start, end } = part.loc
      text = text.slice(0, start) + text.slice(start, end).replace(/[^\\n]/g, ' ') + text.slice(end)
    }
    return text
  }

  // Not crypto.randomUUID(): browsers have it only on https and localhost.
  const uuid = () =>
    '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
      (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
    )

  /** The variables given, with those that the page knows better than a newcomer. */
  const fill = (given, operation) => {
    const variables = { ...given }
    const known = { clientId: uuid, recipientId: () => read('parley:recipient') ?? undefined }
    for (const { variable } of operation?.variableDefinitions ?? []) {
      const name = variable.name.value
      if (variables[name] === undefined && Object.hasOwn(known, name)) variables[name] = known[name]()
    }
    return variables
  }

  const post = async (body, headers) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    let result
    try {
      result = JSON.parse(text)
    } catch {
      return { errors: [{ message: 'The server answered ' + response.status + ' ' + response.statusText + ' without JSON: ' + text.slice(0, 200) }] }
    }
    learn(result, headers)
    return result
  }

  /** One connection for each subscription, so that it carries the headers and the token of this very run. */
  const subscribe = (body, headers) => ({
    subscribe(observer) {
      const { authorization, ...others } = headers
      let cursor
      let stopped = false
      const client = graphqlWs.createClient({
        url: location.origin.replace(/^http/, 'ws') + endpoint,
        keepAlive: 10_000,
        // After a lost connection the server goes on from the last cursor that came, so nothing is missed.
        connectionParams: () => ({ token: authorization?.replace(/^Bearer +/i, ''), headers: others, resumeAfter: cursor }),
        // 4403: the token has expired or was revoked, and there is no other.
        shouldRetry: (cause) => typeof cause?.code === 'number' && cause.code !== 4403,
      })
      // Whoever was stopped keeps silent: a late end would look like the end of the next run.
      const end = (errors) => {
        if (stopped) return
        stopped = true
        if (errors) observer.next({ errors })
        observer.complete()
        void client.dispose()
      }
      const stop = client.subscribe(body, {
        next: (result) => {
          cursor = result.data?.events?.cursor ?? cursor
          learn(result, headers)
          if (!stopped) observer.next(result)
        },
        error: (cause) => {
          if (cause?.code === 4403) forget(headers)
          if (Array.isArray(cause)) learn({ errors: cause }, headers)
          end(Array.isArray(cause) ? cause : [{ message: describe(cause) }])
        },
        complete: () => end(),
      })
      return {
        unsubscribe() {
          stopped = true
          stop()
          void client.dispose()
        },
      }
    },
  })

  const describe = (cause) =>
    typeof cause?.code === 'number'
      ? 'The server closed the connection: ' + cause.code + ' ' + cause.reason
      : cause?.message || 'The WebSocket connection to the server failed.'

  const fetcher = ({ query, operationName, variables }, { headers: typed, documentAST } = {}) => {
    const operation = operationOf(documentAST, operationName)
    const body = { query: trim(query, documentAST, operation), operationName, variables: fill(variables, operation) }
    const headers = headersWith(typed)
    return operation?.operation === 'subscription' ? subscribe(body, headers) : post(body, headers)
  }

  // ------------------------------------------------------------ the page
  const h = React.createElement

  const Title = () => {
    const current = React.useSyncExternalStore(
      (watcher) => {
        watchers.add(watcher)
        return () => watchers.delete(watcher)
      },
      () => session,
    )
    const signedIn = current && h('span', { className: 'parley-session' },
      current.username ? 'signed in as ' + current.username : 'signed in',
      h('button', { type: 'button', title: 'Forget the token in this browser tab', onClick: () => setSession(null) }, 'forget'))
    return h(React.Fragment, null, 'Parley', signedIn)
  }

  // Names of its own in localStorage: every GraphiQL ever opened on this origin (localhost!) shares the default ones.
  const own = (key) => 'parley:' + key
  const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith('parley:'))
  const storage = {
    getItem: (key) => localStorage.getItem(own(key)),
    setItem: (key, value) => localStorage.setItem(own(key), value),
    removeItem: (key) => localStorage.removeItem(own(key)),
    clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return ownKeys().length
    },
  }

  // GraphiQL finds the tab that was open last by its content, which it keeps only once somebody types: told here, it opens no empty tab.
  const saved = JSON.parse(storage.getItem('graphiql:tabState') ?? 'null')
  const last = saved?.tabs?.[saved.activeTabIndex]

  // A link may bring a query along. It becomes one more tab; out of the address, so that a reload does not add it again.
  const linked = new URL(location.href).searchParams.get('query')
  if (linked !== null) history.replaceState(null, '', endpoint)

  YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
    fetcher,
    storage,
    title: h(Title),
    logo: h('img', { src: document.querySelector('link[rel=icon]').href, alt: '', width: 28, height: 28 }),
    query: linked ?? last?.query ?? undefined,
    variables: linked === null ? (last?.variables ?? undefined) : undefined,
    defaultTabs: linked === null ? tabs : [{ query: linked }, ...tabs],
    // A token typed into the Headers tab must not stay behind on the disk.
    shouldPersistHeaders: false,
    // In place of one that writes the document, passwords and all, into the address and so into the browser's history.
    onEditQuery: () => {},
  })
}
`
