import { InvalidInput, NotFound, throwFaults } from '../base/errors.ts'
import type { AppError } from '../base/errors.ts'
import { searchTextOf } from '../base/text.ts'
import { withTransaction } from '../ctx.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { changeAvatar } from '../upload/domain.ts'
import { viewerOf } from '../viewer.ts'
import { allow, changeChat } from './change.ts'
import { chatOf, chatTextFaults, loadChat } from './domain.ts'
import type { Chat } from './domain.ts'
import { hide } from './hiding.ts'
import { endAllMemberships, setSettings } from './member-store.ts'
import type { MemberSettings } from './member-store.ts'
import { ensureOwnRow } from './outside.ts'
import { mayEnd, mayManage } from './policy.ts'
import { endChat, updateChatRow } from './store.ts'

export interface ChatChanges {
  title?: string | null
  description?: string | null
  /** An uploaded picture of the viewer's. */
  avatar?: number | null
}

/** Changes what is given of a group's name, description and picture; null clears the latter two. */
export async function updateChat(ctx: Ctx, chatId: number, changes: ChatChanges): Promise<Chat> {
  throwFaults([...clearedFaults(changes, ['title']), ...chatTextFaults(changes)])
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayManage(chat, member))
    const title = changes.title?.trim() ?? chat.title ?? ''
    const description = changes.description === undefined ? chat.description : changes.description
    // The same again changes nothing, and nobody needs to hear of it.
    const avatarId = changes.avatar === undefined ? chat.avatarId : changes.avatar
    if (title === chat.title && description === chat.description && avatarId === chat.avatarId) return
    if (avatarId !== chat.avatarId) await changeAvatar(tx, avatarId, chatId, chat.avatarId)
    await updateChatRow(tx.db, chatId, { title, description, searchText: searchTextOf(title), avatarId })
    await appendOne(tx, stream, { kind: EventKind.CHAT_CHANGED, actorId: member.userId, refId: chatId })
  })
  return chatOf(ctx, chatId)
}

/** Ends a group for all; takes a direct chat out of the viewer's list and hides its history from the viewer. */
export async function deleteChat(ctx: Ctx, chatId: number): Promise<void> {
  await changeChat(ctx, chatId, async (tx, chat, stream) => {
    if (chat.chat.kind === 'DIRECT') return hide(tx, chat, stream)
    allow(mayEnd(chat.chat, chat.member))
    const seq = await appendOne(tx, stream, { kind: EventKind.CHAT_DELETED, actorId: chat.member.userId, refId: chatId })
    await endAllMemberships(tx.db, chatId, seq)
    await endChat(tx.db, chatId)
  })
}

export interface SettingsInput {
  mutedUntil?: Date | null
  archived?: boolean | null
  pinned?: boolean | null
}

/** Sets a chat for the viewer alone: what is left out stays as it is. */
export async function updateChatSettings(ctx: Ctx, chatId: number, input: SettingsInput): Promise<Chat> {
  throwFaults([...momentFaults(input.mutedUntil ?? null), ...clearedFaults(input, ['archived', 'pinned'])])
  const viewer = viewerOf(ctx)
  await withTransaction(ctx, async (tx) => {
    const own = (await lockStreams(tx, [viewer.userId])).get(viewer.userId)
    tx.loaders.clear()
    const chat = await loadChat(tx, chatId)
    if (own === undefined || chat === null) throw new NotFound('No such chat.', ['chatId'])
    const changes = settingsChanged(chat.member, input)
    if (Object.keys(changes).length === 0) return
    await ensureOwnRow(tx, chatId)
    await setSettings(tx.db, chatId, viewer.userId, changes)
    await appendOne(tx, own, { kind: EventKind.SETTINGS_CHANGED, actorId: viewer.userId, refId: chatId })
  })
  return chatOf(ctx, chatId)
}

function settingsChanged(member: Chat['member'], { mutedUntil, archived, pinned }: SettingsInput): MemberSettings {
  return {
    ...(mutedUntil === undefined || mutedUntil?.getTime() === member.mutedUntil?.getTime() ? {} : { mutedUntil }),
    ...(archived == null || archived === member.archived ? {} : { archived }),
    ...(pinned == null || pinned === member.pinned ? {} : { pinned }),
  }
}

/** What must not be null though it may be left out. */
function clearedFaults<T extends object>(input: T, fields: (keyof T & string)[]): AppError[] {
  return fields.flatMap((field) => (input[field] === null ? [new InvalidInput(`${field} cannot be cleared.`, [field])] : []))
}

const LAST_MOMENT = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Years of other than four digits are written in another way by every program. */
function momentFaults(moment: Date | null): AppError[] {
  const time = moment?.getTime() ?? 0
  return time >= 0 && time <= LAST_MOMENT ? [] : [new InvalidInput('mutedUntil must be in the years 1970 to 9999.', ['mutedUntil'])]
}
