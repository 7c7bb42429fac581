import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import graphqlPlugin from '@graphql-eslint/eslint-plugin'
import { ESLint } from 'eslint'
import { isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isObjectType, isSpecifiedScalarType } from 'graphql'
import type { ExecutionResult } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quotaOf } from '../src/graphql/quota.ts'
import { schema } from '../src/graphql/schema.ts'
import { startServer } from './harness.ts'
import type { TestServer } from './harness.ts'
import { printSchemaFile } from './printed-schema.ts'
import { rootOperations } from './support/operations.ts'
import type { RootOperation } from './support/operations.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('schema.graphql is what the code builds: `npm run generate` writes it', () => {
  expect(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).toBe(printSchemaFile())
})

test('every type, field, argument and value is described', () => {
  expect(parts().flatMap(([coordinate, { description }]) => (description?.trim() ? [] : [coordinate]))).toEqual([])
})

test('every mutation has a line in the table of quotas', () => {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {})
  expect(fields.filter((field) => quotaOf(field) === null).map(({ name }) => name)).toEqual([])
  expect(fields.length).toBeGreaterThan(10)
})

test('importing the schema opens nothing: the process ends by itself', async () => {
  // The loader of TypeScript reads files and talks to its own helper; a socket, a timer, a thread or a process would be ours.
  const code = "await import('./src/graphql/schema.ts'); console.log(process.getActiveResourcesInfo().filter((name) => /TCP|UDP|Timeout|Immediate|Worker|Message|Process|Signal|AddrInfo|Zlib/.test(name)).join())"
  const { exit, output } = await runNode(['--import', 'tsx', '--input-type=module', '-e', code])
  expect({ exit, open: output.trim() }).toEqual({ exit: 0, open: '' })
})

describe('without a session', () => {
  /** Opening a field to everybody takes a line here, besides the mark on the field. */
  const OPEN = ['query me', 'query serverInfo', 'mutation login', 'mutation refreshSession', 'mutation register']
  const operations = rootOperations(schema)
  const closed = operations.filter(({ name }) => !OPEN.includes(name))
  const byName = (list: RootOperation[]) => list.map((operation) => [operation.name, operation] as const)
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  test('exactly the fields that say so are open', () => {
    const open = operations.filter(({ isPublic }) => isPublic).map(({ name }) => name)
    expect(open.sort()).toEqual([...OPEN].sort())
  })

  test.each(byName(closed.filter(({ kind }) => kind !== 'subscription')))('%s is refused over HTTP', async (_name, { document }) => {
    const answer = await server.anonymous().request(document)
    expect(answer.status).toBe(401)
    expectRefusal(answer)
  })

  test.each(byName(closed))('%s is refused over WebSocket', async (_name, { document }) => {
    expectRefusal(await server.anonymous().subscribe(document).result())
  })

  test('the query behind an open mutation is closed too', async () => {
    const answer = await server.anonymous().request('mutation { login(input: { login: "alice", password: "a guess" }) { query { directChat(userId: "something") { id } } } }')
    expect(answer.errors).toMatchObject([{ path: ['login', 'query', 'directChat'], extensions: { code: 'UNAUTHENTICATED' } }])
  })

  test('the open fields answer', async () => {
    for (const { name, document } of operations.filter(({ isPublic }) => isPublic)) {
      const { status, errors } = await server.anonymous().request(document)
      expect({ name, status, errors }).toEqual({ name, status: 200, errors: undefined })
    }
  })

  function expectRefusal({ errors, data }: ExecutionResult) {
    expect(errors).toMatchObject([{ message: 'Sign in first: this needs a valid access token.', extensions: { code: 'UNAUTHENTICATED' } }])
    // A field that may be null is null; any other takes the whole answer with it.
    expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([])
  }
})

describe('the linter of schemas', () => {
  /** What it finds and we mean: the field's term in the one, no Node to speak of in the other. */
  const MEANT = [/^no-typename-prefix: Field "username" starts with the name of the parent type "User"/, /^relay-edge-types: .* at "type ReceiptEdge /]
  const linter = createLinter()

  test('finds nothing', async () => {
    const findings = toFindings(await linter.lintFiles(['schema.graphql']))
    expect(findings.filter((finding) => !MEANT.some((meant) => meant.test(finding)))).toEqual([])
  })

  test('would find what is wrong', async () => {
    const text = 'type Query { lists(first: Int): UserConnection }\n\n"""A page of users."""\ntype UserConnection { users: [ID] }\n\ninput renameUser { name: String }'
    const findings = toFindings(await linter.lintText(text, { filePath: 'broken.graphql' }))
    expect(findings.map((finding) => finding.split(':', 1)[0])).toEqual(
      expect.arrayContaining(['require-description', 'relay-arguments', 'relay-connection-types', 'naming-convention', 'no-unreachable-types']),
    )
  })
})

interface Part {
  name: string
  description?: string | null
  args?: readonly Part[]
}

/** Every part of the schema by its coordinate. */
function parts(): [coordinate: string, part: Part][] {
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
  return types.flatMap((type): [string, Part][] => {
    const inner: readonly Part[] = isEnumType(type) ? type.getValues() : isInputObjectType(type) || isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
    return [
      [type.name, type],
      ...inner.map((part): [string, Part] => [`${type.name}.${part.name}`, part]),
      ...inner.flatMap((part) => (part.args ?? []).map((arg): [string, Part] => [`${type.name}.${part.name}(${arg.name}:)`, arg])),
    ]
  })
}

/** Runs a script below the project's folder; fails where it has not ended by itself in good time. */
function runNode(args: string[]): Promise<{ exit: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], timeout: 15_000 })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', reject)
    child.once('close', (exit) => {
      resolve({ exit, output })
    })
  })
}

function createLinter(): ESLint {
  const { configs, parser } = graphqlPlugin
  return new ESLint({
    cwd: ROOT,
    overrideConfigFile: true,
    overrideConfig: [
      {
        files: ['**/*.graphql'],
        plugins: { '@graphql-eslint': graphqlPlugin as never },
        languageOptions: { parser: parser as never, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
        rules: {
          ...configs['flat/schema-recommended'].rules,
          ...configs['flat/schema-relay'].rules,
          '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
          // Payloads, pages and events are known by what holds them, not by an id.
          '@graphql-eslint/strict-id-in-types': 'off',
          // What is found is read from the newest on, and in this direction only.
          '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
          // A list of one's devices or of a user's roles is no page.
          '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
        } as never,
      },
    ],
  })
}

/** Each finding with its rule, and the line of the schema that it is about. */
function toFindings(results: ESLint.LintResult[]): string[] {
  return results.flatMap(({ messages, filePath, source }) => {
    const lines = (source ?? readFileSync(filePath, 'utf8')).split('\n')
    return messages.map(({ ruleId, message, line }) => `${(ruleId ?? 'parser').replace('@graphql-eslint/', '')}: ${message} at "${lines[line - 1]?.trim() ?? ''}"`)
  })
}
