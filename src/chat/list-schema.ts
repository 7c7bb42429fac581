import { decodeKeyOf, isMoment, pageRequest } from '../base/page.ts'
import type { Page } from '../base/page.ts'
import { builder } from '../graphql/builder.ts'
import { defineConnection, pageArgs } from '../graphql/page.ts'
import type { Chat as ChatShape } from './domain.ts'
import { countChats, listChats } from './list.ts'
import type { ChatFilter as Filter } from './list.ts'
import { Chat, ChatKind } from './schema.ts'

/** A page of chats, and of which ones. */
type ChatPage = Page<ChatShape, unknown> & { filter: Filter }

const ChatConnection = defineConnection<ChatShape, ChatPage>('Chat', Chat, "A page of the viewer's chats.", (t) => ({
  totalCount: t.int({ description: 'How many there are in all, of those that the filter asks for.', resolve: (page, _args, ctx) => countChats(ctx, page.filter) }),
}))

const ChatFilter = builder.inputType('ChatFilter', {
  description: "Which of the viewer's chats; what is left out or null does not matter.",
  fields: (t) => ({
    kind: t.field({ type: ChatKind, description: 'Only chats of this sort.' }),
    search: t.string({ description: "Matches the title, or the other person's names, by the beginning of any word." }),
    unread: t.boolean({ description: 'True: only chats with unread messages; false: only such without.' }),
    archived: t.boolean({ description: 'True: only archived chats; false: only the others.' }),
    assignedToMe: t.boolean({ description: 'True: only WhatsApp chats that the viewer is to answer; false filters nothing.' }),
  }),
})

const chatKey = decodeKeyOf(
  (value): value is [boolean, string, number] => Array.isArray(value) && value.length === 3 && typeof value[0] === 'boolean' && isMoment(value[1]) && Number.isSafeInteger(value[2]),
)

builder.queryField('chats', (t) =>
  t.field({
    type: ChatConnection,
    description: "The viewer's chats, newest activity first, pinned ones ahead.",
    args: { filter: t.arg({ type: ChatFilter, description: 'Which ones; all where it is left out.' }), ...pageArgs(t.arg) },
    resolve: async (_root, { filter, ...page }, ctx) => ({ ...(await listChats(ctx, filter ?? {}, pageRequest(page, chatKey))), filter: filter ?? {} }),
  }),
)
