import { ACTORS, SIGNED_OUT, actorsOf } from './actors.ts'
import type { Actor } from './actors.ts'

/**
 * What somebody gets.
 * ok: it worked. A mutation also wrote something; a query or a subscription brought what its selection ends in.
 * idle: a mutation worked, and there was nothing to write.
 * null, empty: a query found nothing on the way to what its selection ends in; a subscription stayed silent.
 * UNAUTHENTICATED, BAD_USER_INPUT: the operation failed as a whole.
 * The others: a mutation answered this one error, and nothing was written.
 */
export type Result = 'ok' | 'idle' | 'null' | 'empty' | 'UNAUTHENTICATED' | 'BAD_USER_INPUT' | 'NOT_FOUND' | 'NOT_ALLOWED' | 'INVALID_INPUT' | 'INVALID_CREDENTIALS'

export interface Row {
  kind: 'query' | 'mutation' | 'subscription'
  /** The operation in short: `$names` are values of the world, and a mutation's arguments are those of its input. */
  text: string
  expected: Record<Actor, Result>
  options: Options
}

export interface Options {
  /** Who is connected meanwhile. */
  online?: Actor
  /** Only an answer that holds this value of the world counts. */
  finds?: string
  /** What is done, in turns, until those who may hear of it have heard. */
  when?: string[]
  /** Who does it; else it is another member. */
  by?: Actor
}

/** Who gets what. Those who are not named are nobody: every actor is named once, but for those without sign-in where the row says nothing of them. */
type Law = Partial<Record<Result, string>>

const row = (kind: Row['kind']) => (text: string, law: Law, options: Options = {}): Row => ({ kind, text, expected: expectedOf(text, law), options })

export const query = row('query')
export const mutation = row('mutation')
export const subscription = row('subscription')

function expectedOf(text: string, law: Law): Row['expected'] {
  const expected: Partial<Record<Actor, Result>> = {}
  for (const [result, who] of Object.entries(law)) {
    for (const actor of actorsOf(who)) {
      if (expected[actor] !== undefined) throw new Error(`${text}: ${actor} is named twice`)
      expected[actor] = result as Result
    }
  }
  for (const actor of actorsOf(SIGNED_OUT)) expected[actor] ??= 'UNAUTHENTICATED'
  const missing = ACTORS.filter((actor) => expected[actor] === undefined)
  if (missing.length > 0) throw new Error(`${text}: nothing is said of ${missing.join(', ')}`)
  return expected as Row['expected']
}

/** What a row is called. */
export function titleOf({ kind, text, options }: Row): string {
  return `${kind} ${text}${options.finds === undefined ? '' : ` with $${options.finds}`}${options.by === undefined ? '' : ` by ${options.by}`}`
}
