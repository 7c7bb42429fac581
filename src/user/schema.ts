import { builder } from '../graphql/builder.ts'
import { argId, attempt, definePayload, inputId } from '../graphql/errors.ts'
import { Node, defineNode } from '../graphql/node.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import { encodeId } from '../base/id.ts'
import { decodeKeyOf, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { textFault } from '../base/text.ts'
import { listBlocked } from './blocks.ts'
import { isContact } from './contacts.ts'
import type { Actor as ActorShape } from './contacts.ts'
import { listUsers, loadUser, setUserRoles, userByUsername } from './domain.ts'
import type { User as UserShape } from './domain.ts'

export const Actor = builder.interfaceRef<ActorShape>('Actor').implement({
  description: 'Whoever acts in a chat: a user of this server, or a person outside.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global ID.', resolve: (actor) => encodeId(isContact(actor) ? 'Contact' : 'User', actor.id) }),
    displayName: t.string({ description: 'The name to show.', resolve: (actor) => (isContact(actor) || actor.deletedAt === null ? actor.displayName : 'Deleted account') }),
  }),
  resolveType: (actor) => (isContact(actor) ? 'Contact' : 'User'),
})

export const UserRole = builder.enumType('UserRole', {
  description: 'What a user may do on this server beyond chatting.',
  values: {
    ADMIN: { description: 'Runs the server: gives roles.' },
    AGENT: { description: 'Answers WhatsApp chats.' },
  } as const,
})

export const User = builder.objectRef<UserShape>('User')
defineNode('User', User, {
  description: 'A person with an account on this server. A deleted account stays as a tombstone.',
  interfaces: [Actor],
  load: (ctx, [id]) => loadUser(ctx, id),
  fields: (t) => ({
    username: t.string({ description: 'The unique name, by which others find the user.', resolve: (user) => (user.deletedAt === null ? user.username : `deleted-${user.id}`) }),
    bio: t.exposeString('bio', { nullable: true, description: 'What the user says of themselves.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was made.' }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true, description: 'When the account was deleted; null while it exists.' }),
    email: t.string({
      nullable: true,
      description: 'The e-mail address. Only of the viewer; null of anyone else.',
      resolve: (user, _args, ctx) => (ctx.viewer?.userId === user.id ? user.email : null),
    }),
    roles: t.field({
      type: [UserRole],
      nullable: true,
      description: 'The roles on this server. Only of the viewer, and for admins; else null.',
      resolve: (user, _args, ctx) => (ctx.viewer?.userId === user.id || ctx.viewer?.roles.includes('ADMIN') ? user.roles : null),
    }),
  }),
})

export const UserConnection = defineConnection<UserShape, Page<UserShape, unknown>>('User', User, 'A page of users.', (t) => ({
  totalCount: t.int({ nullable: true, description: 'How many there are in all; null where counting is too dear.', resolve: () => null }),
}))

/** Reads a cursor of a list in the order of the usernames. */
export const usernameKey = decodeKeyOf((value): value is string => typeof value === 'string' && textFault(value, { min: 0, max: 100 }) === null)

builder.objectField(User, 'blockedUsers', (t) =>
  t.field({
    type: UserConnection,
    nullable: true,
    description: 'Whom the user has blocked, in the order of their usernames. Only of the viewer; null of anyone else.',
    args: pageArgs(t.arg),
    resolve: (user, args, ctx) => (ctx.viewer?.userId === user.id ? listBlocked(ctx, pageRequest(args, usernameKey)) : null),
  }),
)

export const ActorConnection = defineConnection<ActorShape, Page<ActorShape, unknown>>('Actor', Actor, 'A page of people who did something.')

builder.queryFields((t) => ({
  me: t.field({
    type: User,
    nullable: true,
    description: 'The signed-in user; null without a session.',
    extensions: { public: true },
    resolve: (_root, _args, ctx) => (ctx.viewer === null ? null : loadUser(ctx, ctx.viewer.userId)),
  }),
  user: t.field({
    type: User,
    nullable: true,
    description: 'A user by global ID.',
    args: { id: t.arg.id({ required: true, description: 'Global ID of the user.' }) },
    resolve: (_root, { id }, ctx) => loadUser(ctx, argId('User', id, 'id')),
  }),
  userByUsername: t.field({
    type: User,
    nullable: true,
    description: 'A user by name, in any case.',
    args: { username: t.arg.string({ required: true, description: 'The username.' }) },
    resolve: (_root, { username }, ctx) => userByUsername(ctx, username),
  }),
  users: t.field({
    type: UserConnection,
    description: 'The users of this server, in the order of their usernames.',
    args: {
      search: t.arg.string({ description: 'Matches username and display name by the beginning of any word, and an e-mail address only when whole. Where no name begins like it, those come that are much like it: typing errors are forgiven in words of four letters and more.' }),
      online: t.arg.boolean({ description: 'True: only those who are there, of the viewer and those who share a chat with the viewer. False filters nothing.' }),
      role: t.arg({ type: UserRole, description: 'Only users with this role.' }),
      ...pageArgs(t.arg),
    },
    resolve: (_root, { search, role, online, ...page }, ctx) => listUsers(ctx, { search: search ?? null, role: role ?? null, online: online ?? false }, pageRequest(page, usernameKey)),
  }),
}))

const SetUserRolesInput = builder.inputType('SetUserRolesInput', {
  description: 'Whose roles to set.',
  fields: (t) => ({
    userId: t.id({ required: true, description: 'Global ID of the user.' }),
    roles: t.field({ type: [UserRole], required: true, description: 'All the roles that the user has from now on; an empty list takes every role away.' }),
  }),
})

const SetUserRolesPayload = definePayload<UserShape>('SetUserRolesPayload', 'The answer to setUserRoles.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'The user, changed.', resolve: (outcome) => outcome.value }),
}))

builder.mutationField('setUserRoles', (t) =>
  t.field({
    type: SetUserRolesPayload,
    description: 'Sets what a user may do on this server beyond chatting. For admins.',
    args: { input: t.arg({ type: SetUserRolesInput, required: true, description: 'Whose roles.' }) },
    resolve: (_root, { input }, ctx) => attempt(ctx, async () => setUserRoles(ctx, inputId('User', input.userId, ['userId']), input.roles)),
  }),
)
