import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BreakingChangeType, NoUnusedFragmentsRule, buildSchema, findBreakingChanges, findDangerousChanges, parse, specifiedRules, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMigrations } from '../../src/db/migrations.ts'
import { schema } from '../../src/graphql/schema.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { incompatible, readCatalog } from './catalog.ts'
import type { Catalog } from './catalog.ts'

// What was released once stays: clients of it go on, and its servers run beside those of the next one while these take their place.

/** Changes that may surprise a client, and are meant: each with why no client of ours is hurt. Added lines alone. */
const MEANT: Record<string, string> = {}

const ROOT = fileURLToPath(new URL('../../releases', import.meta.url))
const releases = readdirSync(ROOT).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
const newest = releases.at(-1) ?? ''
const read = (release: string, name: string) => readFileSync(join(ROOT, release, name), 'utf8')
const rules = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule)

test.each(releases)('the schema of %s lives on: nothing breaks, and what may surprise is meant', (release) => {
  const before = buildSchema(read(release, 'schema.graphql'))
  expect(findBreakingChanges(before, schema).map(({ description }) => description)).toEqual([])
  expect(findDangerousChanges(before, schema).map(({ description }) => description).filter((what) => MEANT[what] === undefined)).toEqual([])
})

test('a change that breaks would be found', () => {
  const before = buildSchema(read(newest, 'schema.graphql'))
  const after = buildSchema(read(newest, 'schema.graphql').replace(/^ {2}duplicate: Boolean$/m, '  duplicate: Int'))
  expect(findBreakingChanges(before, after)).toMatchObject([{ type: BreakingChangeType.FIELD_CHANGED_KIND }])
})

test.each(releases)('what clients of %s send is valid still', (release) => {
  const documents = JSON.parse(read(release, 'documents.json')) as Record<string, string>
  expect(Object.keys(documents).length).toBeGreaterThan(5)
  for (const [where, text] of Object.entries(documents)) expect(validate(schema, parse(text), rules, { maxErrors: 3 }).map(({ message }) => `${where}: ${message}`)).toEqual([])
})

test.each(releases)('the migrations of %s are as they were, and younger ones come behind them', (release) => {
  const before = JSON.parse(read(release, 'migrations.json')) as { tag: string; hash: string; when: number }[]
  const now = readMigrations().map(({ tag, hash, when }) => ({ tag, hash, when }))
  expect(now.slice(0, before.length)).toEqual(before)
  // A database takes those alone that are younger than its youngest.
  expect(now.map(({ when }) => when)).toEqual(now.map(({ when }) => when).sort((a, b) => a - b))
})

describe('a database that was brought up to date', () => {
  const before = JSON.parse(read(newest, 'database.json')) as Catalog
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => server.close())

  test('serves servers of the release before as well', async () => {
    expect(incompatible(before, await readCatalog(server.sql))).toEqual([])
  })

  test.each([
    ['alter table message rename body to text', 'message.body is gone, or has another name'],
    ['alter table chat drop column description', 'chat.description is gone, or has another name'],
    ['alter table chat add colour text not null', 'chat.colour is new, and must be given: it needs a default'],
    ['alter table chat alter title set not null', 'chat.title could be left out, and must be given now'],
    ['alter table event alter kind type integer', 'event.kind was smallint, and is integer'],
    ['drop function send_message(jsonb, boolean)', 'the function send_message(jsonb,boolean) is gone, or takes other arguments: make one of another name beside it'],
    ['alter table chat add check (length(title) < 5)', 'rows that were allowed may be refused: chat: CHECK ((length(title) < 5))'],
    ['create unique index on users (display_name)', 'rows that were allowed may be refused: users: CREATE UNIQUE INDEX ON public.users USING btree (display_name)'],
  ])('would not after: %s', async (statement, finding) => {
    const found = server.sql.begin(async (tx) => {
      await tx.unsafe(statement)
      const findings = incompatible(before, await readCatalog(tx))
      throw Object.assign(new Error('undone'), { findings })
    })
    await expect(found).rejects.toMatchObject({ findings: expect.arrayContaining([finding]) as unknown })
  })
})
