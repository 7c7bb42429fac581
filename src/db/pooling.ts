import type { Sql } from 'postgres'
import { connect } from './open.ts'

/** What of a pooler between us and PostgreSQL shows from here. */
export interface Pooling {
  /** What it says where it refuses what our connections ask for as they open; then nothing else is known. */
  refused: string | null
  /** Connections are lent for a transaction at a time: locks and prepared statements stay behind with whoever comes next. */
  perTransaction: boolean
  /** Limits of time that our connections ask for as they open, and do not have. */
  unlimited: string[]
}

/** What is wrong with it, and what to do. */
export interface PoolingFault {
  what: string
  todo: string
  /** A server does not work like this. */
  fatal: boolean
}

const LIMITS = ['statement_timeout', 'idle_in_transaction_session_timeout']
/** protocol_violation, which is all that PgBouncer says of a setting that it does not know */
const REFUSED = '08P01'
const FOR_THE_ROLE = "set both for the role (alter role parley set statement_timeout = '5s'; alter role parley set idle_in_transaction_session_timeout = '2s')"

/** What there is to say of it; null: nothing. */
export function faultOf({ refused, perTransaction, unlimited }: Pooling): PoolingFault | null {
  if (refused !== null) return { fatal: true, what: `The pooler before the database refuses what connections ask for (${refused})`, todo: `give it ignore_startup_parameters = ${LIMITS.join(',')}, and ${FOR_THE_ROLE}` }
  if (perTransaction) return { fatal: true, what: 'The pooler before the database lends connections for a transaction at a time', todo: 'set pool_mode = session: statements are prepared, and locks are held, by connections' }
  if (unlimited.length > 0) return { fatal: false, what: `A pooler before the database ignores ${unlimited.join(' and ')}`, todo: `${FOR_THE_ROLE}, or the locks of a server that stands still are held for long` }
  return null
}

/**
 * Looks what a pooler does to two connections, one beside the other. What it finds is so; a pooler that is busy may show less of itself than it does.
 * `statementMs`: as for the connections of a server.
 */
export async function lookAtPooling(url: string, statementMs: number): Promise<Pooling> {
  const found = await lookOnce(url, statementMs)
  // A connection that was just lost and made anew looks like one that was lent to somebody else; hardly twice.
  return found.perTransaction ? lookOnce(url, statementMs) : found
}

async function lookOnce(url: string, statementMs: number): Promise<Pooling> {
  const clients = [connect(url, 1, 'pooling of parley', { statementMs }), connect(url, 1, 'pooling of parley', { statementMs })] as const
  const [one, other] = clients
  try {
    const first = await servedBy(one)
    return await other.begin(async (tx) => {
      const second = await servedBy(tx)
      // While the other one holds the connection that it was lent.
      const third = await servedBy(one)
      const unset = await tx<{ name: string }[]>`select name from pg_settings where name = any(${LIMITS}) and setting = '0' order by name desc`
      return { refused: null, perTransaction: second === first || third !== first, unlimited: unset.map(({ name }) => name) }
    })
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    if (code !== REFUSED || !message.includes('startup parameter')) throw error
    return { refused: message, perTransaction: false, unlimited: [] }
  } finally {
    await Promise.all(clients.map((client) => client.end({ timeout: 5 })))
  }
}

/** The process of PostgreSQL that runs the statements of a client just now. Not prepared: that would be in the way of whoever is lent the connection next. */
async function servedBy(client: Pick<Sql, 'unsafe'>): Promise<number | undefined> {
  return (await client.unsafe<{ pid: number }[]>('select pg_backend_pid() as pid'))[0]?.pid
}
