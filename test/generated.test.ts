import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generate } from '@graphql-codegen/cli'
import { expect, test } from 'vitest'
import codegen from '../codegen.ts'

test('the generated documents are what the schema and the documents make today; if not, run `npm run generate`', async () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const made = (await generate({ ...codegen, cwd: root, silent: true }, false)) as { filename: string; content: string }[]
  const folder = new URL('generated/', import.meta.url)
  const committed = readdirSync(folder).map((name) => [`test/generated/${name}`, readFileSync(new URL(name, folder), 'utf8')])
  expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(made.map(({ filename, content }) => [filename, content])))
})
