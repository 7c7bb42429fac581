import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figures } from '../lib/job.ts'
import type { Job } from '../lib/job.ts'
import { Process } from '../lib/process.ts'
import { measure, ratioOf } from '../lib/rounds.ts'
import type { Contender, Turn } from '../lib/rounds.ts'
import type { Stage } from '../lib/stage.ts'
import { transfer } from '../lib/transfer.ts'

const BARE = fileURLToPath(new URL('../peers/bare-files.mjs', import.meta.url))
/** So many files are on their way at once, each of so many megabytes. */
const WIDTH = 4
const MEGABYTES = 16

/** Files to the disk and from it, beside Node's streams alone. Ours are announced, looked at, made to survive a power cut, and given by a link that is checked. */
export const upload: Job = async (stage) => {
  const megabytes = stage.options.quick ? 1 : MEGABYTES
  const bare = new Process('bare files', stage.folder, [BARE], { DIR: stage.folder, BYTES: String(megabytes * 1024 * 1024) }, '/')
  await bare.start()
  try {
    const bareUrl = (n: number) => `http://127.0.0.1:${bare.server.port}/file${n}`
    for (let n = 0; n < WIDTH; n++) await transfer('PUT', bareUrl(n), megabytes)
    const links = await Promise.all(Array.from({ length: WIDTH }, (_, n) => ready(stage, n, megabytes)))
    const pid = () => stage.parley.pid
    const contenders: Contender[] = [
      { name: 'Parley, PUT', role: 'ours', pid, run: (turn) => inLanes(turn, megabytes, async (n) => expect201(await transfer('PUT', (await announce(stage, n, megabytes)).url, megabytes))).finally(() => clear(stage)) },
      { name: 'bare streams, PUT', role: 'limit', pid: () => bare.server.pid, run: (turn) => inLanes(turn, megabytes, async (n) => expect201(await transfer('PUT', bareUrl(n), megabytes))) },
      { name: 'Parley, GET', role: 'ours', pid, run: (turn) => inLanes(turn, megabytes, (n) => transfer('GET', links[n] ?? '', megabytes)) },
      { name: 'bare streams, GET', role: 'limit', pid: () => bare.server.pid, run: (turn) => inLanes(turn, megabytes, (n) => transfer('GET', bareUrl(n), megabytes)) },
    ]
    // Pairs apart, or the links would end before the last of the turns.
    const puts = await measure(stage, 'upload', contenders.slice(0, 2))
    links.splice(0, WIDTH, ...(await Promise.all(Array.from({ length: WIDTH }, (_, n) => ready(stage, n, megabytes)))))
    const gets = await measure(stage, 'download', contenders.slice(2))
    return {
      unit: 'MiB', rows: [...puts, ...gets], notes: [],
      figures: figures([
        ['upload: PUT, Parley / bare streams', ratioOf(puts[0], puts[1])],
        ['upload: GET, Parley / bare streams', ratioOf(gets[0], gets[1])],
      ]),
    }
  } finally {
    await bare.end()
  }
}

/** Files one after the other in each lane, until the time is up; what is counted is megabytes. */
async function inLanes(turn: Turn, megabytes: number, move: (lane: number) => Promise<unknown>) {
  turn.begin()
  const began = performance.now()
  let files = 0
  await Promise.all(Array.from({ length: WIDTH }, async (_, lane) => {
    while (performance.now() - began < turn.ms) {
      await move(lane)
      files += 1
    }
  }))
  return { ops: files * megabytes, seconds: (performance.now() - began) / 1000 }
}

function expect201(status: number): void {
  if (status !== 201) throw new Error(`a PUT was answered by ${status}`)
}

async function ask<T>(stage: Stage, user: number, query: string): Promise<T> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${stage.token(user)}` }
  const response = await fetch(`http://127.0.0.1:${stage.parley.port}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return ((await response.json()) as { data: T }).data
}

async function announce(stage: Stage, user: number, megabytes: number): Promise<{ url: string; attachmentId: string }> {
  const query = `mutation { createUpload(input: { fileName: "file", mimeType: "application/octet-stream", byteSize: ${megabytes * 1024 * 1024} }) { upload { url attachmentId } } }`
  return (await ask<{ createUpload: { upload: { url: string; attachmentId: string } } }>(stage, user, query)).createUpload.upload
}

/** The address of a file that is there. */
async function ready(stage: Stage, user: number, megabytes: number): Promise<string> {
  const { url, attachmentId } = await announce(stage, user, megabytes)
  expect201(await transfer('PUT', url, megabytes))
  return (await ask<{ node: { url: string } }>(stage, user, `{ node(id: "${attachmentId}") { ... on Attachment { url } } }`)).node.url
}

/** Gigabytes would pile up; what is read comes later. */
async function clear(stage: Stage): Promise<void> {
  const folder = join(stage.folder, 'data', 'files')
  for (const name of await readdir(folder)) if (name.length === 2) await rm(join(folder, name), { recursive: true, force: true })
}
