import { InvalidInput } from '../base/errors.ts'
import { groupBy } from '../base/loaders.ts'
import { MAX_TEXT_LENGTH, textFault } from '../base/text.ts'
import type { Ctx } from '../ctx.ts'
import { EventKind } from '../event/types.ts'
import { dropOfMessage } from '../upload/domain.ts'
import { viewerOf } from '../viewer.ts'
import { mayHaveAttachments } from './attachments.ts'
import { changeMessage } from './change.ts'
import type { Message, MessageKey } from './domain.ts'
import { mentionedMembers } from './mentions.ts'
import { mayDelete, mayEdit, mayWrite } from './policy.ts'
import { emptyMessage, findRevisions, reviseMessage } from './store.ts'
import type { RevisionRow } from './store.ts'

export type Revision = RevisionRow

/** Replaces the text of the viewer's own message; what it said before goes into its history. */
export function editMessage(ctx: Ctx, key: MessageKey, text: string, expectedRevision: number | null): Promise<Message> {
  const fault = textFault(text, { min: 1, max: MAX_TEXT_LENGTH })
  if (fault !== null) throw new InvalidInput(`text ${fault}.`, ['text'])
  return changeMessage(ctx, key, async (tx, { message, chat, closed, nextSeq }) => {
    const refusal = mayWrite(closed) ?? mayEdit(viewerOf(tx), chat, message, expectedRevision)
    if (refusal !== null) throw refusal
    // The same text again changes nothing, and nobody needs to hear of it.
    if (message.body === text) return
    const mentions = (await mentionedMembers(tx, message.chatId, text)) ?? []
    await reviseMessage(tx.db, message, { body: text, mentions, seq: await nextSeq({ kind: EventKind.MESSAGE_EDITED, rev: message.revision + 1 }) })
  })
}

/** Empties a message, with all that was said of it; doing it again changes nothing. */
export function deleteMessage(ctx: Ctx, key: MessageKey): Promise<Message> {
  return changeMessage(ctx, key, async (tx, { message, chat, nextSeq }) => {
    const refusal = mayDelete(viewerOf(tx), chat, message)
    if (refusal !== null) throw refusal
    if (message.deletedAt !== null) return
    await emptyMessage(tx.db, key, await nextSeq({ kind: EventKind.MESSAGE_DELETED }))
    if (mayHaveAttachments(message)) await dropOfMessage(tx, key)
  })
}

/** What a message said before its edits, oldest first; nothing of one that is deleted, or that came to the viewer without its content. */
export async function editHistory(ctx: Ctx, message: Message): Promise<Revision[]> {
  if (message.revision === 1 || message.body === null) return []
  return ctx.loaders
    .get<MessageKey, Revision[]>(
      'revisions',
      async (keys) => {
        const byMessage = groupBy(await findRevisions(ctx.db, keys), (row) => `${row.chatId},${row.number}`)
        return keys.map((key) => byMessage.get(String(key)) ?? [])
      },
      String,
    )
    .load([message.chatId, message.number])
}
