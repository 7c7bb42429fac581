import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Loaders } from '../base/loaders.ts'
import { soonAfter } from '../base/soon.ts'
import type { Ctx, Ports } from '../ctx.ts'
import { Lease } from '../event/outbox.ts'
import { attachmentCame } from '../message/attachments.ts'
import { loadAttachment } from '../upload/domain.ts'
import type { CloudApi } from './client.ts'
import { TREATMENTS } from './errors.ts'
import type { Worker } from './inbound.ts'
import { deleteMedia, findDueMedia, putOffMedia } from './store.ts'
import type { MediaRow } from './store.ts'

// Files of received messages, fetched from Meta: what is to be fetched is a row that was stored with its message, and goes once the file is here. So a
// crash anywhere in between costs nothing but doing it again.

const LOOK_MS = 1000
/** So many at a time. */
const AT_ONCE = 4
/** Tried again after so long, and then given up. Meta blocks whoever fails often: 20 times in an hour (docs.360dialog.com). */
const PAUSES_SECONDS = [2, 30, 300, 1800]
/** While a person has to act first, such as where the token has expired. Does not count: Meta keeps a file for seven days, and then says so. */
const STOPPED_SECONDS = 300

/** It will never come. */
class Never extends Error {}
/** It may come later, which is no fault of this file's. */
class Later extends Error {}

/** Fetches what waits, on one server at a time. `pace` stretches or shortens its pauses; for tests. */
export async function startDownloads(ports: Ports, { api, pace = 1 }: { api: CloudApi; pace?: number }): Promise<Worker> {
  const lease = new Lease(ports, 'whatsapp-media')
  const stop = new AbortController()
  let running = Promise.resolve()
  const workAll = async () => {
    try {
      while (!stop.signal.aborted && (await lease.hold()).held) {
        const due = await findDueMedia(ports.db, AT_ONCE)
        if (due.length === 0) return
        await Promise.all(due.map((row) => fetchOne(contextOf(ports), row, { api, pace, signal: stop.signal })))
      }
    } catch (error) {
      if (!stop.signal.aborted) ports.log.warn({ err: error }, 'Files could not be fetched from WhatsApp just now; it is tried again.')
    }
  }
  const wake = soonAfter(5, () => { if (!stop.signal.aborted) running = running.then(workAll) })
  const timer = setInterval(() => {
    // A large file takes longer than the right to work lasts.
    void lease.hold().catch(() => undefined)
    wake()
  }, LOOK_MS)
  const unsubscribe = await ports.bus.subscribe('whatsapp', wake)
  wake()
  return {
    wake,
    async stop() {
      stop.abort()
      clearInterval(timer)
      unsubscribe()
      await running
      await lease.release().catch(() => undefined)
    },
  }
}

const contextOf = (ports: Ports): Ctx => ({ ...ports, viewer: null, client: { address: 'whatsapp', userAgent: null, trusted: true }, loaders: new Loaders() })

interface Options {
  api: CloudApi
  pace: number
  signal: AbortSignal
}

async function fetchOne(ctx: Ctx, row: MediaRow, options: Options): Promise<void> {
  const { attachmentId, attempts } = row
  try {
    // Otherwise its message was taken back, or the server died after the file had come.
    if ((await loadAttachment(ctx, attachmentId))?.state === 'PENDING') await fetchInto(ctx, row, options)
  } catch (error) {
    if (options.signal.aborted) return
    const counts = !(error instanceof Later)
    const seconds = counts ? PAUSES_SECONDS[attempts] : STOPPED_SECONDS
    ctx.log.warn({ err: error, attachmentId, attempts }, 'A file could not be fetched from WhatsApp.')
    if (seconds !== undefined && !(error instanceof Never)) return putOffMedia(ctx.db, attachmentId, { seconds: seconds * options.pace, counts })
    await attachmentCame(ctx, attachmentId, null)
  }
  await deleteMedia(ctx.db, attachmentId)
}

/** Asks where the file is, whatever the webhook says of it, and stores what is there. */
async function fetchInto(ctx: Ctx, { attachmentId, mediaId, phoneNumberId, sha256 }: MediaRow, { api, signal }: Options): Promise<void> {
  const { maxBytes } = ctx.settings.uploads
  const found = await api.lookUp(phoneNumberId, mediaId)
  if (found.kind === 'error') throw faultOf(found.error)
  if (found.kind !== 'accepted') throw new Error(`Meta did not say where it is: ${found.detail}`)
  const { url, byteSize } = found.value
  if (byteSize !== null && byteSize > maxBytes) throw new Never(`It has ${byteSize} bytes, and ${maxBytes} are allowed.`)
  const answer = await api.download(url, signal)
  if (answer.kind !== 'accepted') throw new Error(answer.kind === 'error' ? `Meta refused it: ${answer.error.code}` : answer.detail)
  const bytes = checked(answer.value, { maxBytes, byteSize, digest: digestOf(sha256) ?? digestOf(found.value.sha256) })
  try {
    await attachmentCame(ctx, attachmentId, bytes)
  } finally {
    bytes.destroy()
    answer.value.destroy()
  }
}

/** What an error of Meta's means for a file. */
function faultOf({ code, details, message }: { code: number; details: string | null; message: string | null }): Error {
  const text = `Meta refused it: ${code} ${details ?? message ?? ''}`
  const action = TREATMENTS.get(code)?.action
  return action === 'STOP' ? new Later(text) : action === 'FAIL' ? new Never(text) : new Error(text)
}

/** A SHA-256 as webhooks write it, in base64, or as look-ups do, in hexadecimal digits. */
function digestOf(text: string | null): Buffer | null {
  if (text === null) return null
  const digest = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  return digest.length === 32 ? digest : null
}

/** Lets bytes through, and fails with the last one where they are not those that were told. */
function checked(bytes: Readable, { maxBytes, byteSize, digest }: { maxBytes: number; byteSize: number | null; digest: Buffer | null }): Transform {
  const hash = createHash('sha256')
  let count = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length
      hash.update(chunk)
      if (count > maxBytes) done(new Never(`It has more than the ${maxBytes} bytes that are allowed.`))
      else done(null, chunk)
    },
    flush(done) {
      if (byteSize !== null && count !== byteSize) done(new Error(`${count} bytes came of ${byteSize}.`))
      else done(digest === null || hash.digest().equals(digest) ? null : new Error('The bytes that came are not those that were sent.'))
    },
  })
  pipeline(bytes, through).catch(() => undefined)
  return through
}
