import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { de } from '../../web/src/i18n/de.ts'
import { en } from '../../web/src/i18n/en.ts'

const FOLDER = fileURLToPath(new URL('../../web/src/', import.meta.url))
const source = readdirSync(FOLDER, { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name) && !name.includes('generated') && !name.includes('i18n/'))
  .map((name) => readFileSync(join(FOLDER, name), 'utf8'))
  .join('\n')

function flat(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) => (typeof value === 'string' ? [prefix + key] : flat(value as object, `${prefix}${key}.`)))
}
const keys = flat(en)
/** As the code names it: without the form of the plural. */
const bare = new Set(keys.map((key) => key.replace(/_(one|other)$/, '')))

test('every text that the client asks for is there', () => {
  const asked = [...source.matchAll(/\bt\('([^'${]+)'/g)].map(([, key]) => key ?? '')
  const chosen = [...source.matchAll(/\bt\([^)]*\? '([^']+)' : '([^']+)'\)/g)].flatMap(([, one, other]) => [one ?? '', other ?? ''])
  expect(asked.length).toBeGreaterThan(100)
  expect([...asked, ...chosen].filter((key) => !bare.has(key))).toEqual([])
})

test('every language has the same texts, and none that nobody asks for', () => {
  expect(flat(de)).toEqual(keys)
  const families = [...source.matchAll(/\bt\(\[?`([\w.]+?)\$\{/g)].map(([, start]) => start ?? '')
  const unasked = [...bare].filter((key) => !source.includes(`'${key}'`) && !families.some((start) => key.startsWith(start)))
  expect(unasked).toEqual([])
})
