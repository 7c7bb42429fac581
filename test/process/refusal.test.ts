import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { makeFolder, postgresIn, refusal, run, serve } from './support.ts'

/** Starts that come as far as the database share one. */
let cwd: string
beforeAll(async () => {
  cwd = await makeFolder()
})

test('all faults of the settings are told at once, one line each, before anything is touched', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, '.env'), 'LOG_LEVEL=loud\nJWT_SECRET_KEY=short\n')
  const settings = { PORT: '70000', HOST: 'not a host', DATABASE_URL: 'mysql://db', COOKIE_SAMESITE: 'none' }
  const start = run('main', { cwd: folder, settings: { ...settings, LOG_LEVEL: undefined } })
  expect((await refusal(start)).sort()).toEqual([
    'Setting COOKIE_SAMESITE none needs COOKIE_SECURE=true: browsers refuse such a cookie otherwise',
    'Setting DATABASE_URL must be a URL that starts with postgres:// or postgresql://',
    'Setting HOST must be an IP address or a host name',
    'Setting JWT_SECRET_KEY must have at least 32 characters, or be left out: then one is made and kept in DATA_DIR',
    'Setting LOG_LEVEL must be fatal, error, warn, info, debug, trace or silent',
    'Setting PORT must be a whole number from 0 to 65535',
  ])
  expect(existsSync(join(folder, 'data'))).toBe(false)
})

test('a port that is taken, 4000 where none is set, is named; the database it had started ends', async () => {
  const other = createServer()
  // Where somebody else has it already, that is as good.
  const taken = once(other.listen(4000, '127.0.0.1'), 'listening').catch(() => undefined)
  try {
    await taken
    expect(await refusal(run('main', { cwd, settings: { PORT: undefined } }))).toEqual(['Port 4000 on 127.0.0.1 is taken by another program. Stop that one, or choose another with PORT.'])
    expect(await postgresIn(join(cwd, 'data'))).toBeNull()
  } finally {
    other.close()
  }
})

test('a second start on the same data is refused and leaves the first alone', async () => {
  const first = await serve({ cwd })
  expect(await refusal(run('main', { cwd }))).toEqual([`The data folder ${join(cwd, 'data')} is in use by another server (process ${first.process.pid}): stop that one first, or set DATA_DIR to another folder.`])
  expect((await fetch(`${first.url}/health/ready`)).status).toBe(200)
})

test('an address that is not of this machine is refused', async () => {
  expect(await refusal(run('main', { cwd, settings: { HOST: '192.0.2.1', DATABASE_URL: inject('postgresUrl') } }))).toEqual(['HOST 192.0.2.1 is no address of this machine.'])
})

test('a folder that cannot be written to is named, with and without a database of its own', async () => {
  const closed = await unwritable()
  const [line, ...more] = await refusal(run('main', { cwd, settings: { DATA_DIR: closed } }))
  expect(line).toMatch(/^The data folder \S+ cannot be written to \(E[A-Z]+ at \S+\): give this account the right to, or set DATA_DIR to another folder\.$/)
  expect(line).toContain(closed)
  expect(more).toEqual([])

  const [keyLine, ...keyMore] = await refusal(run('main', { cwd, settings: { DATA_DIR: closed, DATABASE_URL: inject('postgresUrl') } }))
  expect(keyLine).toMatch(/^The key that signs tokens cannot be kept in \S+: E[A-Z]+.* Choose another DATA_DIR, or set JWT_SECRET_KEY\.$/)
  expect(keyLine).toContain(closed)
  expect(keyMore).toEqual([])
})

test('a key file that holds no key is named', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'secret.key'), '')
  const start = run('main', { cwd, settings: { DATA_DIR: folder, DATABASE_URL: inject('postgresUrl') } })
  expect(await refusal(start)).toEqual([`${join(folder, 'secret.key')} does not hold a key of at least 32 characters: remove it, and the next start makes a new one (everybody signs in again).`])
})

test('a database that does not answer is named, without its password', async () => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as AddressInfo
  await new Promise((resolve) => nobody.close(resolve))
  const [line, ...more] = await refusal(run('main', { cwd, settings: { DATABASE_URL: `postgres://me:hidden@127.0.0.1:${port}/chats` } }))
  expect(line).toMatch(new RegExp(`^The database at 127\\.0\\.0\\.1:${port}/chats cannot be used: .*ECONNREFUSED`))
  expect(line).not.toContain('hidden')
  expect(more).toEqual([])
})

/** A folder in which this account can make nothing. Root may write everywhere but into what the kernel shows. */
async function unwritable(): Promise<string> {
  if (process.getuid?.() === 0) return process.platform === 'linux' ? '/sys/parley' : '/System/parley'
  const folder = join(await makeFolder(), 'closed')
  await mkdir(folder, { mode: 0o500 })
  opened.push(() => chmod(folder, 0o700))
  return folder
}

const opened: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const open of opened) await open()
})
