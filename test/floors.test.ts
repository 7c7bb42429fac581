import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

// The house: each file stands on a floor, and each feature in its place from left to right. docs/architecture.md says why.

const FEATURES = ['event', 'user', 'auth', 'upload', 'chat', 'message', 'reaction', 'presence', 'whatsapp', 'account']

type Floor = 'base' | 'ports' | 'store' | 'domain' | 'schema' | 'edge' | 'client' | 'root'

/** What a feature shows in the API: its types in schema.ts, and more of it in files that end like that. */
const SCHEMA = feature('([\\w-]+-)?schema')

/** Where files stand; the first line that fits counts. A file that none fits has no place yet: give it one here, on purpose. */
const PLACES: [RegExp, Floor][] = [
  [/\.test\.ts$/, 'root'],
  [/^(main|app|serve|process|offline|admin|import|export|(demo|doctor|backup|restore)[\w-]*)\.ts$/, 'root'],
  [/^moving\/[\w-]+\.ts$/, 'root'],
  [/^(base\/[\w-]+|config)\.ts$/, 'base'],
  [/^((db|bus|blob)\/[\w-]+|ctx|viewer)\.ts$/, 'ports'],
  [/^presence\/(index|memory|redis(-\w+)?|typing)\.ts$/, 'ports'],
  [/^graphql\/[\w-]+\.ts$/, 'schema'],
  [/^http\/[\w-]+\.ts$/, 'edge'],
  [/^whatsapp\/(webhook|client|inbound|outbound|downloads|signs)\.ts$/, 'edge'],
  [/^client\//, 'client'],
  [feature('([\\w-]+-)?(table|store)'), 'store'],
  [SCHEMA, 'schema'],
  [feature('[\\w-]+'), 'domain'],
]

/** What each floor may import. A floor that is not named in its own line may not even import its own, and nobody names the root. */
const MAY_IMPORT: Record<Floor, Rule[]> = {
  base: [on('base')],
  ports: [on('base', 'ports'), theListOfTables],
  store: [on('base'), folder('db'), own('store'), left('table.ts')],
  domain: [on('base', 'ports'), own('store'), own('domain'), left('domain')],
  schema: [on('base'), file('ctx.ts', 'viewer.ts'), folder('graphql'), own('domain'), eventsBut('schema.ts'), anySchema, domainBehindARef],
  edge: [on('base', 'domain'), file('ctx.ts'), ownFolder, fromHttp(folder('graphql'))],
  client: [folder('client')],
  root: [() => true],
}

describe('the floors of the house', () => {
  const files = sourceFiles()

  test('every file has a place', () => {
    expect(files.filter((path) => floorOf(path) === null)).toEqual([])
  })

  test('every import goes where the floor and the feature allow', () => {
    const broken = files.flatMap((from) => importsOf(from).flatMap((to) => (mayImport(from, to) ? [] : [`${describePlace(from)} imports ${describePlace(to)}`])))
    expect(broken).toEqual([])
  })

  test.each([
    ['base/page.ts', 'ctx.ts'],
    ['db/open.ts', 'user/table.ts'],
    ['chat/store.ts', 'user/store.ts'],
    ['chat/table.ts', 'message/table.ts'],
    ['chat/store.ts', 'bus/index.ts'],
    ['chat/domain.ts', 'user/store.ts'],
    ['chat/domain.ts', 'message/domain.ts'],
    ['message/send.ts', 'message/schema.ts'],
    ['message/schema.ts', 'message/store.ts'],
    ['message/actions-schema.ts', 'message/store.ts'],
    ['message/schema.ts', 'db/index.ts'],
    ['message/schema.ts', 'auth/domain.ts'],
    ['event/schema.ts', 'event/table.ts'],
    ['graphql/errors.ts', 'user/domain.ts'],
    ['http/ws.ts', 'user/store.ts'],
    ['http/ws.ts', 'db/index.ts'],
    ['whatsapp/inbound.ts', 'graphql/errors.ts'],
    ['client/outbox.ts', 'base/id.ts'],
    ['client/outbox.ts', 'message/domain.ts'],
    ['http/server.ts', 'client/feed.ts'],
    ['auth/domain.ts', 'app.ts'],
    ['message/domain.ts', '../test/harness.ts'],
  ])('%s must not import %s', (from, to) => {
    expect(mayImport(from, to)).toBe(false)
  })

  test.each([
    ['db/tables.ts', 'message/table.ts'],
    ['message/store.ts', 'chat/table.ts'],
    ['message/send.ts', 'chat/domain.ts'],
    ['user/domain.ts', 'event/log.ts'],
    ['presence/domain.ts', 'presence/typing.ts'],
    ['event/schema.ts', 'message/schema.ts'],
    ['chat/mark-store.ts', 'user/table.ts'],
    ['message/receipt-schema.ts', 'chat/schema.ts'],
    ['event/schema.ts', 'message/domain.ts'],
    ['graphql/schema.ts', 'message/actions-schema.ts'],
    ['http/graphql.ts', 'graphql/schema.ts'],
    ['client/outbox.ts', 'client/generated/send-message.ts'],
    ['main.ts', 'app.ts'],
    ['event/feed.test.ts', '../test/harness.ts'],
  ])('%s may import %s', (from, to) => {
    expect(mayImport(from, to)).toBe(true)
  })
})

// ------------------------------------------------------------------ how the table above is read

type Rule = (to: string, from: string) => boolean

function feature(names: string): RegExp {
  return new RegExp(`^(${FEATURES.join('|')})/${names}\\.ts$`)
}

function floorOf(path: string): Floor | null {
  return PLACES.find(([pattern]) => pattern.test(path))?.[1] ?? null
}

/** The folder, which is the feature where a feature has one; '' for the files at the top. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

/** By its floor's line; what has no place, such as a file outside of src, is for the root alone. */
function mayImport(from: string, to: string): boolean {
  const floor = floorOf(from)
  return floor !== null && MAY_IMPORT[floor].some((rule) => rule(to, from))
}

function on(...floors: Floor[]): Rule {
  return (to) => floors.some((floor) => floor === floorOf(to))
}

function folder(name: string): Rule {
  return (to) => folderOf(to) === name
}

function file(...paths: string[]): Rule {
  return (to) => paths.includes(to)
}

function ownFolder(to: string, from: string): boolean {
  return folderOf(to) === folderOf(from)
}

/** A floor of the same feature. */
function own(floor: Floor): Rule {
  return (to, from) => floorOf(to) === floor && isFeature(from) && ownFolder(to, from)
}

/** A floor, or a file of this name, of a feature further left. */
function left(what: Floor | 'table.ts'): Rule {
  return (to, from) => isFeature(to) && FEATURES.indexOf(folderOf(to)) < FEATURES.indexOf(folderOf(from)) && (floorOf(to) === what || to.endsWith(`/${what}`))
}

/** The one list for the migration generator names the tables of all features. */
function theListOfTables(to: string, from: string): boolean {
  return from === 'db/tables.ts' && feature('table').test(to)
}

/** What happened is told through every feature's types, so all may read the log's own words, above its tables. */
function eventsBut(name: string): Rule {
  return (to) => folderOf(to) === 'event' && floorOf(to) === 'domain' && !to.endsWith(`/${name}`)
}

/** Type refs know no left and right: a chat has messages, a message has a chat. */
function anySchema(to: string): boolean {
  return SCHEMA.test(to)
}

/** Whoever answers another feature's type by its ref may load it by that feature's domain. */
function domainBehindARef(to: string, from: string): boolean {
  return isFeature(from) && floorOf(to) === 'domain' && isFeature(to) && importsOf(from).some((path) => folderOf(path) === folderOf(to) && anySchema(path))
}

function fromHttp(rule: Rule): Rule {
  return (to, from) => folderOf(from) === 'http' && rule(to, from)
}

function isFeature(path: string): boolean {
  return FEATURES.includes(folderOf(path))
}

function describePlace(path: string): string {
  return `${path} (${floorOf(path) ?? 'no place'})`
}

// ------------------------------------------------------------------ what the files really import

const SRC = fileURLToPath(new URL('../src', import.meta.url))

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|tsx|mts|js)$/.test(path))
    .map((path) => path.split(sep).join('/'))
    .sort()
}

const known = new Map<string, string[]>()

/** The files of ours that a file imports, as paths below src; types, re-exports and imports at run time count too. */
function importsOf(path: string): string[] {
  const imports = known.get(path) ?? readImports(path)
  known.set(path, imports)
  return imports
}

function readImports(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(SRC, path), 'utf8'), ts.ScriptTarget.Latest)
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier?.startsWith('.')) found.add(relative(SRC, resolve(SRC, dirname(path), specifier)).split(sep).join('/'))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...found].sort()
}

function specifierOf(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier)
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : null
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return textOf(node.arguments[0])
  return null
}

function textOf(node: ts.Node | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null
}
