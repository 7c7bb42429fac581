import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'

export type { Logger }

/** Creates the log: lines of JSON on standard error, or readable ones where a person looks on. */
export function createLog(options: { level: string; pretty: boolean }): Logger {
  return pino(
    // A password or a token must not reach a log, whoever logs the object that holds it.
    { level: options.level, base: null, redact: ['*.password', '*.token', '*.refreshToken', '*.accessToken', '*.authorization', '*.headers.authorization', '*.headers.cookie'] },
    options.pretty ? prettyStream() : pino.destination(2),
  )
}

function prettyStream(): DestinationStream {
  return pino.transport({ target: 'pino-pretty', options: { destination: 2, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' } }) as DestinationStream
}
