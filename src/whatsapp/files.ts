import type { Attachment } from '../upload/domain.ts'

/** As what WhatsApp shows a file. */
export type Form = 'image' | 'video' | 'audio' | 'document' | 'sticker'

const MEGABYTE = 1024 * 1024

/**
 * Which types each form takes, and how large it may be, by Meta's page of supported media types (docs.weni.ai and dualhook.com/docs/media-messages
 * repeat it). Documents of other types than these Meta does not take at all.
 */
const FORMS: Record<Form, { types: RegExp; bytes: number }> = {
  image: { types: /^image\/(jpeg|png)$/, bytes: 5 * MEGABYTE },
  video: { types: /^video\/(mp4|3gpp)$/, bytes: 16 * MEGABYTE },
  audio: { types: /^audio\/(aac|amr|mpeg|mp4|ogg; codecs=opus)$/, bytes: 16 * MEGABYTE },
  sticker: { types: /^image\/webp$/, bytes: 500 * 1024 },
  document: { types: /^(text\/plain|application\/(pdf|msword|vnd\.ms-(excel|powerpoint)|vnd\.openxmlformats-officedocument\.(spreadsheetml\.sheet|wordprocessingml\.document|presentationml\.presentation)))$/, bytes: 100 * MEGABYTE },
}

/** What the bytes of a file tell, where Meta calls it otherwise. */
const META_NAMES: Record<string, string> = { 'audio/x-m4a': 'audio/mp4' }
/** Files of older office programs look alike inside: their names tell them apart. */
const OLD_OFFICE: Record<string, string> = { doc: 'application/msword', xls: 'application/vnd.ms-excel', ppt: 'application/vnd.ms-powerpoint' }
/** As this goes a document of a type that Meta does not list: its name still tells the customer's device what it is. */
const ANY_DOCUMENT = 'text/plain'

const EXTENSIONS: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/3gpp': '3gp',
  'audio/aac': 'aac',
  'audio/amr': 'amr',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'audio/ogg': 'ogg',
  'application/pdf': 'pdf',
  'text/plain': 'txt',
}

/** A name for a file that has none, by what it is said to be. */
export function fileNameFor(kind: string, mimeType: string): string {
  const extension = EXTENSIONS[mimeType.split(';')[0]?.trim().toLowerCase() ?? '']
  return extension === undefined ? kind : `${kind}.${extension}`
}

/** How a file goes out: in the form that suits it, else as a document. Null: it is too large for WhatsApp. */
export function formOf({ mimeType, fileName, byteSize }: Pick<Attachment, 'mimeType' | 'fileName' | 'byteSize'>, isSticker: boolean): { form: Form; mimeType: string } | null {
  const type = META_NAMES[mimeType] ?? mimeType
  const size = byteSize ?? 0
  const forms: Form[] = isSticker ? ['sticker'] : ['image', 'video', 'audio']
  const form = forms.find((name) => FORMS[name].types.test(type) && size <= FORMS[name].bytes)
  if (form !== undefined) return { form, mimeType: type }
  if (size > FORMS.document.bytes) return null
  const office = type === 'application/x-cfb' ? OLD_OFFICE[fileName.split('.').at(-1)?.toLowerCase() ?? ''] : undefined
  return { form: 'document', mimeType: office ?? (FORMS.document.types.test(type) ? type : ANY_DOCUMENT) }
}

/** Sound and stickers say nothing but themselves. */
export const takesCaption = (form: Form) => form === 'image' || form === 'video' || form === 'document'
