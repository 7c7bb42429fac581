import type { Client } from 'graphql-ws'
import { stringifyDocument } from 'urql'
import { createSignal } from '../app/signal.ts'
import { Typing } from '../graphql/documents.ts'
import type { TypingSubscription } from '../generated/graphql.ts'

export interface Typist {
  id: string
  name: string
}

const NOBODY: readonly Typist[] = []

/** Who types where. The server says when it is over. */
export function createTyping(socket: Client, userId: string) {
  const signal = createSignal()
  const typists = new Map<string, readonly Typist[]>()
  let stop: (() => void) | null = null

  function over(chatId: string, id: string): void {
    const here = typists.get(chatId)
    if (here?.some((typist) => typist.id === id) !== true) return
    typists.set(chatId, here.filter((typist) => typist.id !== id))
    signal.tell()
  }

  return {
    subscribe: signal.subscribe,
    of: (chatId: string): readonly Typist[] => typists.get(chatId) ?? NOBODY,
    over,
    start(): void {
      // What one has not heard the end of while away is over.
      socket.on('closed', () => {
        typists.clear()
        signal.tell()
      })
      stop ??= socket.subscribe<TypingSubscription>(
        { query: stringifyDocument(Typing) },
        {
          next({ data }) {
            if (data == null) return
            const { chatId, actor, typing } = data.typing
            if (actor.id === userId) return
            over(chatId, actor.id)
            if (!typing) return
            typists.set(chatId, [...(typists.get(chatId) ?? NOBODY), { id: actor.id, name: actor.displayName }])
            signal.tell()
          },
          error: () => undefined,
          complete: () => undefined,
        },
      )
    },
    stop: () => stop?.(),
  }
}
