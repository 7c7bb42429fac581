import { decodeId } from '../../src/base/id.ts'
import type { ChatView, Seen, View } from './journal.ts'
import type { Data } from './wire.ts'

/** What a device shows: made by a fetch, kept by events. */
export interface Shown {
  fill(chats: readonly Data[]): void
  drop(chat: number): void
  clear(): void
  apply(event: Data, seen: Seen): void
  chatIds(): number[]
  /** The number of a chat's newest message; 0 where there is none. */
  newest(chat: number): number
  view(): View
}

export const numberOf = (id: string | null | undefined) => (id == null ? null : decodeId('Chat', id))

export function createShown(): Shown {
  const chats = new Map<number, ChatView>()
  const messages = new Map<number, Map<number, string>>()
  const note = (chat: number, message: Data) => {
    const known = messages.get(chat) ?? new Map<number, string>()
    messages.set(chat, known)
    const reactions = message.reactions.map((one: Data) => `${one.emoji}${one.count}`).join('')
    known.set(message.number, `${message.text ?? (message.deletedAt === null ? 'nothing' : 'deleted')} ${reactions}`)
  }
  const put = (chat: Data) => {
    const id = numberOf(chat.id) ?? 0
    // An event may be older than the answer to a fetch.
    if ((chats.get(id)?.[1] ?? 0) > chat.seq) return
    const last = chat.lastMessage === null ? '' : `${chat.lastMessage.number} ${chat.lastMessage.text ?? ''}`
    chats.set(id, [id, chat.seq, chat.unreadCount, chat.memberCount, last])
  }
  const drop = (chat: number) => {
    chats.delete(chat)
    messages.delete(chat)
  }
  return {
    drop,
    clear() {
      chats.clear()
      messages.clear()
    },
    fill(list) {
      for (const chat of list) {
        put(chat)
        for (const message of chat.messages.nodes) note(numberOf(chat.id) ?? 0, message)
      }
    },
    apply(event, seen) {
      if (seen.ch === null) return
      if (event.__typename === 'ChatRemoved') drop(seen.ch)
      else if (event.chat != null) {
        if (event.__typename === 'ChatAdded') drop(seen.ch)
        put(event.chat)
        if (event.message != null) note(seen.ch, event.message)
      }
    },
    chatIds: () => [...chats.keys()],
    newest: (chat) => Number(chats.get(chat)?.[4].split(' ')[0] ?? 0),
    view: () => ({
      chats: [...chats.values()].sort((a, b) => a[0] - b[0]),
      messages: [...messages].flatMap(([chat, list]) => [...list].map(([number, shown]) => [`${chat}:${number}`, shown] as [string, string])),
    }),
  }
}

/** What the journal keeps of an event. */
export function seenOf(event: Data): Seen {
  const seen: Seen = { ty: event.change === undefined ? event.__typename : `${event.__typename}.${event.change}`, ch: numberOf(event.chatId), s: event.seq, a: false }
  if (event.message != null) {
    seen.n = event.message.number
    if (event.message.text !== null) seen.x = true
  }
  if (event.__typename === 'ReceiptsChanged' && event.memberId !== null && event.member !== null) {
    const member = decodeId('ChatMember', event.memberId)
    if (member !== null) seen.m = [member[1], event.member.readUpTo]
  }
  return seen
}
