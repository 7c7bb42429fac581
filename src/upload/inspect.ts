import { open, stat } from 'node:fs/promises'
import { fileTypeFromFile } from 'file-type'
import { parseFromTokenizer } from 'music-metadata'
import type { IAudioMetadata } from 'music-metadata'
import { fromFile } from 'strtok3'
import { createGate } from '../base/gate.ts'
import { CLEANED, THUMBNAIL } from '../blob/incoming.ts'
import { readFilm } from './iso-media.ts'
import { cleanPicture, isPicture } from './pictures.ts'
import { Refused } from './refused.ts'
import type { Found } from './store.ts'

/** A file that was looked at: what it is, and what is to be stored of it. */
export interface Inspected {
  found: Found
  /** The file, or what was made of it. */
  path: string
  thumbnail: string | null
}

/** So long it may take to find out what a file is; then it is any file. */
const PATIENCE_MS = 10_000
/** By so many of its first bytes it is told whether it is text. */
const TEXT_BYTES = 64 * 1024

/** So much of a file is read at most to find out how long it lasts, and half of it in one piece: lists in its head become many times as large in memory. */
const MEDIA_BYTES = 16 * 1024 * 1024
/** Each piece counts for no less than this: of the smallest ones, too, something is kept. */
const READ_COSTS = 512

const oneAtATime = createGate(1)

/** What the library calls a track of pictures (as Matroska numbers them). */
const VIDEO_TRACK = 1

/** Pictures that have no place for what should not be passed on. */
const PLAIN_PICTURES = ['image/bmp', 'image/x-icon', 'image/icns']

/**
 * Finds out what a file is by its bytes, whatever was said of it, and takes off what should not be passed on. `owner`: those of one do not keep others' waiting.
 * @throws {Refused}
 */
export async function inspect(path: string, owner: number | null): Promise<Inspected> {
  const type = await inTime(fileTypeFromFile(path))
  const mimeType = type?.mime ?? ((await isText(path)) ? 'text/plain' : 'application/octet-stream')
  if (isPicture(mimeType)) return inspectPicture(path, mimeType, owner)
  if (mimeType.startsWith('image/') && !PLAIN_PICTURES.includes(mimeType)) {
    throw new Refused(415, 'A picture of this type may tell where it was taken, which cannot be taken off it here: send it as JPEG, PNG, WebP, GIF or AVIF.')
  }
  const byteSize = await sizeOf(path)
  const nothing = { byteSize, width: null, height: null, durationSeconds: null, blurhash: null, thumbnailSize: null }
  if (!/^(video|audio)\//.test(mimeType)) return { found: { ...nothing, kind: 'FILE', mimeType }, path, thumbnail: null }
  return { found: { ...nothing, mimeType, kind: mimeType.startsWith('audio/') ? 'AUDIO' : 'VIDEO', ...(await oneAtATime(owner, () => inspectMedia(path, mimeType))) }, path, thumbnail: null }
}

async function inspectPicture(path: string, type: string, owner: number | null): Promise<Inspected> {
  const [cleaned, thumbnail] = [path + CLEANED, path + THUMBNAIL]
  const { changed, mimeType, ...seen } = await cleanPicture(path, type, cleaned, thumbnail, owner)
  const kept = changed ? cleaned : path
  return { found: { ...seen, kind: 'IMAGE', mimeType, byteSize: await sizeOf(kept), durationSeconds: null, thumbnailSize: await sizeOf(thumbnail) }, path: kept, thumbnail }
}

/** How long it lasts. A container for films that holds sound alone, as browsers record it, is sound. */
async function inspectMedia(path: string, mimeType: string): Promise<Partial<Found>> {
  const film = await readFilm(path)
  if (film?.width != null) return film
  const about = await inTime(parseMedia(path))
  const tracks = about?.format.trackInfo ?? []
  const isVideo = about?.format.hasVideo === true || tracks.some(({ type, video }) => type === VIDEO_TRACK || video !== undefined)
  const { pixelWidth: width = 0, pixelHeight: height = 0 } = tracks.find(({ video }) => video !== undefined)?.video ?? {}
  const seconds = about?.format.duration
  return {
    durationSeconds: seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : (film?.durationSeconds ?? null),
    ...(width > 0 && height > 0 ? { width, height } : {}),
    ...(tracks.length > 0 && !isVideo && mimeType.startsWith('video/') ? { kind: 'AUDIO', mimeType: mimeType.replace('video/', 'audio/') } : {}),
  }
}

async function parseMedia(path: string): Promise<IAudioMetadata> {
  const tokenizer = await fromFile(path, { maxBufferSize: MEDIA_BYTES / 2 })
  let left = MEDIA_BYTES
  for (const name of ['readBuffer', 'peekBuffer'] as const) {
    const read = tokenizer[name].bind(tokenizer)
    tokenizer[name] = (bytes, options) => {
      left -= Math.max(options?.length ?? bytes.length, READ_COSTS)
      if (left < 0) throw new Error('more is read of a file than it takes to see how long it lasts')
      return read(bytes, options)
    }
  }
  try {
    return await parseFromTokenizer(tokenizer, { duration: false, skipCovers: true })
  } finally {
    await tokenizer.close()
  }
}

const sizeOf = async (path: string) => (await stat(path)).size

/** What it answers in time; undefined where it fails, or takes too long: some files are made for that. */
async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => { resolve(undefined) }, PATIENCE_MS)
  })
  try {
    return await Promise.race([work, late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

/** Whether it begins as text in UTF-8 does. */
async function isText(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TEXT_BYTES), 0, TEXT_BYTES, 0)
    // The last letter may be cut.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead), { stream: true })
    // eslint-disable-next-line no-control-regex -- these are what text does not have
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text)
  } catch {
    return false
  } finally {
    await file.close()
  }
}
