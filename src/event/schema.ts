import { BadUserInput } from '../base/errors.ts'
import { encodeId } from '../base/id.ts'
import { loadChat } from '../chat/domain.ts'
import { Chat } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { argId } from '../graphql/errors.ts'
import { messageOf } from '../message/domain.ts'
import { Message } from '../message/schema.ts'
import { loadUser } from '../user/domain.ts'
import { Actor, User } from '../user/schema.ts'
import { viewerOf } from '../viewer.ts'
import type { Batch } from './feed.ts'
import { flatMap } from '../base/latest.ts'
import { freshCursor } from './resume.ts'
import type { Reset } from './resume.ts'
import { EventKind } from './types.ts'
import type { EventRow } from './types.ts'

const Event = builder.interfaceRef<EventRow>('Event').implement({
  description: 'Something that happened. Take a type you do not know as "seq advanced": so the schema can grow.',
  fields: (t) => ({
    chatId: t.id({ nullable: true, description: 'Global ID of the chat in which it happened; null for what concerns people.', resolve: (event) => (isOfChat(event) ? encodeId('Chat', event.streamId) : null) }),
    seq: t.int({ nullable: true, description: 'Counts up by one per chat; null for what is state rather than history.', resolve: (event) => (isOfChat(event) ? event.seq : null) }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened, by the server.' }),
    actor: t.field({ type: Actor, nullable: true, description: 'Who did it; null where nobody signed in did.', resolve: (event, _args, ctx) => (event.actorId === null ? null : loadUser(ctx, event.actorId)) }),
  }),
  resolveType: typeNameOf,
})

function typeNameOf(event: EventRow): string {
  switch (event.kind) {
    case EventKind.MESSAGE_ADDED:
      return 'MessageAdded'
    case EventKind.MESSAGE_EDITED:
    case EventKind.MESSAGE_DELETED:
      return 'MessageChanged'
    case EventKind.CHAT_CREATED:
      return 'ChatAdded'
    case EventKind.PROFILE_CHANGED:
    case EventKind.SESSION_ENDED:
      return 'UserChanged'
    case EventKind.MEMBER_ADDED:
    case EventKind.MEMBER_REMOVED:
    case EventKind.JOINED:
      throw new Error(`an event of kind ${event.kind} has no form for clients yet`)
  }
}

/** Events in a user's stream carry no number of a chat. */
function isOfChat(event: EventRow): boolean {
  return event.kind < EventKind.JOINED
}

const chatField = {
  type: Chat,
  nullable: true,
  description: 'The chat as it is now; null once the viewer has left it.',
  resolve: (event: EventRow, _args: object, ctx: GraphQLContext) => loadChat(ctx, event.streamId),
} as const

builder.objectRef<EventRow>('MessageAdded').implement({
  description: 'A message was sent.',
  interfaces: [Event],
  fields: (t) => ({
    message: t.field({ type: Message, description: 'The message, as it is now.', resolve: (event, _args, ctx) => messageOf(ctx, event) }),
    chat: t.field(chatField),
  }),
})

const MessageChange = builder.enumType('MessageChange', {
  description: 'What changed about a message.',
  values: {
    EDITED: { description: 'Its text.' },
    DELETED: { description: 'It was deleted; a tombstone stays.' },
  } as const,
})

builder.objectRef<EventRow>('MessageChanged').implement({
  description: 'A message is not what it was.',
  interfaces: [Event],
  fields: (t) => ({
    change: t.field({ type: MessageChange, description: 'What changed.', resolve: (event) => (event.kind === EventKind.MESSAGE_DELETED ? 'DELETED' : 'EDITED') }),
    message: t.field({ type: Message, description: 'The message, as it is now.', resolve: (event, _args, ctx) => messageOf(ctx, event) }),
    chat: t.field(chatField),
  }),
})

builder.objectRef<EventRow>('ChatAdded').implement({
  description: 'The viewer is in this chat from here on.',
  interfaces: [Event],
  fields: (t) => ({ chat: t.field(chatField) }),
})

builder.objectRef<EventRow>('UserChanged').implement({
  description: "The viewer's profile or sessions changed.",
  interfaces: [Event],
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'The user, as they are now.',
      resolve: async (event, _args, ctx) => {
        const user = await loadUser(ctx, event.streamId)
        if (user === null) throw new Error('a user with a stream is never removed')
        return user
      },
    }),
  }),
})

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
    events: t.field({ type: [Event], description: 'What happened; empty where only the cursor moved.', resolve: (batch) => batch.events }),
    cursor: t.exposeString('cursor', { description: 'Keep the newest one: it goes into `after`, on any server, up to 30 days later.' }),
    caughtUp: t.exposeBoolean('caughtUp', { description: 'False while older events are still to come.' }),
    reset: t.field({ type: EventReset, nullable: true, description: 'Set where the events could not be continued.', resolve: (batch) => batch.reset }),
  }),
})

builder.queryField('eventCursor', (t) =>
  t.string({
    description: 'Taken before anything else of the same query is read: `events(after: eventCursor)` continues from this very answer.',
    resolve: (_root, _args, ctx) => ctx.eventCursor ?? freshCursor(ctx.sql, viewerOf(ctx).userId),
  }),
)

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
      const feed = await ctx.hub.open(scope, { after: args.after ?? null, resumeAfter: ctx.resumeAfter })
      if (feed === null) throw new BadUserInput('`chatId`: no such chat.')
      return flatMap(feed, (batch) => {
        // Nothing read for an earlier batch is true any more.
        ctx.loaders.clear()
        return [batch]
      })
    },
    resolve: (batch) => batch,
  }),
)
