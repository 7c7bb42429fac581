import { z } from 'zod'

// How single fields of a webhook are read. Nothing here throws: what is odd reads as null, so that one odd field costs that field and no more.

/** A text as it can be stored: PostgreSQL knows no NUL, and half of a surrogate pair has no UTF-8 form. Everything else stays as it came. */
function storable(value: string): string {
  return value.replaceAll('\0', '\uFFFD').toWellFormed()
}

const string = z.string().transform(storable)

const filled = string.refine((value) => value.trim() !== '')

/** Ids come as texts, and some, such as a template's, as numbers. */
const idText = z.union([z.string(), z.number().int().nonnegative().transform(String)]).pipe(filled)

/** As it came, '' too; null where there is none. */
export const textOrNull = string.nullable().catch(null)

/** Null where it is missing, empty, or nothing but spaces. */
export const filledOrNull = filled.nullable().catch(null)

/** What refers to something else. */
export const id = idText
export const idOrNull = idText.nullable().catch(null)

/** An id that becomes part of an address at Meta: never with a slash, a dot or a question mark, which would make it another address. */
export const pathId = idText.refine((value) => /^\w[\w-]{0,127}$/.test(value))
export const pathIdOrNull = pathId.nullable().catch(null)

/** A phone number as WhatsApp writes it: country code and number, digits only, without plus. */
export const phoneOrNull = z
  .union([z.string(), z.number().int().nonnegative().transform(String)])
  .transform((value) => value.replace(/^\+/, '').replace(/[\s().-]/g, ''))
  .refine((value) => /^\d{5,20}$/.test(value))
  .nullable()
  .catch(null)

/** The instant of a timestamp in whole seconds, as text or number. */
export const instantOrNull = z
  .union([z.string().regex(/^\d{1,12}$/).transform(Number), z.number().int().nonnegative()])
  .transform((seconds) => new Date(seconds * 1000))
  .refine((date) => !Number.isNaN(date.getTime()))
  .nullable()
  .catch(null)

/** True only where it says so. */
export const flag = z.boolean().catch(false)

/** A coordinate in degrees; some senders write it as text. */
export const degrees = (limit: number) =>
  z
    .union([z.number(), z.string().regex(/^-?\d{1,3}(\.\d{1,20})?$/).transform(Number)])
    .refine((value) => Math.abs(value) <= limit)

export const whole = z.number().int()

/** Those of a list that can be read. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .catch([])
    .transform((values) => values.flatMap((value) => read(item, value) ?? []))
}

/** Reads by a schema; null where it does not fit. */
export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> | null {
  const result = schema.safeParse(value)
  return result.success ? result.data : null
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list, or nothing in it. */
export function listFrom(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
