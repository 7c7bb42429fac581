import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** What the head of a film tells (ISO/IEC 14496-12, section 8): MP4, QuickTime and their kin. */
export interface Film {
  durationSeconds: number | null
  /** Of its first picture track; null where it has none. */
  width: number | null
  height: number | null
}

/** A head is not read beyond this; that of an hour's film has one megabyte or two. */
const MAX_HEAD = 8 * 1024 * 1024
/** So many boxes are passed over on the way to the head. */
const MAX_BOXES = 100

/** Reads how long a film lasts and how large it is seen; null where it does not tell. Libraries for sound tell it of sound alone. */
export async function readFilm(path: string): Promise<Film | null> {
  const file = await open(path)
  try {
    const head = await findHead(file)
    return head === null ? null : filmOf(head)
  } catch {
    // Whatever it was, it is no head.
    return null
  } finally {
    await file.close()
  }
}

async function findHead(file: FileHandle): Promise<Buffer | null> {
  const { size } = await file.stat()
  let at = 0
  for (let n = 0; n < MAX_BOXES && at + 16 <= size; n++) {
    const { buffer } = await file.read(Buffer.alloc(16), 0, 16, at)
    const short = buffer.readUInt32BE(0)
    const [start, length] = short === 1 ? [16, Number(buffer.readBigUInt64BE(8))] : [8, short === 0 ? size - at : short]
    if (length < start) return null
    if (buffer.toString('latin1', 4, 8) === 'moov') {
      if (length > MAX_HEAD) return null
      return (await file.read(Buffer.alloc(length - start), 0, length - start, at + start)).buffer
    }
    at += length
  }
  return null
}

/** The boxes that stand one behind the other in this one. */
function* boxesOf(body: Buffer): Generator<{ type: string; body: Buffer }> {
  for (let at = 0; at + 8 <= body.length; ) {
    const length = body.readUInt32BE(at)
    if (length < 8) return
    yield { type: body.toString('latin1', at + 4, at + 8), body: body.subarray(at + 8, at + length) }
    at += length
  }
}

function boxOf(body: Buffer, type: string): Buffer | undefined {
  for (const box of boxesOf(body)) if (box.type === type) return box.body
  return undefined
}

function filmOf(head: Buffer): Film {
  const film: Film = { durationSeconds: null, width: null, height: null }
  for (const { type, body } of boxesOf(head)) {
    if (type === 'mvhd') film.durationSeconds = durationOf(body)
    if (type !== 'trak' || film.width !== null) continue
    const header = boxOf(body, 'tkhd')
    // The last two are fixed point numbers of 16 and 16 bits.
    const [width = 0, height = 0] = header === undefined || header.length < 84 ? [] : [header.readUInt16BE(header.length - 8), header.readUInt16BE(header.length - 4)]
    if (width > 0 && height > 0) Object.assign(film, { width, height })
  }
  return film
}

function durationOf(header: Buffer): number | null {
  const isLong = header.readUInt8(0) === 1
  const scale = header.readUInt32BE(isLong ? 20 : 12)
  const duration = isLong ? Number(header.readBigUInt64BE(24)) : header.readUInt32BE(16)
  // All ones: nobody knows.
  return scale === 0 || duration === 0 || duration >= 0xffffffff ? null : duration / scale
}
