import { encodeId } from '../base/id.ts'
import { builder } from '../graphql/builder.ts'
import { attempt, definePayload } from '../graphql/errors.ts'
import { deleteAccount } from './domain.ts'

const ErasePolicy = builder.enumType('ErasePolicy', {
  description: 'What becomes of the messages of somebody who leaves for good.',
  values: {
    KEEP: { description: 'They stay, under "Deleted account".' },
    ERASE: { description: 'They are emptied: tombstones stay, so that the threads of others can be read.' },
  } as const,
})

const DeleteAccountInput = builder.inputType('DeleteAccountInput', {
  description: 'How to leave for good.',
  fields: (t) => ({
    password: t.string({ required: true, description: "The viewer's password; it is not looked at where the account has none." }),
    messages: t.field({ type: ErasePolicy, defaultValue: 'ERASE', description: 'ERASE also empties what the user wrote.' }),
  }),
})

const DeleteAccountPayload = definePayload<number>('DeleteAccountPayload', 'The answer to deleteAccount.', (t) => ({
  deletedUserId: t.id({ nullable: true, description: 'Global ID of the account, which is a tombstone now.', resolve: ({ value }) => (value === null ? null : encodeId('User', value)) }),
}))

builder.mutationField('deleteAccount', (t) =>
  t.field({
    type: DeleteAccountPayload,
    description:
      "Deletes the viewer's account for good: profile, e-mail address, sessions and reactions go, groups are handed over, the name may be taken again. The chats follow within moments.",
    extensions: { alone: true },
    args: { input: t.arg({ type: DeleteAccountInput, required: true, description: 'How to leave.' }) },
    resolve: (_root, { input }, ctx) =>
      attempt(ctx, async () => {
        const userId = await deleteAccount(ctx, { password: input.password, erase: input.messages !== 'KEEP' })
        ctx.viewer = null
        ctx.cookies?.setRefreshToken(null)
        return userId
      }),
  }),
)
