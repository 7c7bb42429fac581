import { InvalidCredentials, InvalidInput, NotAllowed, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { lockStreams } from '../event/log.ts'
import { readUsers, userByUsername } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { hashPassword, verifyPassword } from './password.ts'
import { closeSessions } from './sessions.ts'
import { findPassword, putPassword } from './store.ts'

export const PASSWORD = { min: 8, max: 128 }

export function passwordFaults(password: string, field = 'password'): AppError[] {
  const fault = textFault(password, PASSWORD)
  return fault === null ? [] : [new InvalidInput(`${field} ${fault}.`, [field])]
}

/**
 * Makes sure that whoever uses the viewer's session knows the password as well; `field` is where the input has it. Guesses are counted together,
 * whatever they are for. Answers the stored hash, so that a later step can see whether it is still the same.
 * @throws {InvalidCredentials} where it is wrong, {NotAllowed} where the account has none.
 */
export async function checkPassword(ctx: Ctx, password: string, field: string): Promise<string> {
  const { userId } = viewerOf(ctx)
  const stored = await findPassword(ctx.db, userId)
  if (stored === null) throw new NotAllowed('This account has no password here: it signs in elsewhere.', [field])
  await ctx.limits.take('currentPassword', String(userId))
  const fits = await verifyPassword(stored, password.length <= PASSWORD.max ? password : '')
  if (!fits) throw new InvalidCredentials('The password is wrong.', [field])
  await ctx.limits.reset('currentPassword', String(userId))
  return stored
}

/** Whether the viewer has a password here, and does not only sign in elsewhere. */
export async function hasPassword(ctx: Ctx): Promise<boolean> {
  return (await findPassword(ctx.db, viewerOf(ctx).userId)) !== null
}

/** Sets another password. All other sessions end: whoever had one by the old password has none any more. */
export async function changePassword(ctx: Ctx, input: { currentPassword: string; newPassword: string }): Promise<User> {
  const { userId, sessionId } = viewerOf(ctx)
  throwFaults(passwordFaults(input.newPassword, 'newPassword'))
  const stored = await checkPassword(ctx, input.currentPassword, 'currentPassword')
  const hash = await hashPassword(input.newPassword)
  return withTransaction(ctx, async (tx) => {
    await lockStreams(tx, [userId])
    const user = (await readUsers(tx, [userId])).get(userId)
    // Checking took a while: somebody else may have changed it meanwhile.
    if (user === undefined || (await findPassword(tx.db, userId)) !== stored) throw new InvalidCredentials('The password is wrong.', ['currentPassword'])
    await putPassword(tx.db, userId, hash)
    await closeSessions(tx, userId, { but: sessionId, actorId: userId })
    return user
  })
}

/** Sets a password from the machine, and ends all of the user's sessions. @returns false where nobody has this username. */
export async function resetPassword(ctx: Ctx, username: string, password: string): Promise<boolean> {
  throwFaults(passwordFaults(password))
  const user = await userByUsername(ctx, username)
  if (user === null) return false
  const hash = await hashPassword(password)
  await withTransaction(ctx, async (tx) => {
    await lockStreams(tx, [user.id])
    await putPassword(tx.db, user.id, hash)
    await closeSessions(tx, user.id, { but: null, actorId: null })
  })
  return true
}
