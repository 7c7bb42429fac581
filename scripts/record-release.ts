import { mkdirSync, writeFileSync, rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLog } from '../src/base/log.ts'
import { VERSION } from '../src/base/version.ts'
import { startEmbedded } from '../src/db/embedded.ts'
import { readMigrations } from '../src/db/migrations.ts'
import { openDatabase } from '../src/db/open.ts'
import { printSchemaFile } from '../test/printed-schema.ts'
import { readCatalog } from '../test/releases/catalog.ts'
import { documentsOfClients } from '../test/releases/documents.ts'

// Writes down what a release promises: from then on test/releases holds every change against it.

const folder = fileURLToPath(new URL(`../releases/${VERSION}`, import.meta.url))
const dataDir = mkdtempSync(join(tmpdir(), 'parley-release-'))
const postgres = await startEmbedded({ dataDir, log: createLog({ level: 'warn', pretty: true }), settings: { fsync: 'off' } })
const database = await openDatabase(postgres.url, { poolSize: 1, onClose: () => postgres.stop() })
try {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, content: unknown) => { writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 1) + '\n') }
  write('schema.graphql', printSchemaFile())
  write('migrations.json', readMigrations().map(({ tag, hash, when }) => ({ tag, hash, when })))
  write('database.json', await readCatalog(database.sql))
  write('documents.json', documentsOfClients())
  console.log(`Recorded ${VERSION} in ${folder}`)
} finally {
  await database.close()
  rmSync(dataDir, { recursive: true, force: true })
}
