import type { ExecutionResult } from 'graphql'
import type { Untyped } from '../client.ts'
import type { Operation } from './documents.ts'
import type { Result, Row } from './rows.ts'
import type { Values } from './world.ts'

/** What came, in a word. */
export interface Judged {
  result: Result
  /** Whether this is what somebody is told of a thing that does not exist: then it has to read the same. */
  hidden: boolean
}

/** Says in a word what came. */
export function judge(row: Row, { field }: Operation, answer: ExecutionResult<Untyped>, values: Values): Judged {
  const code = answer.errors?.[0]?.extensions?.code
  if (code === 'UNAUTHENTICATED' || code === 'BAD_USER_INPUT') return { result: code, hidden: code === 'BAD_USER_INPUT' }
  if (answer.errors !== undefined) throw new Error(`${row.text}: ${JSON.stringify(answer)}`)
  const value = answer.data?.[field]
  if (row.kind === 'mutation') return judgePayload(row, value)
  const found = search(value)
  const wanted = row.options.finds === undefined ? undefined : values[row.options.finds]
  const result = found === 'ok' && wanted !== undefined && !JSON.stringify(value).includes(`"${wanted}"`) ? 'empty' : found
  return { result, hidden: value === null || found === 'empty' }
}

function judgePayload(row: Row, { errors, ...value }: Untyped): Judged {
  const values = Object.values(value)
  if (errors.length === 0 && values.every((part) => part !== null)) return { result: 'ok', hidden: false }
  if (errors.length === 1 && values.every((part) => part === null)) return { result: errors[0].code, hidden: errors[0].code === 'NOT_FOUND' }
  throw new Error(`${row.text}: neither a value nor one error: ${JSON.stringify({ errors, ...value })}`)
}

/** Follows a selection to its end: of several things one that is there is enough. */
function search(value: unknown): 'ok' | 'null' | 'empty' {
  if (value === null) return 'null'
  if (typeof value !== 'object') return 'ok'
  const found = Object.values(value as object).map(search)
  return found.find((result) => result === 'ok') ?? found[0] ?? 'empty'
}
