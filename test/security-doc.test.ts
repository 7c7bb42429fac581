import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { LIMITS } from '../src/base/limits.ts'

const PAGE = fileURLToPath(new URL('../docs/security.md', import.meta.url))
const page = readFileSync(PAGE, 'utf8')

test('docs/security.md has a line for every limit, with its default', () => {
  for (const [name, value] of Object.entries(LIMITS)) expect(page).toContain(`\n| \`${name}\` | ${value.toLocaleString('en')} | `)
})

const rows = [...page.matchAll(/^\| (\d+) \| (.*) \| (.*) \| (.*) \|$/gm)].map(([, number = '', , , heldBy = '']) => ({ number: Number(number), heldBy }))

test('docs/security.md has a row for each attack, once', () => {
  const expected = [...Array.from({ length: 57 }, (_, index) => 16 + index), ...Array.from({ length: 7 }, (_, index) => 96 + index)]
  expect(rows.map(({ number }) => number)).toEqual(expected)
})

test.each(rows)('what docs/security.md says of attack $number is held by tests that are there', ({ heldBy }) => {
  const named = [...heldBy.matchAll(/\[[^\]]+\]\(([^)]+)\) "([^"]+)"/g)]
  expect(named.length).toBeGreaterThan(0)
  for (const [, path = '', title = ''] of named) {
    // A title, or a line of a table of which each is a test.
    const lines = readFileSync(join(dirname(PAGE), path), 'utf8').split('\n').filter((line) => /^\s*(test|it|describe)[.(]|^\s*\[|^\s*\]\)\(/.test(line))
    expect({ path, title, found: lines.some((line) => line.includes(title)) }).toEqual({ path, title, found: true })
  }
})
