import { createContext, useContext } from 'react'
import type { ChatLinePartsFragment } from '../generated/graphql.ts'
import type { Me } from '../app/app.ts'
import type { Message } from './history.ts'

/** What the composer is busy with besides a new message. */
export type Aim = { kind: 'reply' | 'edit'; message: Message } | null

/** What every part of an open chat may do. */
export interface Room {
  me: Me
  chat: ChatLinePartsFragment
  /** Shows a message of this chat. */
  jump(messageId: string): void
  react(message: Message, emoji: string): void
  aim(aim: Aim): void
  forward(message: Message): void
  pin(message: Message): void
  /** Shows a picture large. */
  view(attachmentId: string): void
  remove(message: Message): void
  showReceipts(message: Message): void
  /** Shows who gave which reaction. */
  showReactors(message: Message): void
}

export const RoomContext = createContext<Room | null>(null)

export function useRoom(): Room {
  const room = useContext(RoomContext)
  if (room === null) throw new Error('This part belongs into a chat.')
  return room
}
