import { BadUserInput } from '../base/errors.ts'
import { pageRequest } from '../base/page.ts'
import { Chat, chatGlobalId } from '../chat/schema.ts'
import { builder } from '../graphql/builder.ts'
import { argId, attempt, definePayload, inputId } from '../graphql/errors.ts'
import { pageArgs } from '../graphql/page.ts'
import { loadUser } from '../user/domain.ts'
import type { User as UserShape } from '../user/domain.ts'
import { Actor, User, UserConnection, usernameKey } from '../user/schema.ts'
import { listActiveMembers, presenceOf, setPresence } from './domain.ts'
import type { PresenceView } from './domain.ts'
import { setTyping, watchPresence, watchTyping } from './watch.ts'
import type { PresenceChange, TypingChange } from './watch.ts'

const PresenceState = builder.enumType('PresenceState', {
  description: 'Whether somebody is there.',
  values: {
    ONLINE: { description: 'Connected with at least one device.' },
    AWAY: { description: 'Connected, but idle for some minutes, or away by their own word.' },
    OFFLINE: { description: 'Not connected, or not to be seen.' },
  } as const,
})

const Availability = builder.enumType('Availability', {
  description: 'What a user says of being there.',
  values: {
    AVAILABLE: { description: 'There for everybody: ONLINE while connected, AWAY when idle.' },
    AWAY: { description: 'Shows as AWAY while connected.' },
    BUSY: { description: 'Shows like AVAILABLE; the status text may say more.' },
    INVISIBLE: { description: 'Shows to others as OFFLINE, without the status text and with the time of before.' },
  } as const,
})

const Presence = builder.objectRef<PresenceView>('Presence').implement({
  description: 'Whether somebody is there, over all of their devices.',
  fields: (t) => ({
    state: t.field({ type: PresenceState, description: 'Whether they are there.', resolve: (presence) => presence.state }),
    availability: t.field({ type: Availability, nullable: true, description: 'What the user has set. Only of the viewer; null of anyone else.', resolve: (presence) => presence.availability }),
    statusText: t.exposeString('statusText', { nullable: true, description: 'A short text of the user about what they do just now.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they last asked for something, or their last connection ended; null where they were never there.',
    }),
  }),
})

builder.objectField(User, 'presence', (t) =>
  t.field({ type: Presence, nullable: true, description: 'Whether the user is there. Null: hidden from the viewer, or not known now.', resolve: (user, _args, ctx) => presenceOf(ctx, user) }),
)

builder.objectField(Chat, 'activeMembers', (t) =>
  t.field({
    type: UserConnection,
    nullable: true,
    description: 'Members who are there now, as the viewer sees it (their state is not OFFLINE), in the order of their usernames.',
    args: pageArgs(t.arg),
    resolve: ({ chat }, args, ctx) => listActiveMembers(ctx, chat.id, pageRequest(args, usernameKey)),
  }),
)

const SetPresenceInput = builder.inputType('SetPresenceInput', {
  description: 'What others shall see of the viewer.',
  fields: (t) => ({
    availability: t.field({ type: Availability, required: true, description: 'Whether the viewer is there.' }),
    statusText: t.string({ description: 'A short text, at most 140 characters; left out it stays, null clears it.' }),
  }),
})

const SetPresencePayload = definePayload<UserShape>('SetPresencePayload', 'The answer to setPresence.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'The viewer, changed.', resolve: ({ value }) => value }),
}))

builder.mutationField('setPresence', (t) =>
  t.field({
    type: SetPresencePayload,
    description: 'Sets what others see of the viewer, on all devices, until it is set again.',
    args: { input: t.arg({ type: SetPresenceInput, required: true, description: 'What others shall see.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => setPresence(ctx, input)),
  }),
)

const PresenceEvent = builder.objectRef<PresenceChange>('PresenceEvent').implement({
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
    subscribe: (_root, args, ctx) =>
      watchPresence(
        ctx,
        args.userIds.map((id) => argId('User', id, 'userIds')),
      ),
    resolve: (change, _args, ctx) => {
      ctx.loaders.clear()
      return change
    },
  }),
}))
