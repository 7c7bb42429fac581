import type { CreateUploadInput, CreateUploadMutation } from '../generated/graphql.ts'

/** Does the mutation. @throws where no answer came. */
export type Announce = (input: CreateUploadInput) => Promise<CreateUploadMutation['createUpload']>

/** So many bytes go at once. */
const PART = 1024 * 1024
const PATIENCE = 10
const LONGEST_PAUSE_MS = 15_000

/** What was wrong, as the server or `faultText` has it. */
export interface Fault {
  code: string
  message: string
  path?: readonly string[] | null | undefined
}

/** The server does not take this file. */
export class NotTaken extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Links are to this very page: the server may not know by which name it is reached. */
export function here(url: string): string {
  const { pathname, search } = new URL(url, location.href)
  return pathname + search
}

/**
 * Sends the bytes of a file in parts, and goes on where a line broke. Answers the ID for `attachmentIds`; `progress` is called with a number
 * from 0 to 1. @throws {NotTaken} where another try is in vain.
 */
export async function uploadFile(file: File, announce: Announce, progress: (part: number) => void, signal: AbortSignal): Promise<string> {
  const { upload, errors } = await announce({ fileName: file.name, mimeType: file.type === '' ? 'application/octet-stream' : file.type, byteSize: file.size })
  if (upload === null) throw new NotTaken(errors[0] ?? { code: 'INVALID_INPUT', message: '', path: null })
  const own = upload.headers.map(({ name, value }): [string, string] => [name, value])

  async function put(range: string, body: Blob | null): Promise<Response> {
    const response = await fetch(here(upload?.url ?? ''), { method: 'PUT', headers: [...own, ['content-range', range]], body, signal })
    // 409: it is elsewhere than we thought, and says where.
    if ([201, 308, 409].includes(response.status)) return response
    const answer = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null
    const message = answer?.errors?.[0]?.message ?? ''
    // 429: too many of this user at once.
    throw response.status >= 500 || response.status === 429 ? new Error(message) : new NotTaken({ code: 'INVALID_INPUT', message, path: ['file'] })
  }

  let sent = 0
  let asks = false
  for (let tries = 0; ; ) {
    try {
      const end = Math.min(sent + PART, file.size)
      const response = await (asks ? put(`bytes */${file.size}`, null) : put(`bytes ${sent}-${end - 1}/${file.size}`, file.slice(sent, end)))
      if (response.status === 201) break
      sent = Number(/-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1] ?? -1) + 1
      asks = false
      if (sent > 0) tries = 0
      progress(sent / file.size)
    } catch (error) {
      tries += 1
      if (error instanceof NotTaken || signal.aborted || tries >= PATIENCE) throw error
      // Nobody knows how much of it arrived.
      asks = true
      await pause(tries, signal)
    }
  }
  progress(1)
  return upload.attachmentId
}

/** Longer with each try in vain; over as soon as the browser says that there is a network. */
function pause(tries: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer)
      window.removeEventListener('online', over)
      resolve()
    }
    const timer = setTimeout(over, Math.min(250 * 2 ** tries, LONGEST_PAUSE_MS))
    window.addEventListener('online', over)
    signal.addEventListener('abort', over, { once: true })
  })
}
