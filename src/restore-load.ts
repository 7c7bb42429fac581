import { createReadStream } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Sql, TransactionSql } from 'postgres'
import { StartError } from './base/start-error.ts'
import { filePath, readSums, tablePath } from './backup-format.ts'
import type { Manifest } from './backup-format.ts'
import type { Blobs } from './blob/index.ts'
import { applyMigrations, appliedMigrations, readMigrations } from './db/migrations.ts'

type Bare = Sql<{ bigint: number }>
type Tx = TransactionSql<{ bigint: number }>

/** What must be so before anything is changed. */
export async function checkTarget(sql: Bare, { manifest, replace }: { manifest: Manifest; replace: boolean }): Promise<void> {
  const known = readMigrations()
  const unknown = manifest.migrations.find(({ hash }, index) => known[index]?.hash !== hash)
  if (unknown !== undefined) throw new StartError(`The backup is of Parley ${manifest.version}, whose tables (${unknown.tag}) this version does not know: restore it with that version or a newer one.`)
  const servers = await sql<{ name: string }[]>`
    select application_name as name from pg_stat_activity where datname = current_database() and application_name like 'parley%' and pid <> pg_backend_pid()`
  if (servers.length > 0) throw new StartError('A server of Parley runs on this database: stop all of them first.')
  const foreign = await foreignTables(sql, manifest)
  const applied = await appliedMigrations(sql)
  if (applied.length === 0) return
  const [held] = await sql<{ users: number; chats: number }[]>`select (select count(*) from users)::int as users, (select count(*) from chat)::int as chats`
  const isEmpty = held === undefined || (held.users === 0 && held.chats === 0)
  if (!isEmpty && !replace) {
    throw new StartError(`The database is not empty: it holds ${held.users} users and ${held.chats} chats. Restore into an empty one (another DATA_DIR, or a new database in DATABASE_URL), or say --replace, which removes what is there.`)
  }
  if (foreign.length > 0) throw new StartError(`Beside those of Parley the database holds other tables (${foreign.slice(0, 3).join(', ')}), from which its own cannot be told apart for sure: restore into a database of its own.`)
}

async function foreignTables(sql: Bare, manifest: Manifest): Promise<string[]> {
  const ours = new Set([...manifest.tables.map(({ name }) => name), ...createdTables()])
  const found = await sql<{ name: string }[]>`
    select relname::text as name from pg_class c
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'f') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`
  return found.map(({ name }) => name).filter((name) => !ours.has(name))
}

/** Tables that any version up to this one has made. */
function createdTables(): string[] {
  return readMigrations().flatMap(({ statements }) => [...statements.join('\n').matchAll(/CREATE TABLE "(\w+)"/g)].map(([, name = '']) => name))
}

/**
 * Puts the tables of a backup in the place of what is there, all in one transaction: the tables as they were at the backup, their rows, then
 * what has come to the tables since. `beforeCommit` runs when everything else is done.
 */
export async function loadTables(sql: Bare, options: { folder: string; manifest: Manifest; beforeCommit: () => Promise<void> }): Promise<void> {
  const { folder, manifest } = options
  const migrations = readMigrations()
  const then = migrations.slice(0, manifest.migrations.length)
  await sql.begin(async (tx) => {
    await tx`set local maintenance_work_mem = '256MB'`
    await removeAll(tx)
    await applyMigrations(tx, then)
    const later = await setAside(tx)
    // What the migrations put there themselves.
    await tx`truncate ${tx(manifest.tables.map(({ name }) => name))}`
    for (const table of manifest.tables) await loadTable(tx, folder, table)
    for (const { name, last, called } of manifest.sequences) await tx`select setval(${`public.${name}`}::text::regclass, ${last}::bigint, ${called})`
    for (const statement of later) await tx.unsafe(statement)
    await applyMigrations(tx, migrations.slice(then.length))
    // By this clients with a cursor of before are noticed: they begin anew.
    await tx`update meta set epoch = gen_random_uuid()`
    await tx`analyze ${tx(manifest.tables.map(({ name }) => name))}`
    await options.beforeCommit()
  })
}

/** All of ours that is in the schema, except what belongs to extensions. */
async function removeAll(tx: Tx): Promise<void> {
  if ((await appliedMigrations(tx)).length === 0) return
  const objects = await tx<{ statement: string }[]>`
    select format('drop %s if exists %s cascade', case when relkind = 'S' then 'sequence' when relkind = 'v' then 'view' else 'table' end, c.oid::regclass) as statement
    from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    union all
    select format('drop routine if exists %s cascade', p.oid::regprocedure) from pg_proc p
    where pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select format('drop text search configuration if exists public.%I cascade', cfgname) from pg_ts_config g
    where cfgnamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = g.oid and d.deptype = 'e')`
  for (const { statement } of objects) await tx.unsafe(statement)
  await tx`drop schema drizzle cascade`
}

/** Takes away what is dear or in the way while rows come in any order, and answers what brings it back: foreign keys, and indexes that hold no promise. */
async function setAside(tx: Tx): Promise<string[]> {
  const found = await tx<{ away: string; back: string }[]>`
    select format('alter table %s drop constraint %I', conrelid::regclass, conname) as away,
      format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as back
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
    union all
    select format('drop index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'public'::regnamespace and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
      and not exists (select from pg_depend d where d.objid = i.indrelid and d.deptype = 'e')`
  for (const { away } of found) await tx.unsafe(away)
  return found.map(({ back }) => back).sort((a, b) => Number(a.startsWith('alter')) - Number(b.startsWith('alter')))
}

async function loadTable(tx: Tx, folder: string, { name, columns, rows }: Manifest['tables'][number]): Promise<void> {
  const sink = await tx`copy ${tx(name)} (${tx(columns)}) from stdin`.writable()
  await pipeline(createReadStream(join(folder, tablePath(name))), createGunzip(), sink)
  const [found] = await tx<{ rows: number }[]>`select count(*) as rows from ${tx(name)}`
  if (found?.rows !== rows) throw new StartError(`Of ${rows} rows of the table ${name} ${found?.rows ?? 0} have come: nothing was changed.`)
}

/** Puts files where the settings say, those that are there already apart; answers the keys that were added. */
export async function loadFiles(options: { folder: string; blobs: Blobs; draftFolder: string }): Promise<string[]> {
  const { folder, blobs, draftFolder } = options
  const paths = [...((await readSums(folder)) ?? new Map<string, string>()).keys()].filter((path) => path.startsWith('files/'))
  const added: string[] = []
  if (paths.length === 0) return added
  await mkdir(draftFolder, { recursive: true, mode: 0o700 })
  try {
    for (const path of paths) {
      const key = path.slice(path.lastIndexOf('/') + 1)
      const there = await blobs.get(key)
      there?.destroy()
      if (there !== null) continue
      const draft = join(draftFolder, key)
      await copyFile(join(folder, filePath(key)), draft)
      await blobs.put(key, draft)
      added.push(key)
    }
  } catch (error) {
    await blobs.delete(added)
    throw error
  }
  return added
}
