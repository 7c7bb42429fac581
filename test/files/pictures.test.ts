import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../client.ts'
import { startServer } from '../harness.ts'
import type { TestServer } from '../harness.ts'
import { announce, fetchBytes, filesOf, put, sendFiles, upload } from '../support/files.ts'
import { bomb, isoMedia, moving, photo, plain, seen, silence, talking } from '../support/pictures.ts'

let server: TestServer
let alice: Client
let garden: string

beforeAll(async () => {
  server = await startServer()
  alice = await server.signUp('alice')
  garden = await alice.group('Garden')
})
afterAll(() => server.close())

const send = async (bytes: Buffer, fileName = 'picture') => {
  const message = await sendFiles(alice, garden, [await upload(alice, bytes, { fileName })])
  return { message, file: (await filesOf(alice, message))[0] }
}
const metadataOf = (bytes: Buffer) => seen(bytes, (picture) => picture.metadata())
const kindOf = async (id: string) => (await alice.ask('query ($id: ID!) { message(id: $id) { kind } }', { id })).message.kind

describe('a picture', () => {
  test('stands upright, says nothing of where it was taken, and comes with a small one', async () => {
    const original = await photo()
    expect((await metadataOf(original)).exif?.toString('latin1')).toContain('Nokia')
    const { message, file } = await send(original, 'roses.jpg')
    expect(await kindOf(message)).toBe('IMAGE')
    expect(file).toMatchObject({ kind: 'IMAGE', mimeType: 'image/jpeg', fileName: 'roses.jpg', width: 480, height: 640, durationSeconds: null, blurhash: expect.stringMatching(/^[\w#$%*+,\-.:;=?@[\]^{|}~]{28}$/) })
    const kept = await fetchBytes(file.url)
    expect(kept).toHaveLength(file.byteSize)
    const about = await metadataOf(kept)
    expect([about.width, about.height, about.orientation, about.exif, about.xmp, about.iptc]).toEqual([480, 640, undefined, undefined, undefined, undefined])
    expect(kept.toString('latin1')).not.toMatch(/Exif|Nokia|Somebody/)
    // Red is above.
    const { data } = await seen(kept, (picture) => picture.resize(1, 2, { fit: 'fill' }).raw().toBuffer({ resolveWithObject: true }))
    expect([data[0], data[5]].map((part) => Number(part) > 200)).toEqual([true, true])
    const small = await fetch(file.thumbnailUrl)
    expect(small.headers.get('content-type')).toBe('image/webp')
    const thumbnail = Buffer.from(await small.arrayBuffer())
    expect(await metadataOf(thumbnail)).toMatchObject({ format: 'webp', width: 384, height: 512 })
    expect(thumbnail.toString('latin1')).not.toMatch(/Exif|Nokia/)
  })

  test.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)('may be a %s', async (format) => {
    const { file } = await send(await plain(format))
    expect(file).toMatchObject({ kind: 'IMAGE', mimeType: `image/${format}`, width: 64, height: 48, blurhash: expect.any(String), thumbnailUrl: expect.any(String) })
    expect(await metadataOf(await fetchBytes(file.url))).toMatchObject({ width: 64, height: 48 })
  })

  test.each(['gif', 'webp'] as const)('goes on moving as a %s', async (format) => {
    const { file } = await send(await moving(format, 5))
    expect(file).toMatchObject({ kind: 'IMAGE', width: 16, height: 16 })
    expect(await metadataOf(await fetchBytes(file.url))).toMatchObject({ pages: 5 })
    const cleaned = await send(await moving('webp', 5, 16, true))
    const about = await metadataOf(await fetchBytes(cleaned.file.url))
    expect([about.pages, about.exif]).toEqual([5, undefined])
  })

  test.each([1, 5])('loses what a GIF says besides its pictures, and stays the same else: %i of them', async (pages) => {
    const silent = pages === 1 ? await plain('gif') : await moving('gif', pages)
    const { file } = await send(talking(silent))
    expect(file).toMatchObject({ kind: 'IMAGE', mimeType: 'image/gif', byteSize: silent.length })
    expect((await fetchBytes(file.url)).equals(silent)).toBe(true)
    expect((await fetchBytes((await send(silent)).file.url)).equals(silent)).toBe(true)
    // Built as none should be, it is made anew.
    const endless = await send(talking(silent).subarray(0, -26))
    expect((await fetchBytes(endless.file.url)).toString('latin1')).not.toMatch(/GPSLatitude|Nokia/)
  })

  test.each<[string, () => Promise<Buffer>, number]>([
    ['that says it has 2,500 megapixels', () => bomb(50_000, 50_000), 413],
    ['of 41 megapixels', () => plain('png', 8200, 5000), 413],
    ['that moves, each of its squares small, and has 41 megapixels in all and something to be taken off', () => moving('webp', 41, 1000, true), 413],
    ['that breaks off', async () => (await photo(2000, 2000)).subarray(0, 5000), 415],
    ['whose head alone is one', () => bomb(100, 100), 415],
    ['from a telephone that cannot be cleaned here', () => Promise.resolve(isoMedia('heic')), 415],
    ['as scanners make them', () => plain('tiff'), 415],
  ])('%s is refused, once and for all', async (_name, make, status) => {
    const bytes = await make()
    const { attachmentId, url } = await announce(alice, { byteSize: bytes.length })
    expect((await put(url, bytes)).status).toBe(status)
    expect((await put(url, bytes)).status).toBe(410)
    expect((await alice.ask('query ($id: ID!) { node(id: $id) { ... on Attachment { state url } } }', { id: attachmentId })).node).toEqual({ state: 'FAILED', url: null })
  })
})

test('sound and video tell how long they last', async () => {
  const voice = await send(silence(3), 'voice.wav')
  expect(await kindOf(voice.message)).toBe('AUDIO')
  expect(voice.file).toMatchObject({ kind: 'AUDIO', mimeType: 'audio/wav', durationSeconds: 3, width: null, thumbnailUrl: null })
  const film = await send(isoMedia('isom', { seconds: 7, width: 320, height: 180 }), 'film.mp4')
  expect(await kindOf(film.message)).toBe('VIDEO')
  expect(film.file).toMatchObject({ kind: 'VIDEO', mimeType: 'video/mp4', durationSeconds: 7, width: 320, height: 180 })
  const both = await sendFiles(alice, garden, [await upload(alice, silence(1)), await upload(alice, await plain('png'))])
  expect(await kindOf(both)).toBe('FILE')
  expect((await filesOf(alice, both)).map(({ kind }) => kind)).toEqual(['AUDIO', 'IMAGE'])
})
