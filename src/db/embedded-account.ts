import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StartError } from '../base/start-error.ts'

/** An account of the system that PostgreSQL's programs run under. */
export interface Account {
  name: string
  uid: number
  gid: number
}

/** In order of preference. Accounts of people are left out: their files are none of PostgreSQL's business. */
const CANDIDATES = ['postgres', '_postgres', 'nobody', 'daemon']

/**
 * The account to run PostgreSQL under, which refuses to run as root; null: the account of this process will do.
 * The owner of an existing cluster stays the one, whatever other accounts the system has got since.
 * @throws {StartError} when this is root and no other account exists.
 */
export async function chooseAccount(cluster: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const accounts = await systemAccounts()
  const owner = await stat(cluster).catch(() => null)
  if (owner?.isDirectory() && owner.uid !== 0) {
    return accounts.find(({ uid }) => uid === owner.uid) ?? { name: `with the number ${owner.uid}`, uid: owner.uid, gid: owner.gid }
  }
  for (const name of CANDIDATES) {
    const account = accounts.find((each) => each.name === name && each.uid !== 0)
    if (account !== undefined) return account
  }
  throw new StartError(`PostgreSQL refuses to run as root, and this system has no account to run it instead (${CANDIDATES.join(', ')}): start Parley as an ordinary user, or set DATABASE_URL to a PostgreSQL server.`)
}

async function systemAccounts(): Promise<Account[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    // macOS writes -2 for `nobody`; the system calls take that as an unsigned number.
    return name === undefined || uid === undefined || gid === undefined || name.startsWith('#') ? [] : [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }]
  })
}

/** The outermost folder on the way to `folder`, itself included, that the account may not enter; null: it may enter all. */
export async function blockedAt(folder: string, account: Account): Promise<string | null> {
  let blocked: string | null = null
  for (let at = await realpath(folder); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const enter = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & enter) === 0) blocked = at
    if (at === dirname(at)) return blocked
  }
}

/**
 * How to name a folder in the arguments of a program that runs under `account` and is started inside that folder.
 *
 * A folder in the home of root cannot be reached by its path: other accounts may not enter the home. The current folder of
 * a process stays open to it all the same, and on Linux it has a path that does not lead through its parents.
 * @throws {StartError} when no path leads there.
 */
export async function pathFor(folder: string, account: Account | null): Promise<string> {
  const blocked = account === null ? null : await blockedAt(folder, account)
  if (account === null || blocked === null) return folder
  if (process.platform === 'linux') return '/proc/self/cwd'
  throw new StartError(`PostgreSQL runs under the account ${account.name}, which may not enter ${blocked}: set DATA_DIR to a folder outside of it.`)
}
