import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import type { Sharp } from 'sharp'

/** A picture that was taken lying, red above and blue below as it is seen, and tells where that was and by what. */
export function photo(width = 640, height = 480): Promise<Buffer> {
  // Turned by the orientation 6, what lies left comes to stand above.
  const half = { create: { width: width / 2, height, channels: 3, background: 'red' } } as const
  return sharp({ create: { width, height, channels: 3, background: 'blue' } })
    .composite([{ input: half, left: 0, top: 0 }])
    .withExif({ IFD0: { Make: 'Nokia', Copyright: 'Somebody' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100', GPSLongitudeRef: 'W', GPSLongitude: '0/1 7/1 4366/100' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
}

/** A plain picture. */
export function plain(format: 'png' | 'webp' | 'avif' | 'jpeg' | 'gif' | 'tiff', width = 64, height = 48): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background: 'green' } }).toFormat(format).toBuffer()
}

/** A picture that moves: so many squares, each of another grey. */
export async function moving(format: 'gif' | 'webp', pages: number, size = 16, exif = false): Promise<Buffer> {
  const raw = Buffer.alloc(size * size * pages * 4, 255)
  for (let n = 0; n < raw.length; n++) if (n % 4 !== 3) raw[n] = (Math.floor(n / (size * size * 4)) * 40) % 256
  const made = sharp(raw, { raw: { width: size, height: size * pages, channels: 4, pageHeight: size } })
  return (exif ? made.withExif({ IFD0: { Make: 'Nokia' } }) : made).toFormat(format, { loop: 0, delay: Array<number>(pages).fill(100) }).toBuffer()
}

/** A PNG that is small, and says that it has so many pixels. */
export async function bomb(width: number, height: number): Promise<Buffer> {
  const png = await plain('png')
  png.writeUInt32BE(width, 16)
  png.writeUInt32BE(height, 20)
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  return png
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let n = 0; n < 8; n++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** So many seconds of what `sample` (0 to 255, 128 in the middle) makes of each sample's number, as WAV. */
export function sound(seconds: number, sample: (n: number) => number): Buffer {
  const rate = 8000
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + rate * seconds, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36)
  head.writeUInt32LE(rate * seconds, 40)
  return Buffer.concat([head, Buffer.from(Array.from({ length: rate * seconds }, (_, n) => sample(n)))])
}

/** So many seconds of silence. */
export function silence(seconds: number): Buffer {
  return sound(seconds, () => 128)
}

/** A box of ISO media. */
export function box(type: string, ...bodies: Buffer[]): Buffer {
  const body = Buffer.concat(bodies)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length, 0)
  head.write(type, 4)
  return Buffer.concat([head, body])
}

/** A GIF that says something besides its pictures: a comment, XMP as Adobe's programs write it, and a page behind its end. */
export function talking(gif: Buffer): Buffer {
  const flags = gif.readUInt8(10)
  const at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  const comment = Buffer.concat([Buffer.from([0x21, 0xfe, 5]), Buffer.from('Nokia'), Buffer.from([0])])
  // What reads it as blocks is led out of it by its end, which counts down.
  const end = Buffer.from([1, ...Array.from({ length: 256 }, (_, n) => 255 - n), 0])
  const xmp = Buffer.concat([Buffer.from([0x21, 0xff, 11]), Buffer.from('XMP DataXMP<x:xmpmeta exif:GPSLatitude="51,30.5N"/>'), end])
  return Buffer.concat([gif.subarray(0, at), comment, xmp, gif.subarray(at), Buffer.from('<script>alert(1)</script>')])
}

/** The beginning of a voice note, as telephones record them: all that tells what it is. */
export function voice(): Buffer {
  const head = Buffer.from([...Buffer.from('OggS'), 0, 2, ...Buffer.alloc(8), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 19])
  return Buffer.concat([head, Buffer.from('OpusHead'), Buffer.from([1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]), Buffer.alloc(200)])
}

/** A file of this kind of ISO media, such as `heic` or `isom`, with a head that tells how long it lasts and how large it is seen. */
export function isoMedia(brand: string, { seconds = 0, width = 0, height = 0 } = {}): Buffer {
  const mvhd = Buffer.alloc(100)
  mvhd.writeUInt32BE(1000, 12)
  mvhd.writeUInt32BE(seconds * 1000, 16)
  const tkhd = Buffer.alloc(84)
  tkhd.writeUInt16BE(width, 76)
  tkhd.writeUInt16BE(height, 80)
  const kind = Buffer.concat([Buffer.from(brand), Buffer.alloc(4), Buffer.from(brand)])
  return Buffer.concat([box('ftyp', kind), box('mdat', Buffer.alloc(1000)), box('moov', box('mvhd', mvhd), box('trak', box('tkhd', tkhd)))])
}

/** What sharp makes of bytes. By a file: where the server runs, nothing else is read. */
export async function seen<T>(bytes: Uint8Array, look: (picture: Sharp) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `parley-picture-${randomUUID()}`)
  await writeFile(path, bytes)
  try {
    return await look(sharp(path))
  } finally {
    await rm(path)
  }
}
