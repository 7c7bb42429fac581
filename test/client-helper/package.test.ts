import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { afterAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ENTRY = join(ROOT, 'src/client/index.ts')

/** Beside the packages that it needs; a name that git and the linter ignore. */
const folder = mkdtempSync(join(ROOT, 'test/clients/.recipes-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('the client helper in a browser', () => {
  test('bundles, with nothing but the client of graphql-ws', async () => {
    const { metafile } = await build({ entryPoints: [ENTRY], bundle: true, platform: 'browser', format: 'esm', write: false, metafile: true, absWorkingDir: ROOT, logLevel: 'silent' })
    const inputs = Object.keys(metafile.inputs)
    expect(inputs.filter((path) => !path.startsWith('src/client/') && !path.startsWith('node_modules/graphql-ws/dist/'))).toEqual([])
    expect(Object.values(metafile.outputs)[0]?.imports).toEqual([])
    expect(Object.values(metafile.outputs)[0]?.bytes).toBeLessThan(60_000)
  })

  test('costs who leaves out the caches nothing for them', async () => {
    const contents = "import { createParley } from './src/client/index.ts'; createParley()"
    const { outputFiles } = await build({ stdin: { contents, resolveDir: ROOT }, bundle: true, platform: 'browser', format: 'esm', write: false, logLevel: 'silent' })
    expect(outputFiles[0]?.text).toContain('sendMessage')
    expect(outputFiles[0]?.text).not.toContain('AddMembersPayload')
  })
})

describe('the package', () => {
  const { exports, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, { types: string; default: string }>; files: string[] }

  test('exports what the build makes of the helper, with types for browsers and for Node.js', () => {
    // As tsconfig.build.json has it: src becomes dist.
    const made = (path = '') => join(folder, 'dist', path.replace('./dist/', ''))
    const config = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (path) => readFileSync(path, 'utf8')).config as { compilerOptions: object }
    const { options } = ts.convertCompilerOptionsFromJson({ ...readOptions('tsconfig.json'), ...config.compilerOptions, noCheck: true, outDir: join(folder, 'dist'), rootDir: join(ROOT, 'src') }, ROOT)
    ts.createProgram([ENTRY], options).emit()
    expect(files).toContain('dist')
    expect(readFileSync(made(exports['./client']?.default), 'utf8')).toContain('createParley')

    const use = join(folder, 'use.ts')
    writeFileSync(use, USE.replaceAll('parley/client', `./${relative(folder, made(exports['./client']?.types)).replace('.d.ts', '.js')}`))
    for (const lib of [['lib.es2023.d.ts', 'lib.dom.d.ts'], ['lib.es2023.d.ts']]) {
      const types = lib.length === 1 ? ['node'] : []
      const program = ts.createProgram([use], { strict: true, noEmit: true, lib, types, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, skipLibCheck: false, typeRoots: [join(ROOT, 'node_modules/@types')] })
      const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder))
      expect(files.length).toBeGreaterThan(5)
      const faults = files.flatMap((file) => program.getSemanticDiagnostics(file))
      expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([])
    }
  }, 60_000)

  function readOptions(name: string): object {
    return (ts.readConfigFile(join(ROOT, name), (path) => readFileSync(path, 'utf8')).config as { compilerOptions: object }).compilerOptions
  }
})

const USE = `
import { createParley } from 'parley/client'
import type { Draft } from 'parley/client'

type AppEvent = { __typename: 'MessageAdded'; chatId: string | null; seq: number | null; message: { text: string } } | { __typename: 'ChatRemoved'; chatId: string | null; seq: number | null }
interface Doc<R, V> { __apiType?: (variables: V) => R }
declare const events: Doc<{ events: { cursor: string; caughtUp: boolean; reset: { reason: string; chatIds: string[] | null } | null; events: AppEvent[] } }, { chatId?: string }>
declare const chat: Doc<{ chat: { id: string } | null }, { id: string }>

const parley = createParley({ url: 'http://localhost/graphql', token: async () => null, print: () => '' })
parley.feed({
  document: events,
  apply(event) {
    if (event.__typename === 'MessageAdded') event.message.text.trim()
    // @ts-expect-error: it is not known here which event it is
    else event.message
  },
  forget: () => undefined,
  fetch: async () => undefined,
})
export const id: Promise<string | undefined> = parley.request(chat, { id: 'x' }).then((answer) => answer.chat?.id)
// @ts-expect-error: the document has another variable
void parley.request(chat, { name: 'x' })
// @ts-expect-error: there is no such state
export const states: Draft['state'][] = ['SENT', 'LOST']
export const draft: Draft = parley.outbox({ userId: 'me' }).send({ chatId: 'c', text: 'Hello' })
// @ts-expect-error: the helper makes the clientId
parley.outbox({ userId: 'me' }).send({ chatId: 'c', text: 'Hello', clientId: 'mine' })
`
