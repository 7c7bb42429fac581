import { InvalidInput, throwFaults } from '../base/errors.ts'
import type { Ctx } from '../ctx.ts'
import { changeProfile, profileChangeFaults, readUsers } from '../user/domain.ts'
import type { ProfileInput, User } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { checkPassword } from './change-password.ts'

/**
 * Changes what is given of the viewer's profile; a bio of null clears it. Another e-mail address takes the password as well: by it the account
 * could be taken over.
 */
export async function updateProfile(ctx: Ctx, { currentPassword, ...input }: ProfileInput & { currentPassword?: string | null }): Promise<User> {
  const { userId } = viewerOf(ctx)
  const faults = profileChangeFaults(input)
  const present = input.email == null ? null : ((await readUsers(ctx, [userId])).get(userId)?.email ?? null)
  const newEmail = input.email != null && input.email !== present
  if (newEmail && currentPassword == null) faults.push(new InvalidInput('currentPassword is needed to change the e-mail address.', ['currentPassword']))
  throwFaults(faults)
  if (newEmail) await checkPassword(ctx, currentPassword ?? '', 'currentPassword')
  return changeProfile(ctx, userId, input)
}
