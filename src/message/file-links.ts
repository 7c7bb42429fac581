import type { Ctx } from '../ctx.ts'
import { anyChat } from '../chat/avatar.ts'
import { loadAttachment } from '../upload/domain.ts'
import { grantOf } from '../upload/links.ts'
import type { Grant, Variant } from '../upload/links.ts'
import { loadUser } from '../user/domain.ts'
import { mayFetch } from './attachments.ts'
import type { Attachment } from './attachments.ts'

/** The file that a link leads to, and until when the link is good; null where it leads nowhere, or its right has ended: asked anew each time. */
export async function fileByLink(ctx: Ctx, id: number, variant: Variant, query: URLSearchParams): Promise<{ attachment: Attachment; until: number } | null> {
  const link = grantOf(ctx, id, variant, query)
  const attachment = link === null ? null : await loadAttachment(ctx, id)
  if (link === null || attachment?.state !== 'READY' || !(await stands(ctx, link.grant, attachment))) return null
  return { attachment, until: link.until }
}

async function stands(ctx: Ctx, grant: Grant, attachment: Attachment): Promise<boolean> {
  switch (grant.of) {
    case 'viewer': {
      const user = await loadUser(ctx, grant.userId)
      return user?.deletedAt === null && mayFetch({ ...ctx, viewer: { userId: grant.userId, sessionId: null, roles: [], expiresAt: null } }, attachment)
    }
    case 'profile': {
      const user = attachment.avatarOf === null ? null : await loadUser(ctx, attachment.avatarOf)
      return user?.deletedAt === null && user.avatarId === attachment.id
    }
    case 'invite': {
      const chat = attachment.avatarOf === null ? null : await anyChat(ctx, attachment.avatarOf)
      return chat?.avatarId === attachment.id && chat.inviteCode !== null && chat.deletedAt === null
    }
  }
}
