import { z } from 'zod'
import { filledOrNull, isRecord, listOf, read, whole } from './payload-fields.ts'

/** What Meta says went wrong, in an answer, a status or a webhook of its own. Build on `code` and `details`: titles will go away. */
export interface ApiError {
  code: number
  title: string | null
  message: string | null
  details: string | null
  /** Where Meta explains it. */
  href: string | null
}

const Details = z.object({ details: filledOrNull }).transform(({ details }) => details).nullable().catch(null)

const ErrorShape = z
  .object({ code: z.union([whole, z.string().regex(/^\d{1,9}$/).transform(Number)]), title: filledOrNull, message: filledOrNull, error_data: Details, details: filledOrNull, href: filledOrNull })
  .transform(({ code, title, message, error_data, details, href }): ApiError => ({ code, title, message, details: error_data ?? details, href }))

/** `errors` of a message, a status, or of the account. */
export const errorList = listOf(ErrorShape)

export function readError(value: unknown): ApiError | null {
  return read(ErrorShape, value)
}

/**
 * The error in the answer to a request, `{ error: { … } }`; null where the answer is not of Meta's shape: then something between
 * said it, and nobody knows whether the request was carried out.
 */
export function readErrorAnswer(body: unknown): ApiError | null {
  return isRecord(body) ? readError(body.error) : null
}
