import type { Ctx } from './ctx.ts'
import { examine } from './doctor-checks.ts'
import { configFromEnvironment, failStart, openBeside } from './process.ts'

// Looks through the data for what must never be. Changes nothing. Exit code 1 where something is found.

// An exit ends a database that was started for this; the signal alone would leave it running.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(1))

const config = configFromEnvironment()
try {
  const database = await openBeside(config, 'doctor of parley')
  try {
    // A transaction has all that statements need of a client.
    const { findings, size } = await database.sql.begin('isolation level repeatable read read only', (tx) => examine(tx as unknown as Ctx['sql']))
    console.log(`Looked through ${size.users} users, ${size.chats} chats, ${size.messages} messages and ${size.events} events.`)
    for (const { what, count, places } of findings) console.log(`  ${count} ${what}: ${places.join(', ')}${places.length < count ? ', ...' : ''}`)
    console.log(findings.length === 0 ? 'Nothing is wrong.' : 'What stands there must never be: keep a copy of the data, and tell the makers of Parley.')
    process.exitCode = findings.length === 0 ? 0 : 1
  } finally {
    await database.close()
  }
} catch (error) {
  failStart(error)
}
