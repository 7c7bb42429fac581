import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId, inputIds } from '../graphql/errors.ts'
import type { Chat as ChatShape, Member as MemberShape } from './domain.ts'
import { addMembers, leaveChat, removeMember, setMemberRole } from './members.ts'
import { Chat, ChatMember, MemberRole, chatGlobalId } from './schema.ts'

const AddMembersInput = builder.inputType('AddMembersInput', {
  description: 'Who comes into a group.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the group.' }),
    userIds: t.idList({ required: true, description: 'Global IDs of the users, at most 100 at once; who is in it already stays as they are.' }),
  }),
})

const AddMembersPayload = definePayload<ChatShape>('AddMembersPayload', 'The answer to addMembers.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group, with its new members.', resolve: ({ value }) => value }),
}))

const RemoveMemberInput = builder.inputType('RemoveMemberInput', {
  description: 'Who has to go from a group.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the group.' }),
    userId: t.id({ required: true, description: 'Global ID of the user.' }),
  }),
})

const RemoveMemberPayload = definePayload<ChatShape>('RemoveMemberPayload', 'The answer to removeMember.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group, without the member.', resolve: ({ value }) => value }),
}))

const SetMemberRoleInput = builder.inputType('SetMemberRoleInput', {
  description: 'What a member may do from now on.',
  fields: (t) => ({
    chatId: t.id({ required: true, description: 'Global ID of the group.' }),
    userId: t.id({ required: true, description: 'Global ID of the user.' }),
    role: t.field({ type: MemberRole, required: true, description: 'The new role. A group may have several owners.' }),
  }),
})

const SetMemberRolePayload = definePayload<{ chat: ChatShape; member: MemberShape }>('SetMemberRolePayload', 'The answer to setMemberRole.', (t) => ({
  chat: t.field({ type: Chat, nullable: true, description: 'The group.', resolve: ({ value }) => value?.chat }),
  member: t.field({ type: ChatMember, nullable: true, description: 'The member, with the new role.', resolve: ({ value }) => value?.member }),
}))

const LeaveChatInput = builder.inputType('LeaveChatInput', {
  description: 'A group to leave.',
  fields: (t) => ({ chatId: t.id({ required: true, description: 'Global ID of the group.' }) }),
})

const LeaveChatPayload = definePayload<number>('LeaveChatPayload', 'The answer to leaveChat.', (t) => ({
  chatId: t.id({ nullable: true, description: 'Global ID of the group that was left.', resolve: ({ value }) => (value === null ? null : chatGlobalId(value)) }),
}))

builder.mutationFields((t) => ({
  addMembers: t.field({
    type: AddMembersPayload,
    description: 'Adds users to a group: for owners and admins. They read what is written from now on.',
    args: { input: t.arg({ type: AddMembersInput, required: true, description: 'Who comes into which group.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => addMembers(ctx, inputId('Chat', input.chatId, ['chatId']), inputIds('User', input.userIds, ['userIds']))),
  }),
  removeMember: t.field({
    type: RemoveMemberPayload,
    description: 'Removes somebody from a group: an admin removes members, an owner anybody else.',
    args: { input: t.arg({ type: RemoveMemberInput, required: true, description: 'Who has to go from which group.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => removeMember(ctx, inputId('Chat', input.chatId, ['chatId']), inputId('User', input.userId, ['userId']))),
  }),
  setMemberRole: t.field({
    type: SetMemberRolePayload,
    description: 'Says what a member of a group may do: for owners. One owner must stay.',
    args: { input: t.arg({ type: SetMemberRoleInput, required: true, description: 'Whose role, and which.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => setMemberRole(ctx, inputId('Chat', input.chatId, ['chatId']), inputId('User', input.userId, ['userId']), input.role)),
  }),
  leaveChat: t.field({
    type: LeaveChatPayload,
    description: 'Leaves a group. The last owner hands over to the admin, or else the member, who has been there for longest.',
    args: { input: t.arg({ type: LeaveChatInput, required: true, description: 'Which group.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => {
        const chatId = inputId('Chat', input.chatId, ['chatId'])
        await leaveChat(ctx, chatId)
        return chatId
      }),
  }),
}))
