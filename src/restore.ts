import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from './base/start-error.ts'
import { verifyBackup } from './backup-format.ts'
import { connectBare, liftLimits, unusable } from './db/open.ts'
import { MIGRATION_LOCK } from './db/migrations.ts'
import { settleEpoch } from './event/epoch.ts'
import { configFromEnvironment, exitOnSignals, failStart, openBlobs, reachDatabase, readOrder } from './process.ts'
import { checkTarget, loadFiles, loadTables } from './restore-load.ts'

const USAGE = `Usage, with the settings of the server, all of which must be stopped:
  npm run restore -- <backup>              into an empty database and its folder or bucket of files
  npm run restore -- <backup> --replace    removes what the database holds first`

const { source, replace } = readOrder(USAGE, () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { replace: { type: 'boolean', default: false } } })
  const [source] = positionals
  if (source === undefined || positionals.length > 1) throw new Error('name one backup')
  return { source, replace: values.replace }
})

exitOnSignals()

try {
  await restore(resolve(source))
} catch (error) {
  failStart(error)
}

async function restore(folder: string): Promise<void> {
  const config = configFromEnvironment()
  const manifest = await verifyBackup(folder)
  const { url, running, stop } = await reachDatabase(config)
  try {
    if (running) throw new StartError(`A server runs on ${config.dataDir}: stop it first, or set DATA_DIR to another folder.`)
    const sql = connectBare(url, 'restore of parley')
    try {
      await liftLimits(sql).catch((error: unknown) => {
        throw unusable(url, error)
      })
      // A server that starts now waits for it, before it looks at anything.
      const [lock] = await sql<{ taken: boolean }[]>`select pg_try_advisory_lock(${MIGRATION_LOCK}) as taken`
      if (lock?.taken !== true) throw new StartError('A server starts on this database just now, or another restore is under way: stop it first.')
      await checkTarget(sql, { manifest, replace })
      const blobs = await openBlobs(config)
      const draftFolder = join(config.uploads.folder, 'restore')
      let added: string[] = []
      try {
        const beforeCommit = async () => {
          if (manifest.files !== null) added = await loadFiles({ folder, blobs, draftFolder })
        }
        await loadTables(sql, { folder, manifest, beforeCommit })
      } catch (error) {
        await blobs.delete(added)
        throw error
      } finally {
        await rm(draftFolder, { recursive: true, force: true })
      }
      await settleEpoch(sql)
      console.log(`Restored ${manifest.tables.reduce((sum, { rows }) => sum + rows, 0)} rows${manifest.files === null ? '' : ` and ${manifest.files.count} files`}, as they were at ${manifest.takenAt}.`)
      if (manifest.files === null) console.log('  The backup holds no files: FILES_DIR or the bucket must have those of its time.')
      if (config.auth.secretKey === null && !existsSync(join(config.dataDir, 'secret.key'))) {
        console.log(`  Put the secret.key of before into ${config.dataDir} before the first start, or everybody's access tokens are void and a message sent twice over the restore is a conflict.`)
      }
      console.log('  Clients begin anew by themselves when they come back. npm run doctor looks through what is there now.')
    } finally {
      await sql.end({ timeout: 5 })
    }
  } finally {
    await stop()
  }
}
