import { describe, expect, test } from 'vitest'
import { fileNameFor, formOf } from './files.ts'

const MB = 1024 * 1024
const file = (mimeType: string, byteSize: number, fileName = 'a.file') => ({ mimeType, byteSize, fileName })

describe('a file goes out', () => {
  test.each([
    ['image/jpeg', 5 * MB, 'image', 'image/jpeg'],
    ['image/png', 1, 'image', 'image/png'],
    ['image/png', 5 * MB + 1, 'document', 'text/plain'],
    ['image/webp', 1000, 'document', 'text/plain'],
    ['image/gif', 1000, 'document', 'text/plain'],
    ['video/mp4', 16 * MB, 'video', 'video/mp4'],
    ['video/3gpp', 10, 'video', 'video/3gpp'],
    ['video/mp4', 16 * MB + 1, 'document', 'text/plain'],
    ['audio/ogg; codecs=opus', 1000, 'audio', 'audio/ogg; codecs=opus'],
    // Meta takes Ogg for nothing but Opus.
    ['audio/ogg', 1000, 'document', 'text/plain'],
    ['audio/x-m4a', 1000, 'audio', 'audio/mp4'],
    ['application/pdf', 100 * MB, 'document', 'application/pdf'],
    ['application/zip', 1000, 'document', 'text/plain'],
  ])('%s of %d bytes as %s', (type, size, form, as) => {
    expect(formOf(file(type, size), false)).toEqual({ form, mimeType: as })
  })

  test('not at all where it is larger than WhatsApp takes anything', () => {
    expect(formOf(file('application/pdf', 100 * MB + 1), false)).toBeNull()
  })

  test('as a sticker where it was one, and is small enough', () => {
    expect(formOf(file('image/webp', 500 * 1024), true)).toEqual({ form: 'sticker', mimeType: 'image/webp' })
    expect(formOf(file('image/webp', 500 * 1024 + 1), true)).toMatchObject({ form: 'document' })
  })

  test('as what its name says, where older office programs made it', () => {
    expect(formOf(file('application/x-cfb', 10, 'Letter.DOC'), false)).toEqual({ form: 'document', mimeType: 'application/msword' })
    expect(formOf(file('application/x-cfb', 10, 'thumbs.db'), false)).toEqual({ form: 'document', mimeType: 'text/plain' })
  })
})

test('what comes without a name gets one', () => {
  expect([fileNameFor('image', 'image/jpeg'), fileNameFor('audio', 'audio/ogg; codecs=opus'), fileNameFor('file', 'application/x-unknown')]).toEqual(['image.jpg', 'audio.ogg', 'file'])
})
