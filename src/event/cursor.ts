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

const VERSION = 1n

/** Writes the cursor as clients see it: numbers in base 128, so that a usual one stays below 100 characters. */
export function encodeCursor(cursor: Cursor): string {
  const bytes: number[] = []
  const put = (value: bigint | number) => {
    let rest = BigInt(value)
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
  }
  put(VERSION)
  put(epochNumber(cursor.epoch))
  put(cursor.viewerId)
  put(cursor.chatId ?? 0)
  put(cursor.horizon)
  for (const [streamId, seq] of cursor.delivered) {
    put(streamId)
    put(seq)
  }
  return Buffer.from(bytes).toString('base64url')
}

/** Why a cursor cannot be continued. OTHER_SCOPE: it is the viewer's own, of another subscription. */
export type CursorFault = 'INVALID_CURSOR' | 'NEW_EPOCH' | 'OTHER_SCOPE'

/** Reads a cursor that a client sent; it must be of this viewer, scope and epoch. */
export function decodeCursor(text: string, expected: Pick<Cursor, 'viewerId' | 'chatId' | 'epoch'>): Cursor | CursorFault {
  const numbers = readNumbers(text)
  if (numbers === null || numbers.length < 5 || numbers.length % 2 === 0) return 'INVALID_CURSOR'
  const [version, epoch, viewerId, chatId, horizon, ...pairs] = numbers
  if (version !== VERSION || viewerId !== BigInt(expected.viewerId)) return 'INVALID_CURSOR'
  if (chatId !== BigInt(expected.chatId ?? 0)) return 'OTHER_SCOPE'
  if (epoch !== epochNumber(expected.epoch)) return 'NEW_EPOCH'
  const delivered = new Map<number, number>()
  for (let i = 0; i < pairs.length; i += 2) delivered.set(Number(pairs[i]), Number(pairs[i + 1]))
  // Beyond what any id or number here can be.
  if (![...delivered].flat().every(Number.isSafeInteger)) return 'INVALID_CURSOR'
  return { ...expected, horizon: horizon as bigint, delivered }
}

/** As much of it as tells two apart. */
const epochNumber = (epoch: string) => BigInt(`0x${epoch.slice(0, 12)}`)

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
