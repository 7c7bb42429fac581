import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readFile, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { StartError } from '../base/start-error.ts'
import { chooseAccount } from './embedded-account.ts'
import { findBinaries } from './embedded-binaries.ts'
import { lastMeaningfulLine } from './embedded-faults.ts'
import { readPidFile } from './embedded-orphan.ts'
import { run, startOptions, waitFor } from './embedded-process.ts'
import { startEmbedded } from './embedded.ts'
import { ask, base, dataDir, isGone, linux, log, postmasterPid, refusal, root, running, start, startOther, undo, useFolder } from '../../test/support/embedded.ts'

describe('after an unclean end', () => {
  test('ends the PostgreSQL of a killed process and finds the data intact', async () => {
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    const orphan = await postmasterPid()
    other.child.kill('SIGKILL')
    await other.ended
    expect(await isGone(orphan)).toBe(false)

    const server = await start()
    expect(log.info).toHaveBeenCalledWith({ pid: orphan }, 'ending the PostgreSQL that an earlier run has left')
    expect(await isGone(orphan)).toBe(true)
    expect(await ask(server.url, 'select v from t')).toBe('kept')
  })

  test('recovers when both were killed', async () => {
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    process.kill(other.pid, 'SIGKILL')
    process.kill(await postmasterPid(), 'SIGKILL')
    await other.ended
    expect(await ask((await start()).url, 'select v from t')).toBe('kept')
  })

  test('leaves a process alone that has the number of an earlier PostgreSQL', async () => {
    const server = await start()
    const file = join(dataDir, 'postgres', 'postmaster.pid')
    const text = await readFile(file, 'utf8')
    await server.stop()
    // PostgreSQL itself worries only about processes of its own account.
    const bystander = spawn('sleep', ['60'], startOptions(await chooseAccount(join(dataDir, 'postgres'))))
    undo.push(() => bystander.kill('SIGKILL'))
    await once(bystander, 'spawn')
    await writeFile(file, text.replace(/^.*/, String(bystander.pid)))

    await start()
    expect(await isGone(bystander.pid ?? 0)).toBe(false)
    expect(bystander.signalCode).toBeNull()
  })

  test('leaves a PostgreSQL alone that someone else runs on the cluster', async () => {
    await (await start()).stop()
    const cluster = join(dataDir, 'postgres')
    const account = await chooseAccount(cluster)
    const { postgres: program } = await findBinaries(account)
    const foreign = spawn(program, ['-D', cluster, '-c', 'listen_addresses=', '-c', 'unix_socket_directories=.'], { ...startOptions(account), cwd: cluster, stdio: 'ignore' })
    const ended = once(foreign, 'exit')
    expect(await waitFor(async () => (await readPidFile(cluster))?.ready === true, { ms: 5000 })).toBe(true)
    const before = await readFile(join(cluster, 'postmaster.pid'), 'utf8')
    expect(await refusal()).toBe(`Another PostgreSQL (process ${foreign.pid}) runs on ${cluster}: stop that one first.`)
    expect(await readFile(join(cluster, 'postmaster.pid'), 'utf8')).toBe(before)
    foreign.kill('SIGINT')
    await ended
  })

  test('starts over an empty postmaster.pid', async () => {
    await (await start()).stop()
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), '')
    await start()
  })

  test('an exit without stop ends PostgreSQL', async () => {
    const other = await startOther()
    const pid = await postmasterPid()
    other.child.stdin?.write('exit\n')
    await other.ended
    expect(await waitFor(() => isGone(pid), { ms: 5000 })).toBe(true)
  })

  test('Ctrl-C, which reaches the whole group of processes, leaves PostgreSQL to the server', async () => {
    const other = await startOther()
    const pid = await postmasterPid()
    process.kill(-other.pid, 'SIGINT')
    expect(await other.line()).toBe('answered')
    expect(await isGone(pid)).toBe(true)
  })

  test.each(['postgres.new-', 'postgres.log', 'postgres/postmaster.pid'])('a start broken off once there is "%s" leaves nothing running and nothing half done', async (sign) => {
    useFolder(join(base, 'data'))
    const controller = new AbortController()
    const began = startEmbedded({ dataDir, log, settings: { fsync: 'off' }, signal: controller.signal }).then(
      (server) => server.stop(),
      (error: unknown) => expect(error).toHaveProperty('message', 'broken off'),
    )
    expect(await waitFor(async () => (await entries()).some((name) => name.startsWith(sign)), { ms: 10_000, every: 1 })).toBe(true)
    controller.abort(new Error('broken off'))
    await began
    expect(await running()).toEqual([])
    expect((await entries()).filter((name) => /^postgres\.new-|^postgres.postmaster\.pid$/.test(name))).toEqual([])
    expect(await ask((await start()).url, 'select 1')).toBe(1)
  })

  test('a start broken off beforehand does nothing', async () => {
    useFolder(join(base, 'data'))
    await expect(start({ signal: AbortSignal.abort('never mind') })).rejects.toBe('never mind')
    expect(await readdir(base)).toEqual([])
  })

  test('a program that is broken off takes its children with it', async () => {
    const controller = new AbortController()
    const file = join(base, 'child')
    const ended = run('/bin/sh', ['-c', 'sleep 60 & echo $! > "$0"; wait', file], { account: null, cwd: base, signal: controller.signal }).catch((error: unknown) => error)
    const child = async () => Number(await readFile(file, 'utf8').catch(() => ''))
    await waitFor(async () => (await child()) > 0, { ms: 5000 })
    controller.abort('enough')
    expect(await ended).toBe('enough')
    expect(await waitFor(async () => isGone(await child()), { ms: 5000 })).toBe(true)
  })

  async function entries(): Promise<string[]> {
    const list = async (folder: string, prefix: string) => (await readdir(folder).catch(() => [])).map((name) => prefix + name)
    return [...(await list(dataDir, '')), ...(await list(join(dataDir, 'postgres'), 'postgres/'))]
  }
})

