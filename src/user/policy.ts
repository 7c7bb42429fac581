import { NotAllowed } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import type { UserRow } from './store.ts'

/** Why this user may not give roles; null: go ahead. */
export function mayGiveRoles(user: UserRow | undefined): AppError | null {
  return user?.roles.includes('ADMIN') === true ? null : new NotAllowed('Only an admin of this server gives roles.')
}
