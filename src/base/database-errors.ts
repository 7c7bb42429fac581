/** The driver's own error, also behind one of Drizzle's; null for anything else. */
export function driverError(error: unknown): { code: string; message: string; constraint: string | null } | null {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (cause === null || typeof cause !== 'object' || !('code' in cause) || typeof cause.code !== 'string') return null
  return { code: cause.code, message: 'message' in cause ? String(cause.message) : cause.code, constraint: 'constraint_name' in cause ? String(cause.constraint_name) : null }
}

/** The unique index that a failed statement ran into; null for any other failure. */
export function brokenUniqueIndex(error: unknown): string | null {
  const failure = driverError(error)
  return failure?.code === '23505' ? failure.constraint : null
}

/** A statement that took too long, or that nobody waits for any more. */
export function wasCancelled(error: unknown): boolean {
  return driverError(error)?.code === '57014'
}

/** A cancelled statement, or a transaction that stood still; and what the driver says of a lost or refused connection, and PostgreSQL while it starts, stops, is full, or as a standby takes no writes yet (appendix A of its manual). */
const UNAVAILABLE = /^(57014|25P03|CONNECTION_|CONNECT_|ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|08|57P|53|25006)/
/** A standby that is asked for its place in the log has no code of its own for it. */
const IN_RECOVERY = 'recovery is in progress'

/** Whether the database was out of reach, so that the same request may succeed a little later. */
export function isUnavailable(error: unknown): boolean {
  const failure = driverError(error)
  return failure !== null && (UNAVAILABLE.test(failure.code) || failure.message === IN_RECOVERY)
}