describe('what a person can mend', () => {
  test('a folder that cannot be written to', async () => {
    const closed = root ? (linux ? '/sys/parley' : '/System/parley') : join(base, 'closed')
    if (!root) await mkdir(closed, { mode: 0o500 })
    const message = await refusal({ dataDir: closed })
    expect(message).toMatch(/^The data folder \S+ cannot be written to \((EACCES|EPERM|EROFS) at \S+\): give this account the right to, or set DATA_DIR to another folder\.$/)
    expect(message).toContain(closed)
  })

  test.each(['the data folder', 'a parent of it', 'the folder of the cluster'])('a file in place of %s', async (which) => {
    useFolder(join(base, 'data'))
    const file = which === 'a parent of it' ? base + '/file' : which === 'the data folder' ? dataDir : join(dataDir, 'postgres')
    if (which === 'the folder of the cluster') await mkdir(dataDir)
    await writeFile(file, '')
    const message = await refusal({ dataDir: which === 'a parent of it' ? join(file, 'data') : dataDir })
    expect(message).toContain(file)
    expect(message).toMatch(/is a file|a file is in its place/)
    expect(message).toContain('move it away')
  })

  test('a cluster of another PostgreSQL, and a damaged one: both stay as they are', async () => {
    useFolder(join(base, 'data'))
    await (await start()).stop()
    const cluster = join(dataDir, 'postgres')
    const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8')
    await writeFile(join(cluster, 'PG_VERSION'), '17\n')
    expect(await refusal()).toMatch(/was made by PostgreSQL 17, and this is PostgreSQL \d+: dump it/)
    await writeFile(join(cluster, 'PG_VERSION'), version)

    await cp(join(cluster, 'global', 'pg_control'), join(base, 'pg_control'))
    await truncate(join(cluster, 'global', 'pg_control'), 0)
    expect(await refusal()).toMatch(/^PostgreSQL did not start in \S+: (FATAL|PANIC): .*pg_control/)
    await unlink(join(cluster, 'global', 'pg_control'))
    expect(await refusal()).toContain(`${cluster} does not hold a complete database: restore it from a backup`)
    expect(await readdir(cluster)).toContain('base')
  })

  test('a cluster that was left half made is made anew', async () => {
    useFolder(join(base, 'data'))
    const half = join(dataDir, 'postgres.new-abcdef')
    await mkdir(join(half, 'base', '1'), { recursive: true })
    await writeFile(join(half, 'PG_VERSION'), '18\n')
    await writeFile(join(dataDir, 'postgres.password'), '', { mode: 0o600 })
    await mkdir(join(dataDir, 'postgres'))
    expect(await ask((await start()).url, 'select 1')).toBe(1)
    expect(await readdir(dataDir)).not.toContain('postgres.new-abcdef')
  })

  test('a lost password is replaced, a wrong one explained', async () => {
    const first = await start()
    await ask(first.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    await first.stop()
    const file = join(dataDir, 'postgres.password')
    await writeFile(file, 'wrong\n')
    expect(await refusal()).toBe(`${file} does not hold the password of the database beside it: remove that file, and the next start sets a new password.`)
    await unlink(file)
    const second = await start()
    expect(second.url).not.toContain(new URL(first.url).password)
    expect(await ask(second.url, 'select v from t')).toBe('kept')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('the reason comes from the log, without what surrounds it', () => {
    const at = '2026-01-02 03:04:05.678 UTC [12] '
    expect(lastMeaningfulLine(`${at}LOG:  starting\n${at}FATAL:  no such thing\n${at}LOG:  database system is shut down\n`)).toBe('FATAL:  no such thing')
    expect(lastMeaningfulLine('running bootstrap script ... ok\ninitdb: error: cannot\ninitdb: removing contents\n')).toBe('initdb: error: cannot')
    expect(lastMeaningfulLine('')).toBe('')
  })
})

describe.runIf(root && linux)('as root', () => {
  test('PostgreSQL runs under an unprivileged account, which stays the owner of the cluster', async () => {
    await (await start()).stop()
    const { uid } = await stat(join(dataDir, 'postgres'))
    expect(uid).not.toBe(0)
    expect(await chooseAccount(join(dataDir, 'postgres'))).toMatchObject({ uid })
    await start()
    expect((await stat(`/proc/${await postmasterPid()}`)).uid).toBe(uid)
  })

  test('a data folder that the account cannot reach works, also after a kill', async () => {
    useFolder(join(base, 'data'))
    await chmod(base, 0o700)
    const other = await startOther()
    await ask(other.url, "drop table if exists t; create table t (v text); insert into t values ('kept')")
    other.child.kill('SIGKILL')
    await other.ended
    expect(await ask((await start()).url, 'select v from t')).toBe('kept')
    expect(log.info).toHaveBeenCalledWith(expect.anything(), 'ending the PostgreSQL that an earlier run has left')
  })

  test('a cluster that was restored as root is given to the account', async () => {
    await (await start()).stop()
    await cp(join(dataDir, 'postgres'), join(base, 'copy', 'postgres'), { recursive: true })
    expect((await stat(join(base, 'copy', 'postgres'))).uid).toBe(0)
    expect(await ask((await start({ dataDir: join(base, 'copy') })).url, 'select 1')).toBe(1)
  })

  test('programs that the account cannot reach are copied once, and mended', async () => {
    const usual = await findBinaries(null)
    const packageDir = join(base, 'closed', 'linux-test')
    await cp(join(usual.postgres, '..', '..', '..'), packageDir, { recursive: true, verbatimSymlinks: true })
    await chmod(join(base, 'closed'), 0o700)
    const account = await chooseAccount(join(dataDir, 'postgres'))
    const cache = join(base, 'cache')
    const find = () => findBinaries(account, { packageDir, caches: [join(base, 'closed', 'cache'), cache] })
    const copied = await find()
    expect(copied.postgres.startsWith(cache)).toBe(true)
    const made = (await stat(copied.postgres)).ino
    expect((await stat((await find()).postgres)).ino).toBe(made)
    await rm(join(copied.initdb))
    expect((await stat((await find()).initdb)).size).toBe((await stat(usual.initdb)).size)
    expect(await readdir(cache)).toHaveLength(1)

    await chmod(cache, 0o777)
    const refused = findBinaries(account, { packageDir, caches: [cache] })
    await expect(refused).rejects.toThrow(StartError)
    await expect(refused).rejects.toThrow('is not a folder that only this account can write to')
  })
})
