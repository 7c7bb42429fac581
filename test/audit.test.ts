import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditServer } from 'graphql-http'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer } from './harness.ts'

// Independent judges: programs of others that know what a GraphQL server owes to its clients.

test('the auditor of GraphQL over HTTP finds all 61 in order', async () => {
  const server = await startServer()
  try {
    const results = await auditServer({ url: `${server.url}/graphql` })
    expect(results.filter(({ status }) => status !== 'ok').map((result) => `${result.id} ${result.name}: ${'reason' in result ? result.reason : ''}`)).toEqual([])
    expect(results).toHaveLength(61)
  } finally {
    await server.close()
  }
})

describe('the Relay compiler', () => {
  const FOLDER = fileURLToPath(new URL('audit', import.meta.url))
  const COMPILER = join(FOLDER, 'node_modules/relay-compiler/cli.js')
  /** Why the compiler is not there; null: it is. */
  let missing: string | null = null
  const projects: string[] = []

  // 118 MB that nothing else needs: installed at first use, from the lock file of its own.
  beforeAll(async () => {
    if (existsSync(COMPILER)) return
    const { exit, output } = await run('npm', ['ci', '--prefix', FOLDER, '--no-audit', '--no-fund'])
    if (exit === 0) return
    missing = `relay-compiler could not be installed: ${output}`
    if (process.env.CI) throw new Error(missing)
    console.warn(`\nSKIPPED: nobody checks the schema for Relay. ${missing}`)
  }, 180_000)

  afterEach(async () => {
    for (const project of projects.splice(0)) await rm(project, { recursive: true, force: true })
  })

  test('takes the schema: nodes, pages, a mutation and a subscription', async ({ skip }) => {
    if (missing !== null) skip(missing)
    const project = await makeProject(await readSchema())
    expect(await compile(project)).toEqual({ exit: 0, output: expect.stringContaining('compiled documents: 6 reader') })
    const artifacts = await readdir(join(project, 'src/__generated__'))
    expect(artifacts.sort()).toEqual([
      'chatHistoryQuery.graphql.ts',
      'chatMessageAddedSubscription.graphql.ts',
      'chatQuery.graphql.ts',
      'chatSendMutation.graphql.ts',
      'chat_history.graphql.ts',
      'chat_message.graphql.ts',
    ])
    // Only what is a Node by Relay's rules is fetched again by its ID alone.
    expect(await readFile(join(project, 'src/__generated__/chatHistoryQuery.graphql.ts'), 'utf8')).toContain('node(id: $id)')
  })

  test.for([
    ['a page without pageInfo', /(type MessageConnection \{[^}]*?)\n {2}"""[^"]*"""\n {2}pageInfo: PageInfo!/, '$1', "expose a 'pageInfo' field"],
    ['an edge without a cursor', /(type MessageEdge \{[^}]*?)cursor: String!/, '$1place: String!', "expose a 'edges { cursor }' field"],
    ['no way to a node', /\n {2}node\([^)]*\): Node\n/, '\n', 'The type `Query` has no field `node`'],
  ] as const)('would refuse %s', async ([, part, instead, reason], { skip }) => {
    if (missing !== null) skip(missing)
    const schema = await readSchema()
    expect(schema).toMatch(part)
    const { exit, output } = await compile(await makeProject(schema.replace(part, instead)))
    expect(exit).toBe(1)
    expect(output).toContain(reason)
  })

  async function makeProject(schema: string): Promise<string> {
    const project = await mkdtemp(join(tmpdir(), 'parley-relay-'))
    projects.push(project)
    await mkdir(join(project, 'src'))
    await writeFile(join(project, 'schema.graphql'), schema)
    await writeFile(join(project, 'relay.config.json'), JSON.stringify({ src: './src', schema: './schema.graphql', language: 'typescript', customScalarTypes: { DateTime: 'string' } }))
    await writeFile(join(project, 'src/chat.ts'), PROJECT)
    return project
  }

  function compile(project: string): Promise<Outcome> {
    return run(process.execPath, [COMPILER], project)
  }
})

function readSchema(): Promise<string> {
  return readFile(new URL('../schema.graphql', import.meta.url), 'utf8')
}

interface Outcome {
  exit: number | string | null | undefined
  output: string
}

function run(command: string, args: string[], cwd?: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, timeout: 170_000 }, (error, stdout, stderr) => {
      resolve({ exit: error === null ? 0 : error.code, output: `${stdout}${stderr}`.trim() })
    })
  })
}

/** A chat as a Relay client writes it. */
const PROJECT = `import { graphql } from 'relay-runtime'

graphql\`
  query chatQuery($id: ID!, $me: ID!) {
    chat(id: $id) {
      ...chat_history
      members(first: 20) @connection(key: "chatQuery_members") { edges { node { user { displayName } } } }
    }
    chats(first: 20) @connection(key: "chatQuery_chats") { edges { node { id title unreadCount } } }
    node(id: $me) { id ... on User { displayName } }
    eventCursor
  }
\`

graphql\`
  fragment chat_history on Chat
  @refetchable(queryName: "chatHistoryQuery")
  @argumentDefinitions(size: { type: "Int", defaultValue: 50 }, before: { type: "String" }) {
    title
    messages(last: $size, before: $before) @connection(key: "chat_messages") { edges { node { ...chat_message } } }
  }
\`

graphql\`
  fragment chat_message on Message { text createdAt sender { displayName ... on User { username } } replyTo { text } }
\`

graphql\`
  mutation chatSendMutation($input: SendMessageInput!, $connections: [ID!]!) {
    sendMessage(input: $input) {
      message @appendNode(connections: $connections, edgeTypeName: "MessageEdge") { id ...chat_message }
      errors { code message path ... on RateLimited { retryAfterSeconds } }
    }
  }
\`

graphql\`
  subscription chatMessageAddedSubscription($chatId: ID!, $connections: [ID!]!) {
    messageAdded(chatId: $chatId) @appendNode(connections: $connections, edgeTypeName: "MessageEdge") { id ...chat_message }
  }
\`
`
