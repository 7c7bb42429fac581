import { BadUserInput } from '../base/errors.ts'
import { flatMap } from '../base/latest.ts'
import { chatGlobalId } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import { argId, attempt, definePayload, inputId } from '../graphql/errors.ts'
import { loadUser } from '../user/domain.ts'
import type { User as UserShape } from '../user/domain.ts'
import { Actor, User } from '../user/schema.ts'
import { presenceChange, presenceOf, setTyping, watchPresence, watchTyping } from './domain.ts'
import type { PresenceView, TypingChange } from './domain.ts'

const PresenceState = builder.enumType('PresenceState', {
  description: 'Whether somebody is there.',
  values: {
    ONLINE: { description: 'Connected with at least one device.' },
    AWAY: { description: 'Connected, but idle.' },
    OFFLINE: { description: 'Not connected.' },
  } as const,
})

const Presence = builder.objectRef<PresenceView>('Presence').implement({
  description: 'Whether somebody is there, over all of their devices.',
  fields: (t) => ({
    state: t.field({ type: PresenceState, description: 'Whether they are there.', resolve: (presence) => presence.state }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', nullable: true, description: 'When their last connection ended; null where that never happened.' }),
  }),
})

builder.objectField(User, 'presence', (t) =>
  t.field({ type: Presence, nullable: true, description: 'Whether the user is there. Null: hidden from the viewer, or not known now.', resolve: (user, _args, ctx) => presenceOf(ctx, user) }),
)

const PresenceEvent = builder.objectRef<{ user: UserShape; presence: PresenceView }>('PresenceEvent').implement({
  description: 'Whether a user is there now.',
  fields: (t) => ({
    user: t.field({ type: User, description: 'Who.', resolve: (event) => event.user }),
    presence: t.field({ type: Presence, description: 'Whether they are there.', resolve: (event) => event.presence }),
  }),
})

const TypingEvent = builder.objectRef<TypingChange>('TypingEvent').implement({
  description: 'Somebody began or stopped typing.',
  fields: (t) => ({
    chatId: t.id({ description: 'Global ID of the chat.', resolve: (event) => chatGlobalId(event.chatId) }),
    actor: t.field({
      type: Actor,
      description: 'Who types.',
      resolve: async (event, _args, ctx) => {
        const user = await loadUser(ctx, event.userId)
        if (user === null) throw new Error('who types has an account')
        return user
      },
    }),
    typing: t.exposeBoolean('typing', { description: 'False when it is over: after 6 s without a repeat, or with the message.' }),
  }),
})

const SetTypingInput = builder.inputType('SetTypingInput', {
  description: 'Whether the viewer types.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the chat.' }),
    typing: t.boolean({ required: true, description: 'True while typing, repeated every few seconds; false when it is over.' }),
  }),
})

const SetTypingPayload = definePayload<true>('SetTypingPayload', 'The answer to setTyping.')

builder.mutationField('setTyping', (t) =>
  t.field({
    type: SetTypingPayload,
    description: 'Tells the other members of a chat that the viewer types. It is over after 6 s, or with the message.',
    args: { input: t.arg({ type: SetTypingInput, required: true, description: 'Whether the viewer types.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => {
        await setTyping(ctx, inputId('Chat', input.chatId, ['chatId']), input.typing)
        return true as const
      }),
  }),
)

builder.subscriptionFields((t) => ({
  typing: t.field({
    type: TypingEvent,
    description: "Who types in one chat, or in any of the viewer's.",
    args: { chatId: t.arg.id({ description: 'Global ID of the only chat to hear of.' }) },
    subscribe: async (_root, args, ctx) => {
      const changes = await watchTyping(ctx, args.chatId == null ? null : argId('Chat', args.chatId, 'chatId'))
      if (changes === null) throw new BadUserInput('`chatId`: no such chat.')
      return changes
    },
    resolve: (change, _args, ctx) => {
      ctx.loaders.clear()
      return change
    },
  }),
  presence: t.field({
    type: PresenceEvent,
    description: 'Presence of these users (at most 100 who share a chat with the viewer), first as it is, then as it changes.',
    args: { userIds: t.arg.idList({ required: true, description: 'Global IDs of the users.' }) },
    subscribe: async (_root, args, ctx) => {
      const userIds = await watchPresence(
        ctx,
        args.userIds.map((id) => argId('User', id, 'userIds')),
      )
      return flatMap(userIds, async (userId) => {
        ctx.loaders.clear()
        const change = await presenceChange(ctx, userId)
        return change === null ? [] : [change]
      })
    },
    resolve: (event) => event,
  }),
}))
