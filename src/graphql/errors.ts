import { GraphQLError } from 'graphql'
import type { FieldMap, ObjectFieldBuilder, ObjectRef } from '@pothos/core'
import { AppError, BadUserInput, Faults, InvalidInput, RateLimited, ReplyWindowClosed, Unauthenticated, Unavailable, throwFaults } from '../base/errors.ts'
import { decodeId } from '../base/id.ts'
import { isUnavailable, wasCancelled } from '../base/database-errors.ts'
import { freshCursor } from '../event/resume.ts'
import { builder, Query } from './builder.ts'
import type { GraphQLContext } from './context.ts'
import { selectsEventCursor } from './operation.ts'
import { takeQuota } from './quota.ts'

// ------------------------------------------------------------------ errors as data

const ErrorCode = builder.enumType('ErrorCode', {
  description: 'What went wrong, for a program to act upon.',
  values: {
    INVALID_INPUT: { description: 'A value that no caller may send.' },
    INVALID_CREDENTIALS: { description: 'The log-in or token does not fit.' },
    NOT_FOUND: { description: 'It does not exist, or the viewer may not see it.' },
    NOT_ALLOWED: { description: 'The viewer sees it but may not do this to it.' },
    CONFLICT: { description: 'The present state contradicts it.' },
    RATE_LIMITED: { description: 'Too often; try again later.' },
    REPLY_WINDOW_CLOSED: { description: 'WhatsApp: only a template may be sent now.' },
  } as const,
})

/** A failure as data. No Error object: graphql-js takes one that a resolver answers as thrown. */
interface Failure {
  type: string
  code: AppError['code']
  message: string
  path: readonly string[] | null
  retryAfterSeconds: number
  closedAt: Date | null
}

function failureOf(error: AppError): Failure {
  const { name, code, message, path } = error
  return { type: name, code, message, path, retryAfterSeconds: error instanceof RateLimited ? error.retryAfterSeconds : 0, closedAt: error instanceof ReplyWindowClosed ? error.closedAt : null }
}

const UserError = builder.interfaceRef<Failure>('UserError').implement({
  description: 'An expected failure, as data. There is one error per fault.',
  fields: (t) => ({
    code: t.field({ type: ErrorCode, description: 'What went wrong, for a program.', resolve: (error) => error.code }),
    message: t.exposeString('message', { description: 'What went wrong, for a person; it names the field and the fault.' }),
    path: t.field({
      type: ['String'],
      nullable: true,
      description: 'Where in the mutation\'s `input` the fault is, such as ["password"]; null where it concerns the whole.',
      resolve: (error) => (error.path === null ? null : [...error.path]),
    }),
  }),
  resolveType: (error) => error.type,
})

function errorType(name: string, description: string) {
  builder.objectRef<Failure>(name).implement({ description, interfaces: [UserError] })
}

errorType('InvalidInput', 'A value that no caller may send.')
errorType('InvalidCredentials', 'The log-in or token does not fit; it never tells which part was wrong.')
errorType('NotFound', 'It does not exist, or the viewer may not see it: the two read the same.')
errorType('NotAllowed', 'The viewer sees it but may not do this to it.')
errorType('Conflict', 'The name is taken, the clientId was used for other content, the revision is not the current one.')
builder.objectRef<Failure>('RateLimited').implement({
  description: 'Too often; nothing was done.',
  interfaces: [UserError],
  fields: (t) => ({
    retryAfterSeconds: t.exposeInt('retryAfterSeconds', { description: 'After so many seconds it may be tried again.' }),
  }),
})

builder.objectRef<Failure>('ReplyWindowClosed').implement({
  description: 'WhatsApp: only a template may be sent now.',
  interfaces: [UserError],
  fields: (t) => ({
    closedAt: t.expose('closedAt', { type: 'DateTime', nullable: true, description: 'Since when; null where the customer never wrote.' }),
  }),
})

/** What a mutation came to: a value, or the errors why there is none. */
export interface Outcome<T> {
  value: T | null
  errors: readonly Failure[]
}

/**
 * Runs the verb of a mutation, after taking the mutation's quota, and catches the failures that clients are told about as data; everything else
 * flies on and is masked.
 */
