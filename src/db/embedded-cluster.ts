import { randomBytes } from 'node:crypto'
import { chmod, chown, lchown, mkdtemp, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '../base/start-error.ts'
import type { Account } from './embedded-account.ts'
import { pathFor } from './embedded-account.ts'
import { ifMissing, startFailure } from './embedded-faults.ts'
import { endOrphan } from './embedded-orphan.ts'
import { run } from './embedded-process.ts'
import type { Site } from './embedded-site.ts'
import { NAME, passwordFile } from './embedded-site.ts'

/**
 * Makes the cluster if there is none yet, checks it otherwise, and returns the superuser's password. Afterwards no server runs on it.
 * @throws {StartError} when what is there cannot be used; it is never removed or replaced.
 */
export async function prepareCluster(site: Site): Promise<string> {
  await removeLeftovers(site.dataDir)
  const known = (await readFile(passwordFile(site.dataDir), 'utf8').catch(ifMissing(''))).trim()
  if (await clusterExists(site.cluster)) {
    await endOrphan(site)
    await checkCluster(site)
    return known === '' ? resetPassword(site) : known
  }
  const password = known === '' ? await savePassword(site, newPassword()) : known
  const began = performance.now()
  await createCluster(site)
  site.log.info({ folder: site.cluster, ms: Math.round(performance.now() - began) }, 'database created')
  return password
}

/** What an initdb that was killed has left. */
async function removeLeftovers(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name.startsWith('postgres.new-'))
  await Promise.all(names.map((name) => rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)))
}

async function clusterExists(cluster: string): Promise<boolean> {
  const info = await stat(cluster).catch(ifMissing(null))
  if (info === null) return false
  if (!info.isDirectory()) throw new StartError(`${cluster} is a file, where the folder of the database belongs: move it away, or set DATA_DIR to another folder.`)
  const own = process.getuid?.()
  if (own !== 0 && info.uid !== own) {
    throw new StartError(`The database in ${cluster} belongs to another account (number ${info.uid}), perhaps because Parley ran as root before: give it back with chown -R, or set DATA_DIR to another folder.`)
  }
  if ((await readdir(cluster)).length > 0) return true
  await rmdir(cluster)
  return false
}

async function checkCluster({ cluster, account, binaries }: Site): Promise<void> {
  const info = await stat(cluster)
  // A folder restored from a backup by root may be root's; PostgreSQL takes only its own, closed to others.
  if (account !== null && info.uid !== account.uid) await giveTo(account, cluster)
  if ((info.mode & 0o027) !== 0) await chmod(cluster, 0o700)
  const version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(ifMissing(''))).trim()
  if (version === '' || (await stat(join(cluster, 'global', 'pg_control')).catch(ifMissing(null))) === null) {
    throw new StartError(`${cluster} does not hold a complete database: restore it from a backup, or move the folder away to start with an empty one.`)
  }
  if (version !== String(binaries.major)) {
    throw new StartError(`The database in ${cluster} was made by PostgreSQL ${version}, and this is PostgreSQL ${binaries.major}: dump it with the version of Parley that made it and load it here, or move the folder away to start with an empty one.`)
  }
}

async function giveTo(account: Account, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true })
  for (const path of [...entries.map((entry) => join(folder, entry)), folder]) await lchown(path, account.uid, account.gid)
}

/** initdb works in a folder of its own that takes the cluster's name when it is complete, so half a cluster is never taken for one. */
async function createCluster(site: Site): Promise<void> {
  const { account, cluster, dataDir } = site
  const staging = await mkdtemp(join(dataDir, 'postgres.new-'))
  try {
    if (account !== null) await chown(staging, account.uid, account.gid)
    await initialise(site, staging)
    await rename(staging, cluster)
  } catch (error) {
    await rm(staging, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined)
    throw error
  }
}

async function initialise({ dataDir, account, binaries, settings, signal }: Site, staging: string): Promise<void> {
  const args = ['-D', await pathFor(staging, account), `--username=${NAME}`, '--auth=scram-sha-256', '--pwfile=/dev/fd/3', '--encoding=UTF8']
  // PostgreSQL's own rules of Unicode, which are the same on every system and never change with one of its updates.
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions')
  if (settings.fsync === 'off') args.push('--no-sync')
  // Trigrams still ask the system what a letter is; under plain C only those of English are, so it is the last resort.
  for (const locale of ['C.UTF-8', 'en_US.UTF-8', 'C']) {
    // The descriptor, because the file's path may be closed to the account.
    const file = await open(passwordFile(dataDir))
    const { code, output } = await run(binaries.initdb, [...args, `--locale=${locale}`], { account, cwd: staging, fd: file.fd, signal }).finally(() => file.close())
    if (code === 0) return
    if (!output.includes('invalid locale name')) throw startFailure(dataDir, output)
  }
  throw new StartError('PostgreSQL accepts no locale of this system: set DATABASE_URL to a PostgreSQL server.')
}

function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

async function savePassword({ dataDir, account }: Site, password: string): Promise<string> {
  const file = passwordFile(dataDir)
  await writeFile(file, password + '\n', { mode: 0o600 })
  if (account !== null) await chown(file, account.uid, account.gid)
  return password
}

/** For a cluster whose password file is lost: who owns the files may set a new one. */
async function resetPassword(site: Site): Promise<string> {
  const { account, binaries, cluster, dataDir, signal } = site
  const password = newPassword()
  const args = ['--single', '-D', await pathFor(cluster, account), 'postgres']
  const { code, output } = await run(binaries.postgres, args, { account, cwd: cluster, input: `ALTER ROLE ${NAME} PASSWORD '${password}'\n`, signal })
  // In this mode a failed statement does not show in the exit code.
  if (code !== 0 || /(ERROR|FATAL|PANIC):/.test(output)) throw startFailure(dataDir, output)
  site.log.warn({ file: passwordFile(dataDir) }, 'the password file of the database was missing: a new password is set')
  return savePassword(site, password)
}
