import { readFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { announce, put, upload } from '../support/files.ts'
import { bomb, box, plain, silence } from '../support/pictures.ts'
import { besides, register } from './files-support.ts'
import { makeFolder, serve } from './support.ts'

const MB = 1024 * 1024

/** Sound in a container whose head has this in the place where its samples are listed. */
function soundWith(inside: Buffer): Buffer {
  const handler = Buffer.alloc(25)
  handler.write('soun', 8)
  const media = box('mdia', box('mdhd', Buffer.alloc(24)), box('hdlr', handler), box('minf', box('stbl', inside)))
  return Buffer.concat([box('ftyp', Buffer.from('M4A \0\0\0\0M4A ')), box('moov', box('mvhd', Buffer.alloc(100)), box('trak', box('tkhd', Buffer.alloc(84)), media))])
}

/** A list of as many entries as fit, each of which becomes an object. */
function longList(bytes: number): Buffer {
  const list = Buffer.alloc(bytes, 1)
  list.writeUInt32BE(0, 0)
  list.writeUInt32BE((bytes - 8) / 8, 4)
  return box('stts', list)
}

function emptyBoxes(bytes: number): Buffer {
  const one = box('free')
  return Buffer.alloc(bytes, one)
}

/** A song whose tag is all of it. */
function largeTag(bytes: number): Buffer {
  const tag = Buffer.alloc(10 + bytes, 'a')
  tag.set([0x49, 0x44, 0x33, 3, 0, 0, (bytes >> 21) & 127, (bytes >> 14) & 127, (bytes >> 7) & 127, bytes & 127])
  tag.write('TXXX', 10)
  tag.writeUInt32BE(bytes - 10, 14)
  tag.writeUInt16BE(0, 18)
  return tag
}

/** An archive with one file in it, as office documents begin, that is a thousand times as large as what is stored of it. */
function zipBomb(bytes: number): Buffer {
  const name = '[Content_Types].xml'
  const data = deflateRawSync(Buffer.alloc(bytes))
  const head = Buffer.alloc(30)
  head.writeUInt32LE(0x04034b50, 0)
  head.writeUInt16LE(20, 4)
  head.writeUInt16LE(8, 8)
  head.writeUInt32LE(data.length, 18)
  head.writeUInt32LE(bytes, 22)
  head.writeUInt16LE(name.length, 26)
  return Buffer.concat([head, Buffer.from(name), data])
}

test('files that are made to be large in memory are not', async () => {
  // Made first: it takes so long that a connection would end meanwhile.
  const files = [
    ['a picture of 2,500 megapixels', await bomb(50_000, 50_000), 413],
    ['a packed file', gzipSync(Buffer.alloc(200 * MB)), 201],
    ['an office document', zipBomb(200 * MB), 201],
    ['a tag', largeTag(15 * MB), 201],
    ['a long list', soundWith(longList(60 * MB)), 201],
    ['many boxes', soundWith(emptyBoxes(90 * MB)), 201],
  ] as const
  const { sql, settings } = await besides()
  const server = await serve({ cwd: await makeFolder(), settings })
  const alice = await register(server)
  // What reads files is loaded with the first ones.
  for (const bytes of [await plain('png'), silence(1), soundWith(longList(88))]) await upload(alice, bytes)
  const memory = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) / 1024
  const before = memory('VmRSS')
  const grown: Record<string, number> = {}
  for (const [name, bytes, status] of files) {
    const links = await Promise.all(Array.from({ length: 2 }, () => announce(alice, { byteSize: bytes.length })))
    const statuses = await Promise.all(links.map(async ({ url }) => (await put(url, bytes)).status))
    expect([name, statuses]).toEqual([name, Array(2).fill(status)])
    // The most that it ever had.
    grown[name] = Math.round(memory('VmHWM') - before)
  }
  expect(Object.values(grown).filter((megabytes) => megabytes >= 100), JSON.stringify(grown)).toEqual([])
  await sql.end()
})
