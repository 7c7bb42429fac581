import type { Readable } from 'node:stream'
import { newBlobKey } from '../blob/index.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import type { Attachment } from './domain.ts'
import { cleanFileName } from './names.ts'
import { receiveFromOutside } from './receive.ts'
import { giveManyToMessages, insertAttachment, markFailed, markReady } from './store.ts'

/**
 * Takes a whole file that lies on this machine, as an upload of the viewer's that no allowance of a day counts: looked at, cleaned and stored as any other. It is
 * given to a message within 24 hours, or goes. Null: it is such as no upload may be.
 */
export async function takeFile(ctx: Ctx, { fileName, bytes }: { fileName: string; bytes: Readable }): Promise<Attachment | null> {
  const row = await insertAttachment(ctx.db, { ownerId: viewerOf(ctx).userId, key: newBlobKey(), fileName: cleanFileName(fileName), mimeType: 'application/octet-stream' })
  const found = await receiveFromOutside(ctx, row, bytes)
  if (found === null) {
    await markFailed(ctx.db, row.id)
    return null
  }
  return (await markReady(ctx.db, row.id, found)) ? { ...row, ...found, state: 'READY' } : null
}

/** Gives files of many owners to as many messages, which were stored just now, each the only one of its message. Within a transaction. */
export async function giveEach(tx: Ctx, gifts: readonly { id: number; key: readonly [chatId: number, number: number] }[]): Promise<void> {
  if (gifts.length > 0 && (await giveManyToMessages(tx.db, gifts)) !== gifts.length) throw new Error('a file that was taken just now is gone')
}
