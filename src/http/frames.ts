import type { Piece, Shape } from '../graphql/share.ts'

/** A part of every frame of a stream: bytes as they are, or what changes from one stream or frame to the next; a number is the place of a list of events. */
export type Part = Buffer | 'id' | 'cursor' | 'caughtUp' | number

/** In bytes. Some dozens of frames: what is made and written at once stays in the processor's nearest memory. */
const BLOCK_SIZE = 65_536
/** In bytes. With less left than this a block counts as full. */
const LITTLE = 4096

/** Room for frames, used again as soon as the system has taken what was written from it. */
export class Block {
  #bytes = Buffer.allocUnsafeSlow(BLOCK_SIZE)
  #used = 0
  #kept = false

  /** Room for so many bytes. */
  take(length: number): Buffer {
    if (this.#used + length > BLOCK_SIZE) return Buffer.allocUnsafe(length)
    const from = this.#used
    this.#used += length
    return this.#bytes.subarray(from, this.#used)
  }

  get isFull(): boolean {
    return BLOCK_SIZE - this.#used < LITTLE
  }

  /** Something is still to be read from it: the next frames go elsewhere. */
  keep(): void {
    this.#kept = true
  }

  /** All that was taken from it is written. */
  reuse(): void {
    if (this.#kept) this.#bytes = Buffer.allocUnsafeSlow(BLOCK_SIZE)
    this.#kept = false
    this.#used = 0
  }
}

const COMMA = ','.charCodeAt(0)
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')]

const [BEFORE, BEHIND] = [Buffer.from('{"id":'), ',"type":"next","payload":{"data":']

/** Of a stream without a shape: the list is all that there is. */
const ONLY_LIST: readonly Part[] = [BEFORE, 'id', Buffer.from(BEHIND), 0, Buffer.from('}}')]

/** A whole result, in place of the list. */
export const WHOLE: readonly Part[] = [BEFORE, 'id', Buffer.from(',"type":"next","payload":'), 0, Buffer.from('}')]
export const NO_BATCH = { cursor: '', caughtUp: true }

/** What all streams of a shape have in common. */
const known = new WeakMap<Shape, readonly Part[]>()

export function partsOf(shape: Shape | null): readonly Part[] {
  if (shape === null) return ONLY_LIST
  const parts = known.get(shape) ?? makeParts(shape)
  known.set(shape, parts)
  return parts
}

function makeParts(shape: Shape): Part[] {
  const parts: Part[] = [BEFORE, 'id']
  let text = `${BEHIND}{${JSON.stringify(shape.root)}:{`
  let lists = 0
  const put = (part: Part, behind: string) => {
    parts.push(Buffer.from(text), part)
    text = behind
  }
  for (const [index, [name, holds]] of shape.fields.entries()) {
    text += `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
    if (holds === 'list') {
      text += '['
      put(lists++, ']')
    } else if (holds === 'cursor') {
      text += '"'
      put('cursor', '"')
    } else if (holds === 'caughtUp') put('caughtUp', '')
    else text += JSON.stringify(holds.constant)
  }
  return [...parts, Buffer.from(`${text}}}}}`)]
}

/** A text frame of a server (RFC 6455, section 5.2): final, not masked. The cursor is base64url, so a byte per character. */
export function frameOf(block: Block, parts: readonly Part[], id: string, batch: { cursor: string; caughtUp: boolean }, pieces: readonly Piece[]): Buffer {
  const caughtUp = batch.caughtUp ? TRUE : FALSE
  let length = 0
  for (const part of parts) {
    if (typeof part === 'number') length += listLength(pieces, part)
    else if (part === 'cursor') length += batch.cursor.length
    else if (part === 'caughtUp') length += caughtUp.length
    else if (part === 'id') length += Buffer.byteLength(id)
    else length += part.length
  }
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = block.take(head + length)
  frame[0] = 0x81
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  let at = head
  for (const part of parts) {
    if (typeof part === 'number') at = writeList(frame, at, pieces, part)
    else if (part === 'cursor') at += frame.write(batch.cursor, at, 'latin1')
    else if (part === 'id') at += frame.write(id, at)
    else at += (part === 'caughtUp' ? caughtUp : part).copy(frame, at)
  }
  return frame
}

function listLength(pieces: readonly Piece[], list: number): number {
  let length = 0
  let filled = 0
  for (const { json } of pieces) {
    const size = json[list]?.length ?? 0
    length += size
    if (size > 0) filled++
  }
  return length + Math.max(0, filled - 1)
}

function writeList(frame: Buffer, from: number, pieces: readonly Piece[], list: number): number {
  let at = from
  for (const { json } of pieces) {
    const bytes = json[list]
    if (bytes === undefined || bytes.length === 0) continue
    if (at > from) frame[at++] = COMMA
    at += bytes.copy(frame, at)
  }
  return at
}
