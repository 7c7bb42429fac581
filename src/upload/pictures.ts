import { encode } from 'blurhash'
import sharp from 'sharp'
import type { Metadata, Sharp } from 'sharp'
import { createGate } from '../base/gate.ts'
import { stripGif } from './gif.ts'
import { Refused } from './refused.ts'

/** More pixels are not decoded. */
const MAX_PIXELS = 40_000_000
/** A thumbnail fits into a square of so many pixels. */
const THUMBNAIL = 512
/** Longer than this no picture may take, in seconds. */
const PATIENCE_S = 60

/** The types that are cleaned, by what the bytes are. */
const FORMATS: Record<string, (picture: Sharp) => Sharp> = {
  'image/jpeg': (picture) => picture.jpeg({ quality: 90 }),
  'image/png': (picture) => picture.png(),
  'image/apng': (picture) => picture.png(),
  'image/webp': (picture) => picture.webp({ quality: 90 }),
  'image/gif': (picture) => picture.gif(),
  'image/avif': (picture) => picture.avif({ quality: 65, effort: 2 }),
}

// One thread and one picture at a time: chats come first. What is decoded is not kept.
const oneAtATime = createGate(1)
sharp.cache(false)
sharp.concurrency(1)
// What else libvips could read is never given to it, whatever a file pretends to be.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadJpegFile', 'VipsForeignLoadPngFile', 'VipsForeignLoadWebpFile', 'VipsForeignLoadNsgifFile', 'VipsForeignLoadHeifFile'] })

/** What a picture is once it was cleaned. */
export interface Picture {
  width: number
  height: number
  blurhash: string
  /** Whether the cleaned file is another one; else the picture stays as it is. */
  changed: boolean
  mimeType: string
}

export function isPicture(mimeType: string): boolean {
  return Object.hasOwn(FORMATS, mimeType)
}

/**
 * Turns a picture the right way up and takes off all that it says besides (where it was taken, by what, when), writes it to `cleaned` and a small one
 * to `thumbnail`.
 * @throws {Refused} where it cannot be read, or is too large.
 */
export function cleanPicture(path: string, mimeType: string, cleaned: string, thumbnail: string, who: number | null): Promise<Picture> {
  return oneAtATime(who, async () => {
    try {
      return await clean(path, mimeType, cleaned, thumbnail)
    } catch (error) {
      if (error instanceof Refused || /no space|disk quota/i.test(String(error))) throw error
      throw new Refused(415, 'The picture cannot be read.')
    }
  })
}

async function clean(path: string, mimeType: string, cleaned: string, thumbnail: string): Promise<Picture> {
  const about = await sharp(path, { limitInputPixels: false }).metadata()
  const height = about.pageHeight ?? about.height
  const pages = about.pages ?? 1
  if (about.width * height > MAX_PIXELS) throw tooLarge()
  const tells = about.exif !== undefined || about.xmp !== undefined || about.iptc !== undefined
  const isMoving = pages > 1 && (mimeType === 'image/gif' || mimeType === 'image/webp')
  // To make many pictures anew costs much, and gains nothing where there is nothing to take off, or that can be done without.
  const stripped = mimeType === 'image/gif' ? await stripGif(path, cleaned) : 'unclear'
  const anew = stripped === 'unclear' && (mimeType === 'image/gif' || !isMoving || tells)
  const changed = anew || stripped === 'changed'
  if (anew && isMoving && about.width * height * pages > MAX_PIXELS) throw tooLarge()
  if (anew) await FORMATS[mimeType]?.(open(path, isMoving).autoOrient()).timeout({ seconds: PATIENCE_S }).toFile(cleaned)
  const shown = changed ? cleaned : path
  await open(shown).resize(THUMBNAIL, THUMBNAIL, { fit: 'inside', withoutEnlargement: true }).webp({ quality: 75 }).timeout({ seconds: PATIENCE_S }).toFile(thumbnail)
  return { ...sizeOf(about, height), blurhash: await blurhashOf(thumbnail), changed, mimeType: mimeType === 'image/apng' ? 'image/png' : mimeType }
}

const tooLarge = () => new Refused(413, `A picture may have at most ${MAX_PIXELS / 1e6} megapixels.`)

function open(path: string, animated = false): Sharp {
  return sharp(path, { limitInputPixels: MAX_PIXELS, failOn: 'error', animated })
}

/** As it is seen: some lie on their side. */
function sizeOf({ width, orientation = 1 }: Metadata, height: number): { width: number; height: number } {
  return orientation >= 5 ? { width: height, height: width } : { width, height }
}

async function blurhashOf(thumbnail: string): Promise<string> {
  const { data, info } = await open(thumbnail).resize(32, 32, { fit: 'inside' }).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return encode(new Uint8ClampedArray(data), info.width, info.height, 4, 3)
}
