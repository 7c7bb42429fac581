import { decodeKeyOf, isMoment, pageRequest } from '../base/page.ts'
import { builder } from '../graphql/builder.ts'
import { argId } from '../graphql/errors.ts'
import { defineConnection } from '../graphql/page.ts'
import { Message } from './schema.ts'
import type { Message as MessageShape } from './domain.ts'
import { searchMessages, shownPart } from './search.ts'
import type { Found, Range, SearchKey } from './search.ts'

const TextRange = builder.objectRef<Range>('TextRange').implement({
  description: 'A range of a text, in UTF-16 offsets as JavaScript counts.',
  fields: (t) => ({
    start: t.exposeInt('start', { description: 'Where it begins.' }),
    end: t.exposeInt('end', { description: 'Behind its last unit.' }),
  }),
})

const MessageSearchConnection = defineConnection<MessageShape, Found>(
  'MessageSearch',
  Message,
  'A page of messages that were found, newest first.',
  undefined,
  (t) => ({
    snippet: t.string({ description: 'The part of the text around the first match, on one line: plain text.', resolve: ({ item, page }) => shownPart(item, page.terms).snippet }),
    highlights: t.field({ type: [TextRange], description: 'The matched ranges in the snippet.', resolve: ({ item, page }) => shownPart(item, page.terms).highlights }),
  }),
)

const searchKey = decodeKeyOf(
  (value): value is SearchKey => Array.isArray(value) && value.length === 3 && isMoment(value[0]) && Number.isSafeInteger(value[1]) && Number.isSafeInteger(value[2]),
)

builder.queryField('searchMessages', (t) =>
  t.field({
    type: MessageSearchConnection,
    description:
      'Messages that the viewer may read, newest first. All words must be there, in any language, accents and case aside, and may go on ("gard" finds "garden"); ' +
      '"a phrase" stands as it is, -word must not be there, OR between two lets either do.',
    args: {
      query: t.arg.string({ required: true, description: 'What to look for, at most 200 characters. Without a word in it nothing is found.' }),
      chatId: t.arg.id({ description: 'Global ID of the only chat to look in.' }),
      senderId: t.arg.id({ description: 'Global ID of the only sender.' }),
      first: t.arg.int({ description: 'So many from the start, or after `after`; at most 100. Without it a page has 20.' }),
      after: t.arg.string({ description: 'Cursor behind which the page begins.' }),
    },
    resolve: (_root, { query, chatId, senderId, ...page }, ctx) =>
      searchMessages(
        ctx,
        { query, chatId: chatId == null ? null : argId('Chat', chatId, 'chatId'), senderId: senderId == null ? null : argId('User', senderId, 'senderId') },
        pageRequest(page, searchKey),
      ),
  }),
)
