import { join } from 'node:path'
import type { Account } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'

/** What of a log the embedded database needs; pino's fits. */
export interface EmbeddedLog {
  info(o: object, msg: string): void
  warn(o: object, msg: string): void
  debug(o: object, msg: string): void
}

/** Where and how the embedded PostgreSQL lives. */
export interface Site {
  /** A real path: no symbolic link on it. */
  dataDir: string
  /** The cluster's folder in `dataDir`. */
  cluster: string
  /** Whom PostgreSQL runs under; null: like this process. */
  account: Account | null
  binaries: Binaries
  /** Settings of PostgreSQL that go before our own. */
  settings: Record<string, string>
  log: EmbeddedLog
  signal: AbortSignal | undefined
}

/** PostgreSQL's superuser, and its database. */
export const NAME = 'parley'

/** The file with the superuser's password. */
export function passwordFile(dataDir: string): string {
  return join(dataDir, 'postgres.password')
}
