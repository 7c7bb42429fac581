import { decodeKeyOf, pageRequest } from '../base/page.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { pageArgs } from '../graphql/page.ts'
import type { Message as MessageShape } from '../message/domain.ts'
import { Message } from '../message/schema.ts'
import { ActorConnection } from '../user/schema.ts'
import { addReaction, listActors, reactionGroups, removeReaction, viewerReacted } from './domain.ts'
import type { ReactionGroup as ReactionGroupShape } from './domain.ts'

/** The end of the year 9999, in milliseconds. */
const LAST_MOMENT = 253_402_300_799_999

const actorKey = decodeKeyOf(
  (value): value is [number, number] => Array.isArray(value) && value.length === 2 && value.every((part) => Number.isSafeInteger(part) && Number(part) >= 0) && Number(value[0]) <= LAST_MOMENT,
)

const ReactionGroup = builder.objectRef<ReactionGroupShape>('ReactionGroup').implement({
  description: 'One emoji on a message, and who gave it.',
  fields: (t) => ({
    emoji: t.exposeString('emoji', { description: 'The emoji.' }),
    count: t.exposeInt('count', { description: 'How many gave it.' }),
    viewerReacted: t.boolean({ description: 'Whether the viewer is one of them.', resolve: (group, _args, ctx) => viewerReacted(ctx, group) }),
    actors: t.field({
      type: ActorConnection,
      description: 'Who gave it, by when.',
      args: pageArgs(t.arg),
      resolve: (group, args, ctx) => listActors(ctx, group, pageRequest(args, actorKey)),
    }),
  }),
})

builder.objectField(Message, 'reactions', (t) =>
  t.field({ type: [ReactionGroup], description: 'The emoji that were given to it, in the order in which they first came; the first 50 kinds.', resolve: (message) => reactionGroups(message) }),
)

const AddReactionInput = builder.inputType('AddReactionInput', {
  description: 'An emoji to give.',
  fields: (t) => ({
    messageId: t.id({ required: true, description: 'Global ID of the message.' }),
    emoji: t.string({ required: true, description: 'Exactly one emoji, such as 👍 or 👩🏽‍🚀.' }),
  }),
})

const AddReactionPayload = definePayload<MessageShape>('AddReactionPayload', 'The answer to addReaction.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, with its reactions.', resolve: ({ value }) => value }),
}))

const RemoveReactionInput = builder.inputType('RemoveReactionInput', {
  description: 'An emoji to take back.',
  fields: (t) => ({
    messageId: t.id({ required: true, description: 'Global ID of the message.' }),
    emoji: t.string({ required: true, description: 'The emoji that the viewer gave.' }),
  }),
})

const RemoveReactionPayload = definePayload<MessageShape>('RemoveReactionPayload', 'The answer to removeReaction.', (t) => ({
  message: t.field({ type: Message, nullable: true, description: 'The message, with the reactions that are left.', resolve: ({ value }) => value }),
}))

builder.mutationFields((t) => ({
  addReaction: t.field({
    type: AddReactionPayload,
    description: 'Gives an emoji to a message, any number of them; the same one again changes nothing.',
    args: { input: t.arg({ type: AddReactionInput, required: true, description: 'The emoji.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => addReaction(ctx, inputId('Message', input.messageId, ['messageId']), input.emoji)),
  }),
  removeReaction: t.field({
    type: RemoveReactionPayload,
    description: 'Takes an emoji back; one that was not given changes nothing.',
    args: { input: t.arg({ type: RemoveReactionInput, required: true, description: 'The emoji.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, () => removeReaction(ctx, inputId('Message', input.messageId, ['messageId']), input.emoji)),
  }),
}))
