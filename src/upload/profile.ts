import { updateProfile as updateWords } from '../auth/profile.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { setAvatar } from '../user/domain.ts'
import type { ProfileInput, User } from '../user/domain.ts'
import { changeAvatar } from './domain.ts'

/** Changes what is given of the viewer's profile; a picture or bio of null clears it. All of it, or nothing. */
export async function updateProfile(ctx: Ctx, { avatar, ...input }: ProfileInput & { currentPassword?: string | null; avatar?: number | null }): Promise<User> {
  if (avatar === undefined) return updateWords(ctx, input)
  return withTransaction(ctx, async (tx) => {
    // Whoever changes the words of a profile holds the lock of its owner's stream from there on.
    const user = await updateWords(tx, input)
    if (avatar === user.avatarId) return user
    await changeAvatar(tx, avatar, user.id, user.avatarId)
    await setAvatar(tx, user.id, avatar)
    return { ...user, avatarId: avatar }
  })
}
