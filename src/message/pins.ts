import { groupBy } from '../base/loaders.ts'
import type { Ctx } from '../ctx.ts'
import type { Chat } from '../chat/domain.ts'
import { EventKind } from '../event/types.ts'
import { changeMessage } from './change.ts'
import type { Message, MessageKey } from './domain.ts'
import { mayPin, mayUnpin, mayWrite, pinFits } from './policy.ts'
import { countPins, findPins, setPin } from './store.ts'
import type { Pins } from './store.ts'

/** Pins a message to its chat; a pinned one stays where it is. */
export function pinMessage(ctx: Ctx, key: MessageKey): Promise<Message> {
  return changeMessage(ctx, key, async (tx, { message, chat, closed, nextSeq }) => {
    const refusal = mayWrite(closed) ?? mayPin(chat, message)
    if (refusal !== null) throw refusal
    if (message.pinnedAt !== null) return
    const full = pinFits(await countPins(tx.db, key[0]))
    if (full !== null) throw full
    await setPin(tx.db, key, { pinned: true, seq: await nextSeq({ kind: EventKind.MESSAGE_PINNED }) })
  })
}

/** Takes a message off the pinned ones; one that is not among them stays as it is. */
export function unpinMessage(ctx: Ctx, key: MessageKey): Promise<Message> {
  return changeMessage(ctx, key, async (tx, { message, chat, closed, nextSeq }) => {
    const refusal = mayWrite(closed) ?? mayUnpin(chat)
    if (refusal !== null) throw refusal
    if (message.pinnedAt !== null) await setPin(tx.db, key, { pinned: false, seq: await nextSeq({ kind: EventKind.MESSAGE_PINNED }) })
  })
}

/** A chat's pinned messages that the viewer may see, the newest pin first. */
export function pinnedMessages(ctx: Ctx, chat: Chat): Promise<Message[]> {
  return ctx.loaders
    .get<Pins, Message[]>(
      'pins',
      async (wanted) => {
        const lowest = new Map<number, number>()
        for (const { chatId, from } of wanted) lowest.set(chatId, Math.min(from, lowest.get(chatId) ?? from))
        const byChat = groupBy(await findPins(ctx.db, [...lowest].map(([chatId, from]) => ({ chatId, from }))), (row) => row.chatId)
        return wanted.map(({ chatId, from }) => (byChat.get(chatId) ?? []).filter(({ number }) => number >= from))
      },
      ({ chatId, from }) => `${chatId},${from}`,
    )
    .load({ chatId: chat.chat.id, from: chat.member.historyFrom })
}
