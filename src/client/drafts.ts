import type { SendMessageInput, SendMessageMutation } from './generated/send-message.ts'
import type { Store } from './types.ts'

/** Why a message was refused, as the schema has it: `__typename` tells which it is. */
export type SendFault = SendMessageMutation['sendMessage']['errors'][number]

/** Something that was said and is not seen in its chat yet. */
export interface Draft {
  /** Made before the first try, and never another one. */
  clientId: string
  /** What is sent. */
  input: SendMessageInput
  /** When it was said, in milliseconds since 1970 by this device. */
  saidAt: number
  /** SENDING: on its way, or waiting for its turn or the line. SENT: the server has it, its event is not here yet. FAILED: refused, until it is tried again or given up. */
  state: 'SENDING' | 'SENT' | 'FAILED'
  /** Why it was refused. */
  errors: readonly SendFault[]
}

/** As it is stored; `order` is that in which send was pressed. */
export type KeptDraft = Draft & { order: number }

/** Somebody's drafts in a storage that other tabs use as well: each under a key of its own, so that none writes over another's. */
export function createShelf(store: Store, prefix: string) {
  /** What did not fit into the storage. It is sent as well, but does not survive the page. */
  const unstored = new Map<string, KeptDraft>()

  function read(clientId: string): KeptDraft | null {
    const here = unstored.get(clientId)
    if (here !== undefined) return here
    try {
      return JSON.parse(store.getItem(prefix + clientId) ?? 'null') as KeptDraft | null
    } catch {
      return null
    }
  }

  return {
    /** Given up in another tab. A storage that cannot be read just now has given up nothing. */
    isGone(clientId: string): boolean {
      try {
        return !unstored.has(clientId) && store.getItem(prefix + clientId) === null
      } catch {
        return false
      }
    },
    write(draft: KeptDraft): void {
      unstored.delete(draft.clientId)
      try {
        store.setItem(prefix + draft.clientId, JSON.stringify(draft))
      } catch {
        unstored.set(draft.clientId, draft)
      }
    },
    remove(clientId: string): void {
      unstored.delete(clientId)
      store.removeItem(prefix + clientId)
    },
    all(): KeptDraft[] {
      const keys = Array.from({ length: store.length }, (_, index) => store.key(index))
      const ids = keys.flatMap((key) => (key?.startsWith(prefix) ? [key.slice(prefix.length)] : []))
      return [...new Set([...ids, ...unstored.keys()])].map(read).filter((draft) => draft !== null)
    },
  }
}
