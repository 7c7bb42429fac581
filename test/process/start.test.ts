import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { Client } from '../client.ts'
import { PASSWORD } from '../harness.ts'
import { environment, expectCleanStop, makeFolder, postgresIn, Process, ready, rolesOf, run, serve } from './support.ts'

/** An address of this machine that a server on 127.0.0.1 alone does not answer at. */
function otherAddress(): string {
  const outside = Object.values(networkInterfaces()).flatMap((list) => list ?? []).find(({ internal, family }) => !internal && family === 'IPv4')
  // All of 127.0.0.0/8 leads to a Linux machine itself.
  return outside?.address ?? '127.0.0.2'
}

async function answers(url: string, host: string): Promise<boolean> {
  const at = new URL(url)
  at.hostname = host
  return fetch(new URL('/health/live', at)).then(
    (response) => response.ok,
    () => false,
  )
}

test('without any setting it makes its database, serves this machine, says where, and ends with Ctrl-C; the data stays', async () => {
  const cwd = await makeFolder()
  const dataDir = join(cwd, 'data')
  const first = await serve({ cwd, settings: { LOG_LEVEL: 'info' } })
  const { host } = new URL(first.url)
  expect(first.process.stdout).toMatch(/^\nParley \d+\.\d+\.\d+ is ready\.\n/)
  expect(first.process.stdout.split('\n').slice(2)).toEqual([
    `  Chat      http://${host}`,
    `  API       http://${host}/graphql   (GraphiQL in a browser)`,
    `  Live      ws://${host}/graphql`,
    `  Health    http://${host}/health/ready`,
    `  Data      ${dataDir} (a PostgreSQL of its own)`,
    '  Stop      Ctrl-C',
    '',
    '',
  ])
  // A first start tells that it made a database, and nothing else.
  expect(first.process.stderr).toMatch(/^[^\n]*"database created"[^\n]*\n$/)

  expect(host).toMatch(/^127\.0\.0\.1:/)
  expect(await answers(first.url, '127.0.0.1')).toBe(true)
  expect(await answers(first.url, otherAddress())).toBe(false)
  expect(await (await fetch(`${first.url}/health/ready`)).json()).toMatchObject({ status: 'ok', checks: { database: 'ok' } })
  expect((await stat(join(dataDir, 'secret.key'))).mode & 0o777).toBe(0o600)
  expect((await readdir(dataDir)).filter((name) => name.startsWith('secret'))).toEqual(['secret.key'])

  const [alice, bob] = [first.client(), first.client()]
  await alice.register('alice', PASSWORD)
  await bob.register('bob', PASSWORD)
  expect(await rolesOf(alice)).toEqual(['ADMIN'])
  expect(await rolesOf(bob)).toEqual([])
  const chatId = await alice.directChat(bob)
  await alice.send(chatId, 'Still here tomorrow')

  const postgres = await postgresIn(dataDir)
  // A connection that is open must not keep it from ending.
  const stream = bob.subscribe('subscription { events { cursor } }')
  await stream.next()
  expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null })
  await expectCleanStop(dataDir, postgres)
  expect(await stream.ended()).toMatchObject({ code: 1012 })

  const second = await serve({ cwd })
  expect(second.process.stderr).toBe('')
  const back = new Client(() => second.url)
  // The key was kept: a token from before the restart is good.
  back.token = bob.token
  const { chat } = await back.ask('query ($id: ID!) { chat(id: $id) { messages(last: 5) { nodes { text } } } }', { id: chatId })
  expect(chat.messages.nodes).toEqual([{ text: 'Still here tomorrow' }])
  const postgresAgain = await postgresIn(dataDir)
  expect(await second.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  await expectCleanStop(dataDir, postgresAgain)
})

// Once more where it was late: a machine that is busy with other tests says little.
test('is ready within 10 seconds, its database made', { retry: 2 }, async () => {
  const server = await serve({ cwd: await makeFolder() })
  expect(server.readyAfterMs).toBeLessThan(10_000)
})

test('HOST opens it to others, and then nobody becomes an admin by coming first; a given key is used, and none kept', async () => {
  const cwd = await makeFolder()
  const dataDir = join(cwd, 'elsewhere', 'deep')
  const key = randomUUID()
  await writeFile(join(cwd, '.env'), `HOST=0.0.0.0\nJWT_SECRET_KEY=${key}\nDATA_DIR=${join(cwd, 'not', 'this')}\n`)
  // A setting of the environment wins over the file.
  const server = await serve({ cwd, settings: { DATA_DIR: dataDir } })
  expect(server.process.stdout).toContain(`  Data      ${dataDir} (`)
  expect(existsSync(join(cwd, 'not'))).toBe(false)
  expect(existsSync(join(dataDir, 'secret.key'))).toBe(false)
  expect(await answers(server.url, '127.0.0.1')).toBe(true)
  expect(await answers(server.url, otherAddress())).toBe(true)
  const alice = server.client()
  await alice.register('alice', PASSWORD)
  expect(await rolesOf(alice)).toEqual([])
  await expect(jwtVerify(alice.token ?? '', new TextEncoder().encode(key))).resolves.toBeDefined()

  // The terminal is closed.
  const postgres = await postgresIn(dataDir)
  expect(await server.stop('SIGHUP')).toEqual({ code: 0, signal: null })
  await expectCleanStop(dataDir, postgres)
})

test('a signal during the very first start ends it, and the next start goes on from there', async () => {
  const cwd = await makeFolder()
  const broken = run('main', { cwd, settings: { LOG_LEVEL: 'info' } })
  // The database is made, nothing serves yet.
  await broken.printed(/database created/)
  broken.signal('SIGTERM')
  await broken.closed()
  expect(await broken.exited()).toEqual({ code: 0, signal: null })
  expect(broken.stdout).toBe('')
  expect(await postgresIn(join(cwd, 'data'))).toBeNull()
  const server = await serve({ cwd })
  expect(await server.stop()).toEqual({ code: 0, signal: null })
})

// Needs `exec` in the script: without, npm's signal ends a shell between the two, and the server and its database go on.
test.each(['SIGTERM to npm', 'Ctrl-C, which the terminal sends to all and npm passes on'])('started by npm, it ends in good order with %s', async (way) => {
  const cwd = await makeFolder()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
  // The product's own script, run from its sources: a test does not build.
  const start = scripts.start.replace('dist/main.js', `--import ${import.meta.resolve('tsx')} ${join(root, 'src', 'main.ts')}`)
  await writeFile(join(cwd, 'package.json'), JSON.stringify({ name: 'started', scripts: { start } }))
  const npm = new Process('npm', ['start', '--silent'], { cwd, env: environment({ npm_config_update_notifier: 'false' }), group: true })
  const { url } = await ready(npm)
  const postgres = await postgresIn(join(cwd, 'data'))
  if (way === 'SIGTERM to npm') npm.signal('SIGTERM')
  else npm.signalGroup('SIGINT')
  expect(await npm.exited()).toEqual({ code: 0, signal: null })
  await expectCleanStop(join(cwd, 'data'), postgres)
  expect(await answers(url, '127.0.0.1')).toBe(false)
})
