import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isEnumType, isInterfaceType, parse, validate } from 'graphql'
import { describe, expect, test } from 'vitest'
import { MAX_IN_ALL, MAX_PER_CHAT } from '../src/event/start-reads.ts'
import { schema } from '../src/graphql/schema.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/add-a-feature.md', 'docs/clients.md', 'docs/events.md', 'docs/files.md', 'docs/import-export.md', 'docs/search.md', 'docs/security.md', 'docs/monitoring/README.md', 'docs/operations.md', 'docs/troubleshooting.md', 'docs/golden-path.md', 'SECURITY.md', 'docs/performance.md', 'docs/presence.md', 'docs/reliability.md', 'docs/sign-in.md', 'docs/whatsapp.md', 'docs/whatsapp-simulator.md', 'bench/README.md']

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8')

describe('docs/events.md', () => {
  const page = read('docs/events.md')

  test('has a line for every type of event', () => {
    const event = schema.getType('Event')
    const types = isInterfaceType(event) ? schema.getPossibleTypes(event).map(({ name }) => name) : []
    expect(types.length).toBeGreaterThan(10)
    expect(types.filter((name) => !page.includes(`\n| \`${name}\` | `))).toEqual([])
  })

  test('has a line for every reason of a reset', () => {
    expect(valuesOf('EventResetReason').filter((name) => !page.includes(`\n| \`${name}\` | `))).toEqual([])
  })

  test('names every change of a message, and every field of a batch', () => {
    const fields = schema.getType('EventBatch')
    const names = [...valuesOf('MessageChange'), ...(fields !== undefined && 'getFields' in fields ? Object.keys(fields.getFields()) : [])]
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  test('tells the limits as they are', () => {
    for (const limit of [MAX_PER_CHAT, MAX_IN_ALL]) expect(page).toContain(`${limit.toLocaleString('en')} `)
  })

  function valuesOf(name: string): string[] {
    const type = schema.getType(name)
    const values = isEnumType(type) ? type.getValues().map((value) => value.name) : []
    expect(values.length).toBeGreaterThan(1)
    return values
  }
})

test.each(PAGES)('the documents in %s are valid, and its links lead somewhere', (page) => {
  const text = read(page)
  for (const [, document = ''] of text.matchAll(/^```graphql.*\n([^]*?)^```/gm)) {
    expect(validate(schema, parse(document)).map(({ message }) => message)).toEqual([])
  }
  const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link).filter((link) => !link.includes(':'))
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([])
})
