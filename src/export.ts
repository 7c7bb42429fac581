import { parseArgs } from 'node:util'
import { Loaders } from './base/loaders.ts'
import { StartError } from './base/start-error.ts'
import type { Ctx } from './ctx.ts'
import { createProgress } from './moving/progress.ts'
import { openSink } from './moving/sink.ts'
import { writeUserData } from './moving/user-data.ts'
import { offlineCtx } from './offline.ts'
import { configFromEnvironment, exitOnSignals, failStart, openBeside, readOrder } from './process.ts'
import { userByUsername } from './user/domain.ts'

const USAGE = `Usage, on the machine of the server, whether it runs or not:
  npm run export -- user <username> [--out <folder or file.zip>]   all that one person has, as JSON and files
All of it: docs/import-export.md`

exitOnSignals()

const { username, out } = readOrder(USAGE, () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })
  const [what, username] = positionals
  if (what !== 'user' || username === undefined || positionals.length > 2) throw new Error('name one user')
  return { username, out: values.out ?? null }
})
const config = configFromEnvironment()
try {
  const database = await openBeside(config, 'export of parley')
  try {
    await run(await offlineCtx(config, database, 'export'))
  } finally {
    await database.close()
  }
} catch (error) {
  failStart(error)
}

async function run(ctx: Ctx): Promise<void> {
  const user = await userByUsername(ctx, username)
  if (user === null) throw new StartError(`Nobody is called ${username}.`)
  const path = out ?? `parley-${user.username}-${new Date().toISOString().slice(0, 10)}`
  const sink = await openSink(path)
  try {
    const viewer = { userId: user.id, sessionId: null, roles: user.roles, expiresAt: null }
    const { chats, messages, files } = await writeUserData({ ...ctx, viewer, loaders: new Loaders() }, user, sink, createProgress())
    await sink.finish()
    console.log(`All that ${user.username} has is in ${path}: ${chats} chats, ${messages} messages, ${files} files.`)
  } catch (error) {
    await sink.discard()
    throw error
  }
}
