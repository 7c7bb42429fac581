import { StartError } from '../base/start-error.ts'

/** A {@link StartError} from what PostgreSQL's programs printed. */
export function startFailure(dataDir: string, output: string): StartError {
  if (/No space left on device|Disk quota exceeded|Check free disk space/.test(output)) return noSpace(dataDir)
  const nameless = /could not look up effective user ID (\d+)/.exec(output)?.[1]
  if (nameless !== undefined) return new StartError(`PostgreSQL does not run under an account without a name, such as the number ${nameless} here: start Parley as an account of this system, or set DATABASE_URL to a PostgreSQL server.`)
  const reason = lastMeaningfulLine(output)
  return new StartError(`PostgreSQL did not start in ${dataDir}${reason === '' ? '' : `: ${reason}`}`)
}

function noSpace(dataDir: string): StartError {
  return new StartError(`There is no space left for the data folder ${dataDir}: free some, then start again.`)
}

/** The line of PostgreSQL's log that says why it ended, without the time in front; '' for an empty log. */
export function lastMeaningfulLine(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] /, '').trim()).filter((line) => line !== '')
  return lines.findLast((line) => /^(FATAL|PANIC):/.test(line)) ?? lines.findLast((line) => /\berror:/i.test(line)) ?? lines.at(-1) ?? ''
}

/** For `catch`: answers `fallback` where a file does not exist, and passes every other error on. */
export function ifMissing<T>(fallback: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return fallback
    throw error
  }
}

/** Turns the errors of the file system that a person can do something about into a {@link StartError}. */
export function explain(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error) || error instanceof StartError) return error
  // What was to be made: `path` of a symbolic link is where it leads.
  const { code, path, syscall, dest = path } = error as NodeJS.ErrnoException & { dest?: string }
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(dataDir)
  if (code === undefined || dest === undefined || syscall === undefined) return error
  const where = `${code} at ${dest}`
  const other = 'set DATA_DIR to another folder'
  // A container may take from root what makes it root.
  if (syscall.endsWith('chown')) return new StartError(`PostgreSQL refuses to run as root, and this root may not give files to another account (${where}): start Parley as an ordinary user.`, { cause: error })
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new StartError(`The data folder ${dataDir} cannot be made, a file is in its place (${where}): move it away, or ${other}.`, { cause: error })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StartError(`The data folder ${dataDir} cannot be written to (${where}): give this account the right to, or ${other}.`, { cause: error })
    default:
      return new StartError(`The data folder ${dataDir} cannot be used (${where}): ${other}.`, { cause: error })
  }
}
