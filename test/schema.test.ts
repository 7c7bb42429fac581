import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import graphqlPlugin from '@graphql-eslint/eslint-plugin'
import { ESLint } from 'eslint'
import { isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isObjectType, isSpecifiedScalarType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../src/graphql/schema.ts'
import { startServer } from './harness.ts'
import type { TestServer } from './harness.ts'
import { printSchemaFile } from './printed-schema.ts'
import { rootOperations } from './support/operations.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('schema.graphql is what the code builds: `npm run generate` writes it', () => {
  expect(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).toBe(printSchemaFile())
})

test('every type, field, argument and value is described', () => {
  expect(described().filter(([, description]) => !description?.trim())).toEqual([])
})

test('importing the schema opens nothing: the process ends by itself', async () => {
  const code = "await import('./src/graphql/schema.ts'); console.log(JSON.stringify(process.getActiveResourcesInfo()))"
  const { exit, output } = await runNode(['--import', 'tsx', '--input-type=module', '-e', code])
  expect({ exit, output }).toEqual({ exit: 0, output: '[]\n' })
})

describe('without a session', () => {
  /** Opening a field to everybody takes a line here, besides the mark on the field. */
  const OPEN = ['query me', 'query serverInfo', 'mutation login', 'mutation refreshSession', 'mutation register']
  const operations = rootOperations(schema)
  const closed = operations.filter(({ kind, name }) => !OPEN.includes(`${kind} ${name}`))
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  test('exactly the fields that say so are open', () => {
    const open = operations.filter(({ isPublic }) => isPublic).map(({ kind, name }) => `${kind} ${name}`)
    expect(open.sort()).toEqual([...OPEN].sort())
  })

  test.each(closed.filter(({ kind }) => kind !== 'subscription'))('$kind $name is refused over HTTP', async ({ document }) => {
    const { status, errors, data } = await server.anonymous().request(document)
    expect(errors).toMatchObject([{ message: 'Sign in first: this needs a valid access token.', extensions: { code: 'UNAUTHENTICATED' } }])
    expect({ status, data: data ?? null }).toEqual({ status: 401, data: null })
  })

  test.each(closed)('$kind $name is refused over WebSocket', async ({ document }) => {
    const { errors, data } = await server.anonymous().subscribe(document).result()
    expect(errors).toMatchObject([{ message: 'Sign in first: this needs a valid access token.', extensions: { code: 'UNAUTHENTICATED' } }])
    expect(data ?? null).toBeNull()
  })

  test('the open fields answer', async () => {
    for (const { kind, name, document } of operations.filter((operation) => OPEN.includes(`${operation.kind} ${operation.name}`))) {
      const { status, errors } = await server.anonymous().request(document)
      expect({ kind, name, status, errors }).toEqual({ kind, name, status: 200, errors: undefined })
    }
  })
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

/** Each part of the schema by its coordinates, with its description. */
function described(): [string, string | null | undefined][] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => {
      const own: [string, string | null | undefined][] = [[type.name, type.description]]
      if (isEnumType(type)) return [...own, ...type.getValues().map((value) => [`${type.name}.${value.name}`, value.description] as [string, string | null | undefined])]
      if (isInputObjectType(type)) return [...own, ...Object.values(type.getFields()).map((field) => [`${type.name}.${field.name}`, field.description] as [string, string | null | undefined])]
      if (!isObjectType(type) && !isInterfaceType(type)) return own
      return Object.values(type.getFields()).reduce((all, field) => {
        all.push([`${type.name}.${field.name}`, field.description])
        for (const arg of field.args) all.push([`${type.name}.${field.name}(${arg.name}:)`, arg.description])
        return all
      }, own)
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
