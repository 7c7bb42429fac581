import { pino } from 'pino'
import { driverError } from './database-errors.ts'
import type { DestinationStream, Logger } from 'pino'

export type { Logger }

/** Creates the log: lines of JSON on standard error (or elsewhere, by `into`), or readable ones where a person looks on. */
export function createLog(options: { level: string; pretty: boolean; into?: DestinationStream }): Logger {
  return pino(
    // A password or a token must not reach a log, whoever logs the object that holds it.
    { level: options.level, base: null, serializers: { err: describeError }, redact: ['*.password', '*.token', '*.refreshToken', '*.accessToken', '*.authorization', '*.serverKey', '*.headers.authorization', '*.headers.cookie', '*.headers["x-parley-server-key"]'] },
    options.into ?? (options.pretty ? prettyStream() : pino.destination(2)),
  )
}

function prettyStream(): DestinationStream {
  return pino.transport({ target: 'pino-pretty', options: { destination: 2, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' } }) as DestinationStream
}

/** An error for the log. Of a failed statement its text and what the database said, never its parameters: they hold what people write. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, stack } = error
  const frames = stack?.split('\n').filter((line) => line.startsWith('    at ')).join('\n')
  const failure = driverError(error)
  if (failure === null) return { name, message: error.message, frames, ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }) }
  return { name: 'DatabaseError', message: failure.message, code: failure.code, query: 'query' in error ? error.query : undefined, frames }
}
