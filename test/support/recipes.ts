import { spawn } from 'node:child_process'
import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** As an app for browsers is compiled. */
const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noFallthroughCasesInSwitch: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  noEmit: true,
  // As it comes out of the package, without building it first.
  paths: { 'parley/client': ['../../../src/client/index.ts'] },
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The fenced blocks of a page, by the file name behind their language. A block without a name, or with a name twice, is a fault of the page. */
function readBlocks(page: string): Map<string, string> {
  const blocks = new Map<string, string>()
  for (const [, info = '', text = ''] of readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *(?:```|~~~)(.*)\n([^]*?)^ *(?:```|~~~) *$/gm)) {
    const name = /^\w+ ([\w-]+\.\w+)$/.exec(info)?.[1]
    if (name === undefined || blocks.has(name)) throw new Error(`${page}: a block needs a file name of its own: \`\`\`${info}`)
    blocks.set(name, text)
  }
  return blocks
}

/** A folder with the files of a page, as somebody has it who copied them, beside the server's schema. */
export interface Recipes {
  /** Runs a command of an installed package in the folder. Throws what it printed where it fails. */
  run(command: string, ...args: string[]): Promise<void>
  /** One of the files, running in this process. Files share what they import. */
  load(name: string): Promise<unknown>
  /** What nobody ran: files, functions of files, and documents of which no types were made. */
  idle(): Promise<string[]>
  remove(): void
}

export async function layOut(page: string): Promise<Recipes> {
  const blocks = readBlocks(page)
  // Inside the repository, so that packages are found; the name is ignored by git, and by tools that look for files.
  const folder = mkdtempSync(join(ROOT, 'test/clients/.recipes-'))
  for (const [name, text] of blocks) writeFileSync(join(folder, name), text)
  copyFileSync(join(ROOT, 'schema.graphql'), join(folder, 'schema.graphql'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] }))
  const inspector = new Session()
  inspector.connect()
  await inspector.post('Profiler.enable')
  await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  const ran = new Set<string>()
  return {
    async run(command, ...args) {
      await run(folder, command, args)
      for (const arg of args) ran.add(arg)
    },
    load: (name) => import(/* @vite-ignore */ join(folder, name)),
    async idle() {
      const { result } = await inspector.post('Profiler.takePreciseCoverage')
      const loaded = new Map(result.filter(({ url }) => url.includes(folder)).map(({ url, functions }) => [url.slice(url.lastIndexOf('/') + 1), functions]))
      const generated = readFileSync(join(folder, 'generated/graphql.ts'), 'utf8')
      return [...blocks].flatMap(([name, text]) => {
        if (ran.has(name)) return []
        const idle = name.endsWith('.graphql') ? operationsIn(text).filter((operation) => !generated.includes(`export const ${operation}Document`)) : neverCalled(loaded.get(name))
        return idle.map((part) => `${name}: ${part}`)
      })
    },
    remove() {
      inspector.disconnect()
      rmSync(folder, { recursive: true })
    },
  }
}

function operationsIn(document: string): string[] {
  return [...document.matchAll(/^(?:query|mutation|subscription) (\w+)/gm)].map(([, name = '']) => name)
}

function neverCalled(functions: Profiler.FunctionCoverage[] | undefined): string[] {
  if (functions === undefined) return ['the whole file']
  return functions.filter(({ ranges, functionName }) => functionName !== '' && ranges[0]?.count === 0).map(({ functionName }) => functionName)
}

function run(cwd: string, command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Into a file: what a process that exits at once has written to a pipe may be lost.
    const output = join(cwd, 'output.log')
    const file = openSync(output, 'w')
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', command), ...args], { cwd, stdio: ['ignore', file, file], timeout: 60_000 })
    closeSync(file)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with ${code}: ${readFileSync(output, 'utf8')}`))
    })
  })
}
