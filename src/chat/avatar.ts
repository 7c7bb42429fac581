import type { Ctx } from '../ctx.ts'
import { fileLink, inviteLink, profileLink } from '../upload/links.ts'
import { otherPerson } from './domain.ts'
import type { Chat } from './domain.ts'
import type { InvitedChat } from './invites.ts'
import { findChats } from './store.ts'
import type { ChatRow } from './store.ts'

/** Where the viewer, who is a member, fetches the picture of a chat: a direct chat has that of the other person. Null where there is none. */
export async function avatarUrl(ctx: Ctx, { chat }: Chat): Promise<string | null> {
  if (chat.kind !== 'DIRECT') return chat.avatarId === null ? null : fileLink(ctx, chat.avatarId, 'thumbnail')
  const other = await otherPerson(ctx, chat)
  return other === null || other.avatarId === null || other.deletedAt !== null ? null : profileLink(ctx, other.avatarId)
}

/** Where whoever has the invite of a group fetches its picture; null where there is none. */
export function invitedAvatarUrl(ctx: Ctx, { avatarId }: InvitedChat): string | null {
  return avatarId === null ? null : inviteLink(ctx, avatarId)
}

/** A chat, whoever asks: for those who ask by its invite. */
export async function anyChat(ctx: Ctx, chatId: number): Promise<ChatRow | null> {
  const [found] = await findChats(ctx.db, [chatId])
  return found?.chat ?? null
}
