import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generate } from '@graphql-codegen/cli'
import { expect, test } from 'vitest'
import codegen from '../codegen.ts'
import { printClientFacts } from '../scripts/client-facts.ts'

const root = new URL('..', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

test('what is generated is what the schema and the documents make today; if not, run `npm run generate`', async () => {
  const made = (await generate({ ...codegen, cwd: fileURLToPath(root), silent: true }, false)) as { filename: string; content: string }[]
  const expected = { ...Object.fromEntries(made.map(({ filename, content }) => [filename, content])), 'src/client/generated/facts.ts': printClientFacts() }
  const paths = ['test/generated/', 'src/client/generated/', 'web/src/generated/'].flatMap((folder) => readdirSync(new URL(folder, root)).map((name) => folder + name))
  expect(Object.fromEntries(paths.map((path) => [path, read(path)]))).toEqual(expected)
})
