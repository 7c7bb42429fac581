import { randomBytes } from 'node:crypto'
import { AppError, Faults } from './base/errors.ts'
import { resetPassword } from './auth/change-password.ts'
import type { Ctx } from './ctx.ts'
import { offlineCtx } from './offline.ts'
import { setRoles } from './user/domain.ts'
import { configFromEnvironment, exitOnSignals, failStart, openBeside, readOrder } from './process.ts'

const USAGE = `Usage, on the machine of the server, whether it runs or not:
  npm run admin -- roles <username> <ADMIN,AGENT | none>   sets what a user may do beyond chatting
  npm run admin -- reset-password <username>               sets a new password, prints it, and signs the user out everywhere`

const { command, username, value } = readOrder(USAGE, () => {
  const [command, username, value] = process.argv.slice(2)
  if (command !== 'roles' && command !== 'reset-password') throw new Error('say what is to be done')
  if (username === undefined) throw new Error('name a user')
  if (command === 'roles' && value === undefined) throw new Error('name the roles')
  return { command, username, value }
})

exitOnSignals()

const config = configFromEnvironment()
try {
  const database = await openBeside(config, 'admin of parley')
  try {
    process.exitCode = await run(await offlineCtx(config, database, 'admin'), username)
  } finally {
    await database.close()
  }
} catch (error) {
  failStart(error)
}

async function run(ctx: Ctx, username: string): Promise<number> {
  if (command === 'roles') {
    const roles = value === 'none' ? [] : (value ?? '').split(',').map((role) => role.trim().toUpperCase())
    const unknown = roles.find((role) => role !== 'ADMIN' && role !== 'AGENT')
    if (unknown !== undefined) return fail(`There is no role ${unknown}: the roles are ADMIN and AGENT, or none.`)
    if (!(await setRoles(ctx, username, roles as ('ADMIN' | 'AGENT')[]))) return fail(`Nobody is called ${username}.`)
    console.log(`${username} has ${roles.length === 0 ? 'no role' : roles.join(' and ')} now.`)
    return 0
  }
  const password = randomBytes(12).toString('base64url')
  try {
    if (!(await resetPassword(ctx, username, password))) return fail(`Nobody is called ${username}.`)
  } catch (error) {
    if (error instanceof AppError || error instanceof Faults) return fail(error.message)
    throw error
  }
  console.log(`The new password of ${username} is ${password}\nAll of ${username}'s sessions have ended.`)
  return 0
}

function fail(message: string): number {
  console.error(message)
  return 1
}
