import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { readOptions } from './options.ts'
import { planOf } from './plan.ts'
import { SABOTAGES } from './sabotages.ts'
import { MIX } from './soak.ts'
import { slopeOf } from './watch.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/reliability.md', import.meta.url)), 'utf8')
const read = (...args: string[]) => planOf(readOptions(args))

test('docs/reliability.md has a line for every fault and every sabotage', () => {
  expect([...Object.keys(FAULTS), ...Object.keys(SABOTAGES)].filter((name) => !page.includes(`\n| ${name} | `))).toEqual([])
})

test('a command line names what is run, and how often', () => {
  expect(read('F1', 'F9', '--count', '3').map(({ name, count }) => [name, count])).toEqual([['F1', 3], ['F9', 3]])
  expect(read('--smoke').map(({ name }) => name)).toEqual(['F1', 'F4', 'F5', 'F7', 'F9', 'F18', 'F19'])
  expect(read('--clean', '--scale', '0.5')).toMatchObject([{ name: 'clean', scale: 0.5, expected: null }])
  expect(read('--soak', '5m')).toMatchObject([{ name: 'F24', count: 300, expected: null }])
  expect(() => read('--soak', 'long')).toThrow('--soak takes a length')
  expect(() => read('F99')).toThrow('There is no fault F99')
  expect(() => read()).toThrow('Name a fault')
})

test('a soak mixes all faults up to F19 but those with people or a disk of their own', () => {
  const numbered = Object.keys(FAULTS).filter((name) => Number(name.slice(1)) <= 19)
  expect(Object.keys(MIX)).toEqual(numbered.filter((name) => !['F12', 'F15'].includes(name)))
})

test('the slope of what grows evenly, however it began', () => {
  expect(slopeOf(Array.from({ length: 100 }, (_, n) => [n / 10, n < 25 ? 500 - n : 100 + (3 * n) / 10]))).toBeCloseTo(3)
  expect(slopeOf([])).toBe(0)
})

// Against the sources, since a test does not build: each text begins or is a line of them but for types.
test('the texts that sabotages replace stand in the sources', () => {
  const patches = Object.values(SABOTAGES).flatMap(({ patches: list = [] }) => list)
  const missing = patches.filter(({ file, find }) => {
    const path = fileURLToPath(new URL(`../../src/${file.replace(/\.js$/, '.ts')}`, import.meta.url))
    const source = existsSync(path) ? readFileSync(path, 'utf8') : ''
    return !source.includes(find.trim().replace(/;$/, ''))
  })
  expect(missing).toEqual([])
})
