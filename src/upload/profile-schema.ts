import { builder } from '../graphql/builder.ts'
import { attempt, definePayload, inputId } from '../graphql/errors.ts'
import { isContact } from '../user/contacts.ts'
import type { User as UserShape } from '../user/domain.ts'
import { Actor, User } from '../user/schema.ts'
import { profileLink } from './links.ts'
import { updateProfile } from './profile.ts'

builder.interfaceField(Actor, 'avatarUrl', (t) =>
  t.field({
    type: 'URL',
    nullable: true,
    description: 'A small picture (WebP, at most 512 pixels wide and high), by a link that is good for one to two hours; null where there is none.',
    resolve: (actor, _args, ctx) => (isContact(actor) || actor.avatarId === null || actor.deletedAt !== null ? null : profileLink(ctx, actor.avatarId)),
  }),
)

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'What to change; what is left out stays as it is.',
  fields: (t) => ({
    username: t.string({ description: 'A new username: 2 to 32 letters, digits, dots, hyphens and underscores.' }),
    displayName: t.string({ description: 'A new name to show, at most 80 characters.' }),
    bio: t.string({ description: 'A new text about oneself, at most 500 characters; null clears it.' }),
    avatarAttachmentId: t.id({ description: 'Global ID of an uploaded picture of the viewer; null takes the present one away.' }),
    email: t.string({ description: 'A new e-mail address.' }),
    currentPassword: t.string({ description: 'Needed to change the e-mail address.' }),
  }),
})

const UpdateProfilePayload = definePayload<UserShape>('UpdateProfilePayload', 'The answer to updateProfile.', (t) => ({
  user: t.field({ type: User, nullable: true, description: 'The viewer, changed.', resolve: (outcome) => outcome.value }),
}))

builder.mutationField('updateProfile', (t) =>
  t.field({
    type: UpdateProfilePayload,
    description: "Changes the viewer's own profile.",
    args: { input: t.arg({ type: UpdateProfileInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input: { avatarAttachmentId: id, ...input } }, ctx) =>
      attempt(ctx, async () => updateProfile(ctx, { ...input, ...(id === undefined ? {} : { avatar: id === null ? null : inputId('Attachment', id, ['avatarAttachmentId']) }) })),
  }),
)
