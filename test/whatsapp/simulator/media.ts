import { createHash, randomBytes } from 'node:crypto'
import { MetaError, noSuchObject } from './errors.ts'

const MEGABYTE = 1024 * 1024
const DAY = 24 * 3600_000

/** Which MIME types each kind may have, and how large it may be. Source: Meta's page of supported media types; docs.weni.ai repeats it. */
const KINDS: Record<string, { types: RegExp; bytes: number }> = {
  image: { types: /^image\/(jpeg|png)$/, bytes: 5 * MEGABYTE },
  video: { types: /^video\/(mp4|3gp|3gpp)$/, bytes: 16 * MEGABYTE },
  audio: { types: /^audio\/(aac|amr|mpeg|mp4|ogg(; ?codecs=opus)?)$/, bytes: 16 * MEGABYTE },
  sticker: { types: /^image\/webp$/, bytes: 500 * 1024 },
  document: { types: /^(text\/plain|application\/(pdf|msword|vnd\.ms-(excel|powerpoint)|vnd\.openxmlformats-officedocument\.(spreadsheetml\.sheet|wordprocessingml\.document|presentationml\.presentation)))$/, bytes: 100 * MEGABYTE },
}

export interface MediaFile {
  id: string
  bytes: Buffer
  mimeType: string
  filename: string | null
  phoneNumberId: string
  /** Uploaded by the business: there for 30 days; sent by a customer: for 7. */
  from: 'business' | 'customer'
  at: number
}

/** The files at Meta. Looking one up gives an address that works for 5 minutes. */
export class MediaStore {
  readonly files = new Map<string, MediaFile>()
  readonly #addresses = new Map<string, { id: string; until: number }>()
  readonly #now: () => number
  #count = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** @throws {MetaError} where the file is of a kind that WhatsApp does not take, or too large. */
  upload(file: { bytes: Buffer; mimeType: string; filename: string | null; phoneNumberId: string }): MediaFile {
    const kinds = Object.values(KINDS).filter(({ types }) => types.test(file.mimeType))
    if (kinds.length === 0) throw new MetaError(100, { message: `(#100) Param file must be a file with one of the supported types. Received file of type '${file.mimeType}'.` })
    if (file.bytes.length === 0) throw new MetaError(131053, { details: 'The file is empty.' })
    if (!kinds.some(({ bytes }) => file.bytes.length <= bytes)) throw new MetaError(131053, { details: 'Media file size too big.' })
    return this.keep({ ...file, from: 'business' })
  }

  /** A file that is there, whoever brought it; of a customer any type may come. */
  keep(file: Omit<MediaFile, 'id' | 'at'>): MediaFile {
    const whole = { ...file, id: String(3_000_000_000_001 + this.#count++), at: this.#now() }
    this.files.set(whole.id, whole)
    return whole
  }

  /** Whether this may be sent as this kind. @throws {MetaError} */
  checkSend(id: string, type: string, phoneNumberId: string): void {
    const file = this.find(id)
    if (file === undefined || file.phoneNumberId !== phoneNumberId || file.from !== 'business') throw new MetaError(131009, { details: `Media ID ${id} does not exist for this phone number.` })
    const kind = KINDS[type]
    if (kind === undefined || !kind.types.test(file.mimeType) || file.bytes.length > kind.bytes) throw new MetaError(131053, { details: `The file is not suitable as ${type}: ${file.mimeType}, ${file.bytes.length} bytes.` })
  }

  find(id: string): MediaFile | undefined {
    const file = this.files.get(id)
    return file === undefined || this.#now() > file.at + (file.from === 'business' ? 30 : 7) * DAY ? undefined : file
  }

  /** What a look-up answers. Here the hash is in hexadecimal digits, in webhooks in base64 (docs.kapso.ai/api/meta/whatsapp/media/get-media-url). */
  lookUp(id: string, phoneNumberId: string | null, origin: string): object {
    const file = this.find(id)
    if (file === undefined || (phoneNumberId !== null && file.phoneNumberId !== phoneNumberId)) throw noSuchObject(id, 'get')
    return { messaging_product: 'whatsapp', url: this.address(file, origin), mime_type: file.mimeType, sha256: createHash('sha256').update(file.bytes).digest('hex'), file_size: file.bytes.length, id }
  }

  address(file: MediaFile, origin: string): string {
    const hash = randomBytes(16).toString('hex')
    const until = this.#now() + 5 * 60_000
    this.#addresses.set(hash, { id: file.id, until })
    return `${origin}/whatsapp_business/attachments/?mid=${file.id}&ext=${Math.floor(until / 1000)}&hash=${hash}`
  }

  /** The file at an address; null where the address is over or was never given. */
  download(query: URLSearchParams): MediaFile | null {
    const address = this.#addresses.get(query.get('hash') ?? '')
    if (address === undefined || address.until < this.#now() || address.id !== query.get('mid')) return null
    return this.find(address.id) ?? null
  }
}

/** The hash as webhooks tell it. */
export function sha256Base64(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
