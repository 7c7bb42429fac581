import { randomBytes } from 'node:crypto'
import { NotFound } from '../base/errors.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { viewerOf } from '../viewer.ts'
import { allow, changeChat } from './change.ts'
import { chatOf, loadChat } from './domain.ts'
import type { Chat } from './domain.ts'
import { letIn } from './membership.ts'
import { mayManage } from './policy.ts'
import { findChatByInvite, setInvite } from './store.ts'
import type { ChatRow } from './store.ts'

/** What lets people join a group by themselves. */
export interface Invite {
  code: string
  url: string
  createdAt: Date
}

/** A group as somebody sees it who is invited and need not be in it. */
export type InvitedChat = Pick<ChatRow, 'id' | 'title' | 'description' | 'memberCount' | 'avatarId'>

/** 128 random bits, as they are written into a link. */
const CODE = /^[A-Za-z0-9_-]{22}$/
const newCode = () => randomBytes(16).toString('base64url')

/** The invite of a chat, for those who manage it; null for anybody else, and where there is none. */
export function inviteOf(ctx: Ctx, { chat, member }: Chat): Invite | null {
  const { inviteCode: code, inviteCreatedAt: createdAt } = chat
  if (code === null || createdAt === null || mayManage(chat, member) !== null) return null
  return { code, url: `${ctx.settings.publicUrl}/join/${code}`, createdAt }
}

/** Makes the one invite of a group; where there is one already, it stays. */
export async function createInvite(ctx: Ctx, chatId: number): Promise<Chat> {
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayManage(chat, member))
    if (chat.inviteCode !== null) return
    await setInvite(tx.db, chatId, newCode())
    await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, actorId: member.userId, refId: chatId })
  })
  return chatOf(ctx, chatId)
}

/** Takes the invite back: nobody joins by it any more. */
export async function revokeInvite(ctx: Ctx, chatId: number): Promise<Chat> {
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayManage(chat, member))
    if (chat.inviteCode === null) return
    await setInvite(tx.db, chatId, null)
    await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, actorId: member.userId, refId: chatId })
  })
  return chatOf(ctx, chatId)
}

/** The chat that this code leads into, whoever asks; null where it leads nowhere (any more). */
export async function chatByInvite(ctx: Ctx, code: string): Promise<InvitedChat | null> {
  return CODE.test(code) ? findChatByInvite(ctx.db, code) : null
}

/** Lets the viewer into the group that this code leads into. Whoever is in it already stays as they are. */
export async function joinChat(ctx: Ctx, code: string): Promise<Chat> {
  const viewer = viewerOf(ctx)
  const missing = () => new NotFound('No such invite.', ['code'])
  const chat = await chatByInvite(ctx, code)
  if (chat === null) throw missing()
  await withTransaction(ctx, async (tx) => {
    const stream = (await lockStreams(tx, [chat.id])).get(chat.id)
    // Again: it may have been revoked while we waited for the lock.
    if (stream === undefined || (await chatByInvite(tx, code))?.id !== chat.id) throw missing()
    tx.loaders.clear()
    if ((await loadChat(tx, chat.id)) !== null) return
    await letIn(tx, stream, [...(await lockStreams(tx, [viewer.userId])).values()])
    tx.loaders.clear()
  })
  return chatOf(ctx, chat.id)
}