export async function attempt<T>(ctx: GraphQLContext, verb: () => Promise<T>): Promise<Outcome<T>> {
  if (ctx.use == null) throw new Error('a mutation needs a line in base/quotas.ts')
  try {
    await takeQuota(ctx, ctx.use)
    return { value: await verb(), errors: [] }
  } catch (error) {
    if (error instanceof Faults) return { value: null, errors: error.errors.map(failureOf) }
    if (error instanceof AppError) return { value: null, errors: [failureOf(error)] }
    throw error
  } finally {
    // What was read before the change is not true any more.
    ctx.loaders.clear()
  }
}

/** The cursor of a payload is taken once, however often its `query` is asked for. */
const cursorTaken = new WeakMap<object, Promise<void>>()

type PayloadFields<T> = (t: ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Outcome<T>>) => FieldMap

/** Defines what a mutation answers: its own fields (null with an error), the errors, and the query as the viewer reads it after. */
export function definePayload<T>(name: string, description: string, fields: PayloadFields<T> = () => ({})): ObjectRef<typeof builder.$inferSchemaTypes, Outcome<T>> {
  return builder.objectRef<Outcome<T>>(name).implement({
    description,
    fields: (t) => ({
      ...fields(t),
      errors: t.field({ type: [UserError], description: 'Why nothing was changed; empty when it worked.', resolve: (outcome) => [...outcome.errors] }),
      query: t.field({
        type: Query,
        description: 'Everything, as the viewer reads it after the mutation.',
        resolve: async (outcome, _args, ctx, info) => {
          const taken = cursorTaken.get(outcome) ?? takeEventCursor(ctx, selectsEventCursor(info.operation, () => Object.values(info.fragments)))
          cursorTaken.set(outcome, taken)
          await taken
          // What was read before the cursor may be older than it.
          ctx.loaders.clear()
          return {}
        },
      }),
    }),
  })
}

/** Takes the cursor that `eventCursor` will answer, before anything else is read: so that events continue from this very answer. */
export async function takeEventCursor(ctx: GraphQLContext, wanted: boolean): Promise<void> {
  if (wanted && ctx.viewer !== null) ctx.eventCursor = await freshCursor(ctx.sql, ctx.viewer.userId)
}

/** Reads a global ID of a mutation's input. @throws {InvalidInput} naming where it stands. */
export function inputId(type: 'User' | 'Contact' | 'Session' | 'Chat' | 'Attachment' | 'WhatsAppDelivery', id: string, path: readonly string[]): number
export function inputId(type: 'Message', id: string, path: readonly string[]): readonly [number, number]
export function inputId(type: 'User' | 'Contact' | 'Session' | 'Chat' | 'Attachment' | 'WhatsAppDelivery' | 'Message', id: string, path: readonly string[]): number | readonly [number, number] {
  const key = type === 'Message' ? decodeId(type, id) : decodeId(type, id)
  if (key === null) throw new InvalidInput(`${path.join('.')} is not the ID of ${type === 'Attachment' ? 'an' : 'a'} ${type}.`, path)
  return key
}

/** Reads a list of global IDs of a mutation's input. @throws an {@link InvalidInput} for each that is none. */
export function inputIds(type: 'User' | 'Attachment', ids: readonly string[], path: readonly string[]): number[] {
  const keys = ids.map((id) => decodeId(type, id))
  throwFaults(keys.flatMap((key, index) => (key === null ? [new InvalidInput(`${path.join('.')}.${index} is not the ID of ${type === 'Attachment' ? 'an' : 'a'} ${type}.`, [...path, String(index)])] : [])))
  return keys.filter((key) => key !== null)
}

/** Reads a global ID of a query's arguments. @throws {BadUserInput} naming the argument. */
export function argId(type: 'User' | 'Chat', id: string, name: string): number
export function argId(type: 'Message', id: string, name: string): readonly [number, number]
export function argId(type: 'User' | 'Chat' | 'Message', id: string, name: string): number | readonly [number, number] {
  const key = type === 'Message' ? decodeId(type, id) : decodeId(type, id)
  if (key === null) throw new BadUserInput(`\`${name}\` is not the ID of a ${type}.`)
  return key
}

