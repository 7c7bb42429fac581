import { pageOf } from '../base/page.ts'
import type { Page, PageRequest } from '../base/page.ts'
import type { Ctx } from '../ctx.ts'
import { viewerOf } from '../viewer.ts'
import type { Chat } from './domain.ts'
import { ensureOwnRow } from './outside.ts'
import { findLowestMarks, findReceipts, raiseMark } from './mark-store.ts'
import type { Lowest, LowestMarks, ReceiptRow, ReceiptsOf } from './mark-store.ts'

export type Receipt = ReceiptRow

/** Moves the viewer's mark in a chat up to this number; it never goes back. The caller has checked that the number is theirs to see. */
export async function moveMark(ctx: Ctx, chatId: number, mark: { upTo: number; read: boolean }): Promise<void> {
  await ensureOwnRow(ctx, chatId)
  await raiseMark(ctx.db, chatId, viewerOf(ctx).userId, mark)
  ctx.loaders.clear()
}

function lowestMarks(ctx: Ctx, chatId: number): Promise<LowestMarks> {
  const nobody: Lowest = { userId: null, upTo: null, withoutThem: null }
  return ctx.loaders
    .get<number, LowestMarks>('lowestMarks', async (ids) => {
      const found = await findLowestMarks(ctx.db, ids)
      return ids.map((id) => found.get(id) ?? { delivered: nobody, read: nobody })
    })
    .load(chatId)
}

/** Up to which message every member but this one has, and has read, them; Infinity where there is nobody else, so that it never goes back. */
export async function marksBut(ctx: Ctx, chatId: number, userId: number | null): Promise<{ deliveredUpTo: number; readUpTo: number }> {
  const { delivered, read } = await lowestMarks(ctx, chatId)
  const least = (lowest: Lowest) => (lowest.userId === userId ? lowest.withoutThem : lowest.upTo) ?? Infinity
  return { deliveredUpTo: least(delivered), readUpTo: least(read) }
}

/** The same of a chat's other members than the viewer, of one of the two; at most its newest number. */
export async function othersMark(ctx: Ctx, { chat, stream }: Chat, mark: 'deliveredUpTo' | 'readUpTo'): Promise<number> {
  const markFor = async (viewerId: number) => Math.min((await marksBut(ctx, chat.id, viewerId))[mark], stream.messageNo)
  if (ctx.shared === undefined) return markFor(viewerOf(ctx).userId)
  return ctx.shared.ofEach(async (viewerIds) => {
    const marks = new Map(await Promise.all(viewerIds.map(async (id) => [id, await markFor(id)] as const)))
    return (viewerId) => marks.get(viewerId) ?? null
  })
}

/** Who has a message and who read it. Messages that ask for the same page share one statement. */
export function listReceipts(ctx: Ctx, message: ReceiptsOf, request: PageRequest<number>): Promise<Page<Receipt, number>> {
  return ctx.loaders
    .get<ReceiptsOf, Page<Receipt, number>>(
      `receipts:${JSON.stringify(request)}`,
      async (messages) => {
        const pages = await findReceipts(ctx.db, messages, { after: request.cursor, backward: request.backward, limit: request.limit + 1 })
        return pages.map((rows) => pageOf(request, rows, (row) => row.userId))
      },
      ({ chatId, number }) => `${chatId}:${number}`,
    )
    .load(message)
}
