import { BadUserInput } from '../base/errors.ts'
import { encodeId } from '../base/id.ts'
import { builder } from '../graphql/builder.ts'
import { argId } from '../graphql/errors.ts'
import { LiveSource } from '../graphql/live.ts'
import { viewerOf } from '../viewer.ts'
import type { Batch } from './batch.ts'
import { readGap } from './gap.ts'
import type { Gap } from './gap.ts'
import { freshCursor } from './resume.ts'
import type { Reset } from './resume.ts'
import { Event, withChatsThatCameBack } from './schema.ts'

const EventResetReason = builder.enumType('EventResetReason', {
  description: 'Why events cannot be continued from a cursor.',
  values: {
    TOO_OLD: { description: 'The events behind it are no longer kept.' },
    TOO_MANY: { description: 'So much happened since that fetching again is cheaper.' },
    NEW_EPOCH: { description: 'It is from before the data was restored.' },
    INVALID_CURSOR: { description: 'It is no cursor, or not of this viewer and scope.' },
  } as const,
})

const EventReset = builder.objectRef<Reset>('EventReset').implement({
  description: 'Forget the last seq of these chats, fetch them again, and go on from EventBatch.cursor.',
  fields: (t) => ({
    reason: t.field({ type: EventResetReason, description: 'Why.', resolve: (reset) => reset.reason }),
    chatIds: t.idList({ nullable: true, description: 'Global IDs of the chats to fetch again; null: everything.', resolve: (reset) => reset.chatIds?.map((id) => encodeId('Chat', id)) }),
  }),
})

const EventBatch = builder.objectRef<Batch>('EventBatch').implement({
  description: 'Events in their order, and where the reader stands after them.',
  fields: (t) => ({
    events: t.field({ type: [Event], description: 'What happened; empty where only the cursor moved.', resolve: (batch, _args, ctx) => withChatsThatCameBack(ctx, batch.events) }),
    cursor: t.exposeString('cursor', { description: 'Keep the newest one: it goes into `after`, on any server, up to 30 days later.' }),
    caughtUp: t.exposeBoolean('caughtUp', { description: 'False while older events are still to come.' }),
    reset: t.field({ type: EventReset, nullable: true, description: 'Set where the events could not be continued.', resolve: (batch) => batch.reset }),
  }),
})

const EventPage = builder.objectRef<Gap>('EventPage').implement({
  description: 'Events of one chat, from behind a known number.',
  fields: (t) => ({
    events: t.field({ type: [Event], description: 'What happened, in order.', resolve: (gap) => gap.events }),
    hasMore: t.exposeBoolean('hasMore', { description: 'Whether more follow: ask again from the last `seq`.' }),
    reset: t.field({ type: EventReset, nullable: true, description: 'Set where these events are not (or no longer) to be had: fetch the chat again.', resolve: (gap) => gap.reset }),
  }),
})

builder.queryFields((t) => ({
  chatEvents: t.field({
    type: EventPage,
    nullable: true,
    description: 'Events of one chat after a known number: fills a gap. `reset` where they are no longer kept; null where the viewer is not in the chat.',
    args: {
      chatId: t.arg.id({ required: true, description: 'Global ID of the chat.' }),
      afterSeq: t.arg.int({ required: true, description: 'The last known `seq`; 0 for all from the first.' }),
      first: t.arg.int({ defaultValue: 100, description: 'So many at most; at most 100.' }),
    },
    resolve: (_root, args, ctx) => {
      const first = args.first ?? 100
      if (first < 0 || first > 100) throw new BadUserInput(`\`first\` must be from 0 to 100, it is ${first}.`)
      if (args.afterSeq < 0) throw new BadUserInput(`\`afterSeq\` must not be negative, it is ${args.afterSeq}.`)
      return readGap(ctx, { viewerId: viewerOf(ctx).userId, chatId: argId('Chat', args.chatId, 'chatId') }, args.afterSeq, first)
    },
  }),
  eventCursor: t.string({
    description: 'Taken before anything else of the same query is read: `events(after: eventCursor)` continues from this very answer.',
    resolve: (_root, _args, ctx) => ctx.eventCursor ?? freshCursor(ctx.sql, viewerOf(ctx).userId),
  }),
}))

builder.subscriptionField('events', (t) =>
  t.field({
    type: EventBatch,
    description:
      "Everything that happens in the viewer's chats, or in one of them: in order, without gaps or repeats. " +
      '`after` is the last `cursor` that this client received, from any server: what was missed comes first, then `caughtUp` turns true. Without it, it starts now. ' +
      'Clients that reconnect by themselves repeat their first variables; so `resumeAfter` in connectionParams (over SSE the header `x-parley-resume-after`) is read too. ' +
      'A cursor belongs to one viewer and one scope (all chats, or one).',
    args: {
      after: t.arg.string({ description: 'The cursor to continue from.' }),
      chatId: t.arg.id({ description: 'Global ID of the only chat to hear of.' }),
    },
    subscribe: async (_root, args, ctx) => {
      const scope = { viewerId: viewerOf(ctx).userId, chatId: args.chatId == null ? null : argId('Chat', args.chatId, 'chatId') }
      const feed = await ctx.hub.open(scope, { after: args.after ?? null, resumeAfter: ctx.resumeAfter }, ctx.endConnection)
      if (feed === null) throw new BadUserInput('`chatId`: no such chat.')
      return new LiveSource<Batch>(feed, 'batches')
    },
    resolve: (batch) => batch,
  }),
)