// ------------------------------------------------------------------ top-level errors

/** What a masked fault says; the log holds the rest under the request id. */
export const MASKED = 'Unexpected error.'

/** Leaves out "Did you mean ..." where the schema is not public. */
export function hideHints(message: string, hints: boolean): string {
  return hints ? message : message.replace(/ Did you mean .*$/s, '')
}

/** Leaves out the value of a variable that does not fit, which may hold a password: clients log such messages. */
export function hideValue(message: string): string {
  const shown = message.replace(/^(Variable "\$\w+" got) invalid value .*?( at "[\w.[\]]+")?; (?=[^;]*$)/s, '$1 an invalid value$2; ')
  // Whatever stands where a text belongs may be one that nobody shall read.
  return shown.replace(/(String cannot represent a non string value): .*$/s, '$1.')
}

/** What was presented once stays as it is, wherever else it passes by. */
const presented = new WeakSet<GraphQLError>()

/**
 * Turns whatever was thrown into an error that clients may see: with a stable `extensions.code`, and without a stack, a statement or a path.
 * `onFault` hears of what was not expected.
 */
export function presentError(error: unknown, requestId: string, onFault: (error: unknown) => void, hints = true): GraphQLError {
  if (error instanceof GraphQLError && presented.has(error)) return error
  const original = error instanceof GraphQLError ? error.originalError : error
  const located = error instanceof GraphQLError ? { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path } : { path: undefined }
  const make = (message: string, code: string, http?: { status: number; headers?: Record<string, string>; spec?: boolean }, more = {}) => {
    const made = new GraphQLError(message, { ...located, extensions: { code, ...more, ...(http === undefined ? {} : { http }) } })
    presented.add(made)
    return made
  }

  // Without a place in the document it was refused at the door.
  const atTheDoor = located.path === undefined
  if (original instanceof Unauthenticated) return make(original.message, 'UNAUTHENTICATED', { status: 401, spec: !atTheDoor })
  if (original instanceof RateLimited) {
    return make(original.message, 'RATE_LIMITED', { status: 429, headers: { 'retry-after': String(original.retryAfterSeconds) } }, { retryAfterSeconds: original.retryAfterSeconds })
  }
  if (original instanceof BadUserInput || original instanceof AppError) return make(original.message, 'BAD_USER_INPUT', atTheDoor ? { status: 400 } : undefined)
  if (error instanceof GraphQLError && (original === undefined || original === null || original instanceof GraphQLError)) {
    // GraphQL's own errors: a variable of the wrong type, a bad literal. They speak of the document only.
    // Without a path nothing was executed: the request itself was wrong. A body that is no JSON is not even a GraphQL request.
    const malformed = error.extensions.code === 'BAD_REQUEST'
    const given = error.extensions.http as { status: number; spec?: boolean } | undefined
    const http = given === undefined ? (error.path === undefined ? { status: 400, spec: true } : undefined) : { ...given, spec: given.spec === true && !malformed }
    return make(hideHints(hideValue(error.message), hints), typeof error.extensions.code === 'string' && !malformed ? error.extensions.code : 'BAD_USER_INPUT', http)
  }
  const unavailable = (message: string) => make(message, 'UNAVAILABLE', { status: 503, headers: { 'retry-after': '1' } }, { retryable: true, requestId })
  if (original instanceof Unavailable) return unavailable(original.message)
  onFault(original)
  if (wasCancelled(original)) return unavailable('This took too long and was stopped. Try again.')
  if (isUnavailable(original)) return unavailable('The server cannot reach its database just now. Try again.')
  return make(MASKED, 'INTERNAL_SERVER_ERROR', undefined, { requestId })
}

/** A copy of a presented error with other extensions. */
export function withExtensions(error: GraphQLError, extensions: Record<string, unknown>): GraphQLError {
  const copy = new GraphQLError(error.message, { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path, extensions })
  presented.add(copy)
  return copy
}

/** The same error without what only HTTP can use: its status and headers. */
export function withoutHttp(error: GraphQLError): GraphQLError {
  if (error.extensions.http === undefined) return error
  const { http: _http, ...extensions } = error.extensions
  return withExtensions(error, extensions)
}
