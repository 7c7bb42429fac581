import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { verifyBackup } from './backup-format.ts'
import { removeOlder, writeBackup } from './backup-write.ts'
import { configFromEnvironment, exitOnSignals, failStart, openBlobs, reachDatabase, readOrder } from './process.ts'

const USAGE = `Usage, with the settings of the server, which may go on meanwhile:
  npm run backup -- <folder>                 makes a backup in a new folder below this one
  npm run backup -- <folder> --keep 14       and removes all but the newest 14 there
  npm run backup -- <folder> --no-files      leaves out what people sent as files (--files: takes it along though it is in a bucket)
  npm run backup -- --check <backup>         reads a backup and tells whether it is whole`

const { target, keep, values } = readOrder(USAGE, () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: 'boolean' }, keep: { type: 'string' }, files: { type: 'boolean' }, 'no-files': { type: 'boolean' } } })
  const [target] = positionals
  if (target === undefined || positionals.length > 1) throw new Error('name one folder')
  const keep = values.keep === undefined ? null : Number(values.keep)
  if (keep !== null && !(Number.isInteger(keep) && keep > 0)) throw new Error('--keep is a number of backups, 1 or more')
  return { target, keep, values }
})

exitOnSignals()

try {
  await (values.check === true ? check(resolve(target)) : backUp(resolve(target)))
} catch (error) {
  failStart(error)
}

async function check(folder: string): Promise<void> {
  const { takenAt, version, tables, files } = await verifyBackup(folder)
  console.log(`${folder} is whole: taken ${takenAt} by Parley ${version}, ${sum(tables.map(({ rows }) => rows))} rows, ${files === null ? 'without files' : `${files.count} files`}.`)
}

async function backUp(home: string): Promise<void> {
  const config = configFromEnvironment()
  // A bucket keeps copies of its own.
  const withFiles = values['no-files'] !== true && (config.files.kind === 'disk' || values.files === true)
  const { url, stop } = await reachDatabase(config)
  try {
    const { folder, manifest } = await writeBackup({ url, home, blobs: withFiles ? await openBlobs(config) : null })
    const { files, tables } = manifest
    console.log(`Backed up ${sum(tables.map(({ rows }) => rows))} rows${files === null ? '' : ` and ${files.count} files`} into ${folder}`)
    if (files !== null && files.missing > 0) console.log(`  ${files.missing} files are named and not there any more: deleted meanwhile, or lost. npm run doctor tells which.`)
    if (files === null) console.log(`  Without the files that people sent${config.files.kind === 's3' ? ': they are in the bucket, which needs a backup or versions of its own.' : '.'}`)
    if (config.auth.secretKey === null && existsSync(join(config.dataDir, 'secret.key'))) console.log(`  Keep ${join(config.dataDir, 'secret.key')} too, in another place: it is not part of it.`)
    for (const older of keep === null ? [] : await removeOlder(home, keep)) console.log(`  Removed ${older}`)
  } finally {
    await stop()
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
