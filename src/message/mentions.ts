import type { MaybePromise } from '../base/loaders.ts'
import type { Ctx } from '../ctx.ts'
import { loadUser } from '../user/domain.ts'
import type { User } from '../user/domain.ts'
import { ofViewer } from './domain.ts'
import type { Message } from './domain.ts'
import { countUnreadMentions, findNamedMembers } from './store.ts'

/** So many members can be mentioned in one message; the others that it names hear of it as everybody does. */
const MAX_MENTIONS = 50

/**
 * An @ and a username, up to its last letter, digit or underscore: what ends a sentence is no part of it. What stands before the @ must
 * not make it an e-mail address. What stands behind must not go on with the word: "@bobby" does not name bob, nor does "@bobé".
 */
const MENTION = /(?<![\p{Script=Latin}\p{N}_%+-])@([A-Za-z0-9][\w.-]{0,30}[A-Za-z0-9_])[.-]*(?![\p{Script=Latin}\p{M}\w.-])/gu

/** The usernames that a text names, in lower case, each once, in the order in which they first come. */
export function mentionedNames(text: string): string[] {
  if (!text.includes('@')) return []
  return [...new Set(Array.from(text.matchAll(MENTION), ([, name = '']) => name.toLowerCase()))]
}

/** The members of a chat whom a text names; null where it names nobody, which costs no statement. */
export async function mentionedMembers(ctx: Ctx, chatId: number, text: string): Promise<number[] | null> {
  const names = mentionedNames(text)
  return names.length === 0 ? null : findNamedMembers(ctx.db, chatId, names, MAX_MENTIONS)
}

/** The users whom a message mentions. */
export function mentionedUsers(ctx: Ctx, message: Message): MaybePromise<User[]> {
  return message.mentions.length === 0 ? [] : usersOf(ctx, message.mentions)
}

async function usersOf(ctx: Ctx, ids: readonly number[]): Promise<User[]> {
  const users = await Promise.all(ids.map(async (id) => loadUser(ctx, id)))
  return users.filter((user) => user !== null)
}

/** How many messages above the viewer's read mark mention the viewer. */
export function unreadMentionCount(ctx: Ctx, chatId: number): Promise<number> {
  return ofViewer(ctx, chatId, 'unreadMentions', countUnreadMentions)
}
