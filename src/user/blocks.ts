import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import { nameKey } from './domain.ts'
import type { User } from './domain.ts'
import { deleteBlock, findBlockedUsers, findBlocks, insertBlock } from './store.ts'

/** Who of the viewer and this user has blocked the other. */
export async function blocksWith(ctx: Ctx, userId: number): Promise<{ byViewer: boolean; ofViewer: boolean }> {
  const found = await findBlocks(ctx.db, viewerOf(ctx).userId, [userId])
  return { byViewer: found.some((block) => block.blockedId === userId), ofViewer: found.some((block) => block.userId === userId) }
}

/** Writes, or takes away, that the viewer has blocked this user. The caller holds the lock of the viewer's stream. @returns whether it was otherwise. */
export function writeBlock(tx: Ctx, userId: number, blocked: boolean): Promise<boolean> {
  return (blocked ? insertBlock : deleteBlock)(tx.db, viewerOf(tx).userId, userId)
}

/** Whom the viewer has blocked, in the order of their usernames. */
export async function listBlocked(ctx: Ctx, request: PageRequest<string>): Promise<Page<User, string>> {
  const rows = await findBlockedUsers(ctx.db, viewerOf(ctx).userId, { after: request.cursor, backward: request.backward, limit: request.limit + 1 })
  return pageOf(request, rows, nameKey)
}
