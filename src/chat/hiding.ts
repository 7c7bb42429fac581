import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { hideChat, showChat } from './member-store.ts'
import type { ViewerChat } from './store.ts'

/** Whether the viewer has deleted this chat from their list, and nothing came since. */
export function isHidden({ member, stream }: Pick<ViewerChat, 'member' | 'stream'>): boolean {
  return member.hiddenUpTo !== null && member.hiddenUpTo >= stream.messageNo
}

/** Takes a direct chat, whose stream is locked, out of the viewer's list. Nobody else hears of it. */
export async function hide(tx: Ctx, chat: ViewerChat, stream: StreamHead): Promise<void> {
  if (isHidden(chat)) return
  const viewer = viewerOf(tx)
  const own = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
  await hideChat(tx.db, stream.id, viewer.userId, stream.messageNo)
  if (own !== undefined) await appendOne(tx, own, { kind: EventKind.CHAT_HIDDEN, actorId: viewer.userId, refId: stream.id })
}

/** Puts it back, as empty as it is. */
export async function show(tx: Ctx, chat: ViewerChat): Promise<void> {
  if (!isHidden(chat)) return
  const viewer = viewerOf(tx)
  const own = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
  await showChat(tx.db, chat.chat.id, viewer.userId)
  if (own !== undefined) await appendOne(tx, own, { kind: EventKind.CHAT_SHOWN, actorId: viewer.userId, refId: chat.chat.id })
}
