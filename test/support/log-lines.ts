import { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Logger } from 'pino'
import type { Untyped } from '../client.ts'

/** A log from `info` on, and the lines that were written to it so far. */
export function readableLog(): { log: Logger; lines: Untyped[] } {
  const lines: Untyped[] = []
  const into = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      done()
    },
  })
  return { log: pino({ level: 'info' }, into), lines }
}
