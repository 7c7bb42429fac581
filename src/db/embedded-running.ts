import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { isHeld } from './embedded-lock.ts'
import { NAME, passwordFile } from './embedded-site.ts'

/**
 * The URL of the database that a running process has on this data folder; null where none answers, or the one that does was left by a process that was
 * killed: whoever starts one there ends that. For tools beside the server.
 */
export async function findRunning(dataDir: string): Promise<string | null> {
  const [pidFile, password] = await Promise.all([read(join(dataDir, 'postgres', 'postmaster.pid')), read(passwordFile(dataDir))])
  // The fourth line is the port (PostgreSQL's manual, "Database File Layout").
  const port = Number(pidFile?.split('\n')[3])
  if (password === null || !Number.isInteger(port) || port <= 0 || !(await isHeld(dataDir))) return null
  const url = `postgres://${NAME}:${password.trim()}@127.0.0.1:${port}/${NAME}`
  const sql = postgres(url, { max: 1, connect_timeout: 2, ssl: false, onnotice: () => undefined })
  try {
    await sql`select 1`
    return url
  } catch {
    return null
  } finally {
    await sql.end({ timeout: 1 })
  }
}

function read(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}
