import { InvalidInput, NotFound, throwFaults } from '../base/errors.ts'
import type { Ctx } from '../ctx.ts'
import { appendOne, lockStreams } from '../event/log.ts'
import type { StreamHead } from '../event/log.ts'
import { EventKind } from '../event/types.ts'
import { blockersAmong, readUsers } from '../user/domain.ts'
import { viewerOf } from '../viewer.ts'
import { allow, changeChat } from './change.ts'
import { chatOf, loadChat, loadMember } from './domain.ts'
import type { Chat, Member } from './domain.ts'
import { countOwners, findHeir, setRole } from './member-store.ts'
import { letIn, letOut } from './membership.ts'
import { mayGiveRoles, mayLeave, mayManage, mayRemove, mayStepBack } from './policy.ts'
import { findMembers } from './store.ts'

/** So many may be added at once. */
const MAX_ADDED = 100

/** Adds people to a group; who is in it already stays as they are. */
export async function addMembers(ctx: Ctx, chatId: number, userIds: readonly number[]): Promise<Chat> {
  if (userIds.length > MAX_ADDED) throw new InvalidInput(`userIds must be at most ${MAX_ADDED} at once.`, ['userIds'])
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayManage(chat, member))
    const wanted = [...new Set(userIds)]
    const present = await findMembers(tx.db, wanted.map((id) => [chatId, id] as const))
    const here = new Set(present.map((row) => row.userId))
    // Before the lock: a number that is no user's may be that of a chat, whose stream is not to be held up.
    await usersMustBeThere(tx, userIds, here)
    const heads = await lockStreams(tx, wanted.filter((id) => !here.has(id)))
    // Again: an account that ended meanwhile comes into no chat any more.
    await usersMustBeThere(tx, userIds, here)
    await letIn(tx, stream, [...heads.values()])
  })
  return chatOf(ctx, chatId)
}

/** Removes somebody else from a group. */
export async function removeMember(ctx: Ctx, chatId: number, userId: number): Promise<Chat> {
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayManage(chat, member))
    allow(mayRemove(member, await presentMember(tx, chatId, userId)))
    await letOut(tx, stream, userId)
  })
  ctx.typing.set(chatId, userId, false)
  return chatOf(ctx, chatId)
}

/** Says what a member of a group may do. */
export async function setMemberRole(ctx: Ctx, chatId: number, userId: number, role: Member['role']): Promise<{ chat: Chat; member: Member }> {
  await changeChat(ctx, chatId, async (tx, { chat, member: viewer }, stream) => {
    allow(mayGiveRoles(chat, viewer))
    const member = await presentMember(tx, chatId, userId)
    if (member.role === role) return
    if (userId === viewer.userId) allow(mayStepBack((await countOwners(tx.db, chatId)) - 1))
    await setRole(tx.db, chatId, userId, role)
    await appendOne(tx, stream, { kind: EventKind.MEMBER_CHANGED, actorId: viewer.userId, refId: userId })
  })
  return { chat: await chatOf(ctx, chatId), member: await presentMember(ctx, chatId, userId) }
}

/** Lets the viewer go out of a group. The last owner hands over to whoever is an admin for longest, or else a member. */
export async function leaveChat(ctx: Ctx, chatId: number): Promise<void> {
  const viewer = viewerOf(ctx)
  await changeChat(ctx, chatId, async (tx, { chat, member }, stream) => {
    allow(mayLeave(chat))
    await handOver(tx, stream, member)
  })
  ctx.typing.set(chatId, viewer.userId, false)
}

/** Takes the viewer, whose account is deleted, out of a chat whose stream is locked, if it is a group that they are in. */
export async function leaveForGood(tx: Ctx, stream: StreamHead): Promise<void> {
  const chat = await loadChat(tx, stream.id)
  if (chat?.chat.kind === 'GROUP') await handOver(tx, stream, chat.member)
}

async function handOver(tx: Ctx, stream: StreamHead, { userId, role }: Member): Promise<void> {
  const heir = role === 'OWNER' ? await findHeir(tx.db, stream.id, userId) : null
  if (heir === null || heir.role === 'OWNER') return letOut(tx, stream, userId)
  await setRole(tx.db, stream.id, heir.userId, 'OWNER')
  await letOut(tx, stream, userId, [{ kind: EventKind.MEMBER_CHANGED, actorId: userId, refId: heir.userId }])
}

/** @throws a {@link NotFound} for each who does not exist, or is not in the chat and has blocked the viewer, which reads the same. */
async function usersMustBeThere(ctx: Ctx, userIds: readonly number[], here: ReadonlySet<number>): Promise<void> {
  const found = await readUsers(ctx, [...new Set(userIds)])
  const blockers = await blockersAmong(ctx, userIds)
  throwFaults(userIds.flatMap((id, index) => (found.has(id) && (here.has(id) || !blockers.has(id)) ? [] : [new NotFound('No such user.', ['userIds', String(index)])])))
}

async function presentMember(ctx: Ctx, chatId: number, userId: number): Promise<Member> {
  const member = await loadMember(ctx, chatId, userId)
  if (member === null) throw new NotFound('No such member.', ['userId'])
  return member
}
