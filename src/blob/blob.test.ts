import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startS3 } from '../../test/support/s3.ts'
import type { S3Server } from '../../test/support/s3.ts'
import { StorageFull } from '../base/storage.ts'
import { readConfig } from '../config.ts'
import { createDiskBlobs } from './disk.ts'
import { newBlobKey } from './index.ts'
import type { Blobs } from './index.ts'
import { createS3Blobs } from './s3.ts'

let s3: S3Server
let folder: string

beforeAll(async () => {
  s3 = await startS3()
  folder = await mkdtemp(join(tmpdir(), 'parley-blob-'))
})
afterAll(async () => {
  await s3.close()
  await rm(folder, { recursive: true })
})

async function bucket(changes: Record<string, string> = {}): Promise<Blobs> {
  const { files } = readConfig({ ...s3.settings, ...changes })
  if (files.kind !== 's3') throw new Error('these are settings of a bucket')
  return createS3Blobs(files)
}

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(folder, newBlobKey())
  await writeFile(path, bytes)
  return path
}

const DRIVERS: [string, () => Promise<Blobs>][] = [
  ['a folder', () => Promise.resolve(createDiskBlobs(join(folder, 'kept')))],
  ['a bucket', () => bucket()],
  ['a bucket that has other things too', () => bucket({ S3_PREFIX: 'chat-files/parley/' })],
]

describe.each(DRIVERS)('%s', (_name, open) => {
  let blobs: Blobs
  beforeAll(async () => {
    blobs = await open()
    await blobs.check()
  })

  test('gives back what it was given, whole and in parts', async () => {
    const bytes = randomBytes(300_000)
    const key = newBlobKey()
    await blobs.put(key, await fileOf(bytes))
    expect((await read(blobs, key)).equals(bytes)).toBe(true)
    expect(await read(blobs, key, 0, 0)).toEqual(bytes.subarray(0, 1))
    expect((await read(blobs, key, 100_000, 200_000)).equals(bytes.subarray(100_000, 200_001))).toBe(true)
    expect(await read(blobs, key, 299_999, 299_999)).toEqual(bytes.subarray(-1))
  })

  test('takes the same again, and knows nothing of what it was not given', async () => {
    const [key, bytes] = [newBlobKey(), randomBytes(1000)]
    expect(await blobs.get(key)).toBeNull()
    for (let n = 0; n < 2; n++) await blobs.put(key, await fileOf(bytes))
    expect(await read(blobs, key)).toEqual(bytes)
    expect(await blobs.get(newBlobKey())).toBeNull()
  })

  test('forgets what is deleted, and takes it easy where there is nothing', async () => {
    const [gone, kept] = [newBlobKey(), newBlobKey()]
    for (const key of [gone, kept]) await blobs.put(key, await fileOf(randomBytes(10)))
    await blobs.delete([gone, newBlobKey()])
    await blobs.delete([gone])
    expect(await blobs.get(gone)).toBeNull()
    expect(await read(blobs, kept)).toHaveLength(10)
  })

  test('has nothing of a file that it could not take', async () => {
    const key = newBlobKey()
    await expect(blobs.put(key, join(folder, 'there is no such file'))).rejects.toThrow('ENOENT')
    expect(await blobs.get(key)).toBeNull()
  })

  test('gives up a reader who has had enough', async () => {
    const key = newBlobKey()
    await blobs.put(key, await fileOf(randomBytes(2_000_000)))
    const stream = await blobs.get(key)
    stream?.destroy()
    expect(await read(blobs, key, 5, 9)).toHaveLength(5)
  })
})

describe('a bucket', () => {
  test.each([
    ['of another name', { S3_BUCKET: 'elsewhere' }],
    ['with a wrong secret', { S3_SECRET_ACCESS_KEY: 'a mere guess' }],
    ['with a key that nobody gave', { S3_ACCESS_KEY_ID: 'somebody' }],
    ['of another region', { S3_REGION: 'us-east-1' }],
  ])('%s is noticed', async (_name, changes) => {
    const blobs = await bucket(changes)
    await expect(blobs.check()).rejects.toThrow()
    await expect(blobs.put(newBlobKey(), await fileOf(randomBytes(10)))).rejects.toThrow()
    expect(s3.log.slice(-1)[0]).toMatch(/^PUT .* 40[034]$/)
  })

  test('that is full says so', async () => {
    s3.fails = 507
    try {
      await expect((await bucket()).put(newBlobKey(), await fileOf(randomBytes(10)))).rejects.toThrow(StorageFull)
    } finally {
      s3.fails = null
    }
  })
})

test('a folder keeps a file under its key alone, and nothing beside it', async () => {
  const home = join(folder, 'alone')
  const blobs = createDiskBlobs(home)
  await blobs.check()
  const key = newBlobKey()
  const file = await fileOf(randomBytes(10))
  await blobs.put(key, file)
  expect((await readdir(home, { recursive: true })).sort()).toEqual([key.slice(0, 2), join(key.slice(0, 2), key)])
  // Other accounts of this machine have no business there.
  expect((await stat(join(home, key.slice(0, 2)))).mode & 0o777).toBe(0o700)
  await expect(stat(file)).rejects.toThrow('ENOENT')
})

async function read(blobs: Blobs, key: string, from?: number, to?: number): Promise<Buffer> {
  const stream = await blobs.get(key, from === undefined || to === undefined ? undefined : { from, to })
  if (stream === null) throw new Error(`nothing is stored under ${key}`)
  return buffer(stream)
}
