import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StorageFull, isFull } from '../base/storage.ts'
import type { Ctx } from '../ctx.ts'
import { discardKey } from './discard-store.ts'
import { inspect } from './inspect.ts'
import { Refused } from './refused.ts'
import { findAttachments, markFailed, markReady } from './store.ts'
import type { AttachmentRow, Found } from './store.ts'

/** What a sender says of the bytes that come, and the bytes. */
export interface Sent {
  /** The part of the file that they are; `from` null asks how far it has come. Null: the whole. */
  range: { from: number; to: number; total: number } | { from: null; total: number } | null
  /** How many there are; null where nobody says. */
  length: number | null
  /** The SHA-256 of the whole file; null where nobody says. */
  sha256: Buffer | null
  bytes: Readable
  /** Breaks the line off, for another one that goes on. */
  giveUp(): void
}

/** What became of it. */
export type Received = { done: true; attachment: AttachmentRow } | { done: false; size: number }

type Ports = Pick<Ctx, 'db' | 'incoming' | 'blobs'>

/** The thumbnail stands under the key of its file, and this. */
export const thumbnailKey = (key: string) => `${key}.t`

/**
 * Takes bytes of an announced file. All that came is kept when the line breaks, and the next ones go on behind it. With the last byte the file is
 * looked at, stored and ready; doing that again does no harm, so a crash anywhere in between leaves nothing that anybody could fetch.
 * @throws {Refused}, {StorageFull}, and what the store says where it cannot be reached.
 */
export async function receive(ctx: Ports, id: number, sent: Sent): Promise<Received> {
  const name = String(id)
  const end = await ctx.incoming.take(name, sent.giveUp)
  try {
    // Who was asked to give up while they waited.
    if (sent.bytes.destroyed) throw new Refused(409, 'Another request goes on with this upload.')
    const [row] = await findAttachments(ctx.db, [id])
    if (row === undefined) throw new Refused(404, 'No such upload.')
    if (row.state === 'READY') return { done: true, attachment: row }
    if (row.state === 'FAILED') throw new Refused(410, 'This upload has failed: begin a new one.')
    const leave = ctx.incoming.enter(row.ownerId ?? 0)
    if (leave === null) throw new Refused(429, 'Too many files of yours are coming at once.')
    try {
      const total = row.byteSize ?? 0
      const size = await append(ctx, name, total, sent)
      if (size < total) return { done: false, size }
      return { done: true, attachment: await finish(ctx, row, name, sent.sha256) }
    } finally {
      leave()
    }
  } finally {
    end()
  }
}

/** Writes what came; answers how much there is now. */
async function append({ incoming }: Ports, name: string, total: number, { range, length, bytes }: Sent): Promise<number> {
  const size = await incoming.size(name)
  if (range !== null && range.total !== total) throw new Refused(400, `The file was announced with ${total} bytes.`)
  if (range !== null && range.from === null) return size
  const from = range?.from ?? 0
  if (from !== 0 && from !== size) throw new Refused(409, `${size} bytes are here: go on behind them.`, size)
  const room = (range === null ? total : range.to + 1) - from
  if (length !== null && length > room) throw new Refused(413, range === null ? `The file was announced with ${total} bytes.` : 'These are more bytes than the range has.')
  if (length !== null && length < room) throw new Refused(400, range === null ? `The file was announced with ${total} bytes.` : 'These are fewer bytes than the range has.')
  await incoming.append(name, from, length === null ? limited(bytes, room) : bytes)
  return incoming.size(name)
}

/** Bytes of which nobody says how many there are: no more than this. */
function limited(bytes: Readable, most: number): Readable {
  let count = 0
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length
      if (count > most) done(new Refused(413, 'These are more bytes than were announced.'))
      else done(null, chunk)
    },
  })
  pipeline(bytes, counting).catch(() => undefined)
  return counting
}

/** All bytes are here: looks at the file, stores it and says so. */
async function finish(ctx: Ports, row: AttachmentRow, name: string, sha256: Buffer | null): Promise<AttachmentRow> {
  if (sha256 !== null && !(await hashOf(await ctx.incoming.path(name))).equals(sha256)) {
    await ctx.incoming.remove(name)
    throw new Refused(422, 'The bytes that came are not those that were sent: send them again.', 0)
  }
  const found = await store(ctx, row, name).catch(async (error: unknown) => {
    if (error instanceof Refused) await markFailed(ctx.db, row.id)
    throw error
  })
  if (await markReady(ctx.db, row.id, found)) return { ...row, ...found, state: 'READY' }
  // Nobody awaits it any more, and nobody else would ever look for these bytes. Or another server has them too, and was quicker.
  await discardKey(ctx.db, row.key)
  const [now] = await findAttachments(ctx.db, [row.id])
  if (now?.state === 'READY') return now
  throw new Refused(404, 'No such upload.')
}

/** Takes the bytes of a file from another service; null where they are not such as are taken here. */
export async function receiveFromOutside(ctx: Ports, row: AttachmentRow, bytes: Readable): Promise<Found | null> {
  const name = `outside-${row.id}`
  const end = await ctx.incoming.take(name, () => undefined)
  try {
    await ctx.incoming.append(name, 0, bytes)
    return await store(ctx, row, name)
  } catch (error) {
    if (error instanceof Refused) return null
    throw error
  } finally {
    end()
  }
}

/** Looks at a file that is here whole, and stores it. @throws {Refused}; then nothing of it is left. */
async function store(ctx: Ports, row: AttachmentRow, name: string): Promise<Found> {
  try {
    const { found, thumbnail, path } = await inspect(await ctx.incoming.path(name), row.ownerId)
    if (thumbnail !== null) await ctx.blobs.put(thumbnailKey(row.key), thumbnail)
    await ctx.blobs.put(row.key, path)
    await ctx.incoming.remove(name)
    return found
  } catch (error) {
    if (error instanceof Refused) await ctx.incoming.remove(name)
    throw isFull(error) || /no space|disk quota/i.test(String(error)) ? new StorageFull() : error
  }
}

async function hashOf(path: string): Promise<Buffer> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash)
  return hash.digest()
}
