import type { Logger } from '../base/log.ts'
import type { Treatment } from './errors.ts'
import type { ApiError } from './payload-error.ts'

/** What a person has to mend is told again after so long. */
const AGAIN_MS = 3600_000
const told = new WeakMap<Logger, Map<number, number>>()

/** Tells whoever runs the server of what Meta told by a webhook. What stops the account comes with every message: it is told once an hour. */
export function alertOf(log: Logger, { code, details }: ApiError, treatment: Treatment, words: string): void {
  if (treatment.action === 'STOP') {
    const known = told.get(log) ?? new Map<number, number>()
    told.set(log, known)
    if (performance.now() - (known.get(code) ?? -Infinity) < AGAIN_MS) return
    known.set(code, performance.now())
  }
  log.error({ code, details }, `${words}: ${treatment.text}`)
}
