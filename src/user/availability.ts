import { InvalidInput } from '../base/errors.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import { groupBy } from '../base/loaders.ts'
import { textFault } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { nameKey } from './domain.ts'
import type { User } from './domain.ts'
import { findPagesOfThose, findUsers, updateAvailability } from './store.ts'

export interface AvailabilityInput {
  availability: User['availability']
  /** Left out it stays, null clears it. */
  statusText?: string | null
}

/**
 * Stores what the viewer says of being there, and tells the viewer's other devices. Who turns invisible goes, for everybody else, at the moment
 * when they were last active; from there on that time stands still.
 * @param activeAt when the viewer was last active, if they are connected.
 */
export async function setAvailability(ctx: Ctx, input: AvailabilityInput, activeAt: Date | null): Promise<{ user: User; changed: boolean }> {
  const viewer = viewerOf(ctx)
  const given = input.statusText?.trim() === '' ? null : input.statusText
  const fault = typeof given === 'string' ? textFault(given, { min: 0, max: 140 }) : null
  if (fault !== null) throw new InvalidInput(`statusText ${fault}.`, ['statusText'])
  return withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
    const [before] = await findUsers(tx.db, [viewer.userId])
    if (stream === undefined || before === undefined) throw new Error('a viewer always has a row and a stream')
    const { availability } = input
    const statusText = given === undefined ? before.statusText : given
    if (availability === before.availability && statusText === before.statusText) return { user: before, changed: false }
    const vanishes = availability === 'INVISIBLE' && before.availability !== 'INVISIBLE'
    const values = { availability, statusText, lastSeenAt: vanishes ? (activeAt ?? before.lastSeenAt) : before.lastSeenAt }
    await updateAvailability(tx.db, viewer.userId, values)
    await appendOne(tx, stream, { kind: EventKind.PROFILE_CHANGED, actorId: viewer.userId, refId: viewer.userId })
    return { user: { ...before, ...values }, changed: true }
  })
}

/** From each of these groups of users a page of those whose being there the viewer may see, in the order of their usernames. */
export async function listVisible(ctx: Ctx, groups: ReadonlyMap<number, readonly number[]>, request: PageRequest<string>): Promise<Map<number, Page<User, string>>> {
  const page = { after: request.cursor, backward: request.backward, limit: request.limit + 1 }
  const rows = groupBy(await findPagesOfThose(ctx.db, viewerOf(ctx).userId, groups, page), (row) => row.groupId)
  return new Map([...groups.keys()].map((id) => [id, pageOf(request, (rows.get(id) ?? []).map((row) => row.user), nameKey)]))
}
