import type { Ctx } from '../ctx.ts'
import type { Message } from '../message/domain.ts'
import type { Media } from './payload-content.ts'

// Where files of messages join, in both directions. Until they do, a message says what the webhook says of its file, and the file stays at Meta.

/** A file as Meta's upload takes it. */
export interface OutgoingFile {
  bytes: Uint8Array
  mimeType: string
  fileName: string
}

/** Fetches the file of a received message from Meta and stores it with the message. Called once the message is stored; nothing waits for it. */
export function takeMedia(_ctx: Ctx, _message: Message, _media: Media): Promise<void> {
  return Promise.resolve()
}

/** The file that a message carries; null where there is none to be had. */
export function fileOf(_ctx: Ctx, _message: Message): Promise<OutgoingFile | null> {
  return Promise.resolve(null)
}
