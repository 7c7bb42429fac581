/**
 * Where a reader of events stands. Everything visible of transactions below `horizon` was delivered; beyond it, `delivered` tells for each
 * stream that brought something the number of its last event. Opaque to clients, valid on any server.
 */
export interface Cursor {
  viewerId: number
  /** The chat that the stream of events is about; null: all of the viewer's. */
  chatId: number | null
  /** Names the body of data, in hexadecimal digits; after a restore it is another. */
  epoch: string
  horizon: bigint
  delivered: ReadonlyMap<number, number>
}

const VERSION = 1

/** A cursor to be written: of its streams it is only asked what they are. */
export type WrittenCursor = Omit<Cursor, 'delivered'> & { delivered: Iterable<readonly [number, number]> & { readonly size: number } }

/** Longer than any cursor with no more streams than one may name. */
const scratch = Buffer.alloc(4096)

/** Writes the cursor as clients see it: numbers in base 128, so that a usual one stays below 100 characters. Every delivery does this, so it makes nothing but the text. */
export function encodeCursor(cursor: WrittenCursor): string {
  const buffer = cursor.delivered.size <= 200 ? scratch : Buffer.alloc(64 + cursor.delivered.size * 20)
  let end = put(buffer, 0, VERSION)
  end = put(buffer, end, epochNumber(cursor.epoch))
  end = put(buffer, end, cursor.viewerId)
  end = put(buffer, end, cursor.chatId ?? 0)
  end = put(buffer, end, cursor.horizon)
  for (const [streamId, seq] of cursor.delivered) {
    end = put(buffer, end, streamId)
    end = put(buffer, end, seq)
  }
  return buffer.toString('base64url', 0, end)
}

/** Writes a number at this place; answers the place behind it. */
function put(buffer: Buffer, at: number, value: bigint | number): number {
  let rest = value
  if (typeof rest === 'bigint') {
    // Transaction ids have 64 bits, and take them all one day.
    for (; rest > MAX_SAFE; rest >>= 7n) buffer[at++] = Number(rest & 127n) | 128
    rest = Number(rest)
  }
  // Without bit operations, which would cut it to 32 bits.
  for (; rest > 127; rest = Math.floor(rest / 128)) buffer[at++] = rest % 128 | 128
  buffer[at++] = rest
  return at
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** Why a cursor cannot be continued. OTHER_SCOPE: it is the viewer's own, of another subscription. */
export type CursorFault = 'INVALID_CURSOR' | 'NEW_EPOCH' | 'OTHER_SCOPE'

/** Reads a cursor that a client sent; it must be of this viewer, scope and epoch. */
export function decodeCursor(text: string, expected: Pick<Cursor, 'viewerId' | 'chatId' | 'epoch'>): Cursor | CursorFault {
  const numbers = readNumbers(text)
  if (numbers === null || numbers.length < 5 || numbers.length % 2 === 0) return 'INVALID_CURSOR'
  const [version, epoch, viewerId, chatId, horizon, ...pairs] = numbers
  if (version !== BigInt(VERSION) || viewerId !== BigInt(expected.viewerId)) return 'INVALID_CURSOR'
  if (chatId !== BigInt(expected.chatId ?? 0)) return 'OTHER_SCOPE'
  if (epoch !== BigInt(epochNumber(expected.epoch))) return 'NEW_EPOCH'
  const delivered = new Map<number, number>()
  for (let i = 0; i < pairs.length; i += 2) delivered.set(Number(pairs[i]), Number(pairs[i + 1]))
  // Beyond what any id or number here can be.
  if (![...delivered].flat().every(Number.isSafeInteger)) return 'INVALID_CURSOR'
  return { ...expected, horizon: horizon as bigint, delivered }
}

/** As much of it as tells two apart: 48 bits. */
const epochNumber = (epoch: string) => Number.parseInt(epoch.slice(0, 12), 16)

/** What both have delivered: of two cursors of one reader the further one counts, part by part. */
export function joinCursors(a: Cursor, b: Cursor): Cursor {
  const delivered = new Map(a.delivered)
  for (const [id, seq] of b.delivered) delivered.set(id, Math.max(seq, delivered.get(id) ?? 0))
  return { ...a, horizon: a.horizon > b.horizon ? a.horizon : b.horizon, delivered }
}

/** Far more than the streams that one cursor can name, and far less than a request can carry. */
const MAX_LENGTH = 8192

function readNumbers(text: string): bigint[] | null {
  if (text.length > MAX_LENGTH || !/^[A-Za-z0-9_-]+$/.test(text)) return null
  const numbers: bigint[] = []
  let value = 0n
  let shift = 0n
  for (const byte of Buffer.from(text, 'base64url')) {
    value |= BigInt(byte & 127) << shift
    if (byte > 127) {
      shift += 7n
      // Nothing here is longer than 64 bits.
      if (shift > 63n) return null
    } else {
      numbers.push(value)
      value = 0n
      shift = 0n
    }
  }
  if (shift !== 0n || numbers.some((number) => number > 2n ** 63n - 1n)) return null
  return numbers
}
