import postgres from 'postgres'
import type { Sql } from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'

// What the database's driver does where a connection is lost in the middle of a transaction. As published it throws where nobody can catch
// it, or never writes again; patches/ mends that, and this notices when the patch is missing or no longer needed.

let server: TestServer
let sql: Sql

beforeAll(async () => {
  server = await startServer()
  sql = postgres(server.databaseUrl, { max: 1, onnotice: () => undefined, backoff: false })
  await sql`create table lost_writes (word text)`
})
afterAll(async () => {
  await sql.end()
  await server.close()
})

const CLOSED = { code: 'CONNECTION_CLOSED' }
const backendOf = async (connection: postgres.ISql) => (await connection<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0
/** What the pool does next may still meet the lost connection; then it has a new one. */
const connected = () => expect.poll(() => sql`select 1 as one`.catch(() => null)).toEqual([{ one: 1 }])
const end = (pid: number) => server.sql`select pg_terminate_backend(${pid})`

test('whoever goes on in a transaction without a connection is told so, and the pool connects again', async () => {
  for (let n = 0; n < 10; n++) {
    const heard: unknown[] = []
    const done = sql.begin(async (tx) => {
      await end(await backendOf(tx))
      for (let next = 0; next < 3; next++) await tx`insert into lost_writes values ('after')`.catch((error: unknown) => heard.push(error))
    })
    await expect(done).rejects.toBeDefined()
    await expect.poll(() => heard).toHaveLength(3)
    await connected()
  }
  expect(await sql`select * from lost_writes`).toEqual([])
})

test('what a transaction still wants to write is not written by the connection that comes next', async () => {
  let late: unknown
  const done = sql.begin(async (tx) => {
    await tx`select pg_sleep(5)`.catch(() => undefined)
    await connected()
    late = await tx`insert into lost_writes values ('late')`.catch((error: unknown) => error)
  })
  done.catch(() => undefined)
  await expect.poll(async () => {
    const rows = await server.sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%' and datname = current_database()`
    return rows.length
  }).toBe(1)
  await expect(done).rejects.toBeDefined()
  await expect.poll(() => late).toMatchObject(CLOSED)
  expect(await sql`select * from lost_writes`).toEqual([])
})

test('a statement written in the moment of the loss does not silence its connection for good', async () => {
  for (let n = 0; n < 20; n++) {
    const pid = await backendOf(sql)
    const asked = Array.from({ length: 5 }, (_, part) => new Promise((resolve) => setTimeout(resolve, part)).then(() => sql`select 1`).catch(() => 'lost'))
    await Promise.all([end(pid), ...asked])
    await connected()
  }
})
