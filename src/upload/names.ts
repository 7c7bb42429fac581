/** A name holds at most so many characters, as most file systems take them. */
const MAX_NAME = 200

/** What directs text, or is not seen: by it a name would look like another one. Control characters are among them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu

/** The name of a file as it is kept: what a person sees of it, without folders. It is never the name of anything on this machine. */
export function cleanFileName(given: string): string {
  const name = (given.toWellFormed().split(/[/\\]/).at(-1) ?? '').replace(UNSEEN, '').trim().replace(/^\.+/, '')
  if (name === '') return 'file'
  const letters = [...name]
  if (letters.length <= MAX_NAME) return name
  // What stands behind the last dot tells a person what it is.
  const extension = /\.[^.\s]{1,20}$/.exec(name)?.[0] ?? ''
  return letters.slice(0, MAX_NAME - [...extension].length).join('') + extension
}

/** The header by which a browser shows a file in the page, or offers it under its name (RFC 6266). */
export function contentDisposition(how: 'inline' | 'attachment', fileName: string): string {
  const plain = fileName.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${how}; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** What browsers show in a page and never run. */
const SHOWN = /^(image\/(jpeg|png|gif|webp|avif)|video\/(mp4|webm|quicktime|x-matroska|ogg|mpeg|3gpp)|audio\/[\w.+-]+)$/

/** Whether a page may show a file of this type, rather than offer it to be saved. */
export function isShown(mimeType: string): boolean {
  return SHOWN.test(mimeType)
}
