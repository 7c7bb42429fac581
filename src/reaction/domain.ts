import { InvalidInput } from '../base/errors.ts'
import { groupBy } from '../base/loaders.ts'
import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import type { Ctx } from '../ctx.ts'
import { EventKind } from '../event/types.ts'
import { changeMessage } from '../message/change.ts'
import type { Message, MessageKey } from '../message/domain.ts'
import { loadActor } from '../user/contacts.ts'
import type { Actor } from '../user/contacts.ts'
import { viewerOf } from '../viewer.ts'
import { emojiOf } from './emoji.ts'
import { mayReact } from './policy.ts'
import { deleteReaction, findActorPages, findNewestReaction, findReactionsOf, insertReaction, setCounts } from './store.ts'
import type { ActorKey, Counts, GroupKey, ReactionRow } from './store.ts'

export type { ActorKey }

/** All who gave one emoji to one message. */
export interface ReactionGroup extends GroupKey {
  count: number
}

/** Of a message so many kinds of emoji are shown, those that came first. */
const MAX_SHOWN = 50

/** Gives an emoji to a message; the same one again changes nothing. */
export function addReaction(ctx: Ctx, key: MessageKey, text: string): Promise<Message> {
  return react(ctx, key, text, async (tx, emoji) => ((await insertReaction(tx.db, key, emoji, viewerOf(tx).userId)) ? 1 : 0))
}

/** Takes the viewer's emoji back; one that was not given changes nothing. */
export function removeReaction(ctx: Ctx, key: MessageKey, text: string): Promise<Message> {
  return react(ctx, key, text, async (tx, emoji) => ((await deleteReaction(tx.db, key, emoji, viewerOf(tx).userId)) ? -1 : 0))
}

/** Lets this be the only emoji that the viewer gives to a message, as on a channel that knows one for each person; null takes it back. */
export async function setOnlyReaction(ctx: Ctx, key: MessageKey, text: string | null): Promise<void> {
  const emoji = text === null ? null : emojiOf(text)
  const given = await findReactionsOf(ctx.db, [[viewerOf(ctx).userId, ...key]])
  for (const row of given) if (row.emoji !== emoji) await removeReaction(ctx, key, row.emoji)
  if (emoji !== null) await addReaction(ctx, key, emoji)
}

/** The newest emoji that anybody but this person gives to a message; null: none. */
export function newestReaction(ctx: Ctx, key: MessageKey, but: number): Promise<string | null> {
  return findNewestReaction(ctx.db, key, but)
}

/** Changes a row of a reaction, which answers by how much, and with it the count in the message: both under the chat's lock, so that they agree. */
function react(ctx: Ctx, key: MessageKey, text: string, change: (tx: Ctx, emoji: string) => Promise<1 | 0 | -1>): Promise<Message> {
  const emoji = emojiOf(text)
  if (emoji === null) throw new InvalidInput('emoji must be one emoji and nothing else.', ['emoji'])
  return changeMessage(ctx, key, async (tx, { message, chat, closed, nextSeq }) => {
    const refusal = mayReact(viewerOf(tx), chat, closed, message)
    if (refusal !== null) throw refusal
    const step = await change(tx, emoji)
    if (step !== 0) await setCounts(tx.db, key, recount(message.reactions, emoji, step), await nextSeq({ kind: EventKind.MESSAGE_REACTED }))
  })
}

/** The counts with one more or one less of an emoji: a new one comes last, and one that nobody gives any more leaves. */
function recount(counts: Counts, emoji: string, step: 1 | -1): Counts {
  const known = counts ?? []
  const changed: NonNullable<Counts> = known.some(([kind]) => kind === emoji) ? known.map(([kind, count]) => [kind, kind === emoji ? count + step : count]) : [...known, [emoji, step]]
  const left = changed.filter(([, count]) => count > 0)
  return left.length === 0 ? null : left
}

/** What was given to a message, in the order in which it first came. */
export function reactionGroups({ chatId, number, reactions }: Message): ReactionGroup[] {
  return (reactions ?? []).slice(0, MAX_SHOWN).map(([emoji, count]) => ({ chatId, number, emoji, count }))
}

/** Whether the viewer is among those who gave it. */
export async function viewerReacted(ctx: Ctx, group: ReactionGroup): Promise<boolean> {
  const viewer = viewerOf(ctx)
  const given = await ctx.loaders
    .get<readonly [userId: number, ...MessageKey], Set<string>>(
      'viewerReactions',
      async (keys) => {
        const byKey = groupBy(await findReactionsOf(ctx.db, keys), (row) => `${row.userId},${row.chatId},${row.number}`)
        return keys.map((key) => new Set(byKey.get(String(key))?.map((row) => row.emoji)))
      },
      String,
    )
    .load([viewer.userId, group.chatId, group.number])
  return given.has(group.emoji)
}

/** Those who gave it, by when they did. */
export async function listActors(ctx: Ctx, group: ReactionGroup, request: PageRequest<ActorKey>): Promise<Page<Actor, ActorKey>> {
  const keyOf = ({ chatId, number, emoji }: GroupKey) => `${chatId},${number},${emoji}`
  // Groups that ask for the same page share one statement.
  const rows = await ctx.loaders
    .get<GroupKey, ReactionRow[]>(
      `actors:${JSON.stringify(request)}`,
      async (groups) => {
        const byGroup = groupBy(await findActorPages(ctx.db, groups, { after: request.cursor, backward: request.backward, limit: request.limit + 1 }), keyOf)
        return groups.map((wanted) => byGroup.get(keyOf(wanted)) ?? [])
      },
      keyOf,
    )
    .load(group)
  const keys = new Map(rows.map((row) => [row.userId, [row.at.getTime(), row.userId] as const]))
  const users = (await Promise.all(rows.map(async (row) => loadActor(ctx, row.userId)))).filter((actor) => actor !== null)
  return pageOf(request, users, (user) => keys.get(user.id) ?? [0, user.id])
}
