import { connectBare, liftLimits, unusable } from './db/open.ts'
import { examine } from './doctor-checks.ts'
import { lookAround, lookAtDatabase, lookAtPooler, lookForFiles } from './doctor-surroundings.ts'
import type { Trouble } from './doctor-surroundings.ts'
import type { Ctx } from './ctx.ts'
import { configFromEnvironment, exitOnSignals, failStart, reachDatabase } from './process.ts'

// Looks at what a server stands on, and through the data for what must never be. Changes nothing. Exit code 1 where something of the data is
// wrong, or where a server could not work.

exitOnSignals()

const config = configFromEnvironment()
try {
  const troubles = await lookAround(config)
  const { url, stop } = await reachDatabase(config)
  const sql = connectBare(url, 'doctor of parley')
  try {
    await liftLimits(sql).catch((error: unknown) => {
      throw unusable(url, error)
    })
    troubles.push(...(await lookAtDatabase(sql, { embedded: config.database.kind === 'embedded' })), ...(await lookAtPooler(config)))
    if (!troubles.some(({ what }) => what.startsWith('The tables lack') || what.startsWith('The database is of a newer'))) {
      troubles.push(...(await lookForFiles(sql, config)))
      await lookThrough()
    }
    tell(troubles)
  } finally {
    await sql.end({ timeout: 5 })
    await stop()
  }

  async function lookThrough(): Promise<void> {
    // A transaction has all that statements need of a client.
    const { findings, size } = await sql.begin('isolation level repeatable read read only', (tx) => examine(tx as unknown as Ctx['sql']))
    console.log(`Looked through ${size.users} users, ${size.chats} chats, ${size.messages} messages and ${size.events} events.`)
    for (const { what, count, places } of findings) console.log(`  ${count} ${what}: ${places.join(', ')}${places.length < count ? ', ...' : ''}`)
    console.log(findings.length === 0 ? 'Nothing is wrong.' : 'What stands there must never be: keep a copy of the data, and tell the makers of Parley.')
    if (findings.length > 0) process.exitCode = 1
  }
} catch (error) {
  failStart(error)
}

function tell(troubles: Trouble[]): void {
  if (troubles.length === 0) return
  console.log('Around it:')
  for (const { what, todo } of troubles) console.log(`  ${what}: ${todo}.`)
  if (troubles.some(({ fatal }) => fatal)) process.exitCode = 1
}
