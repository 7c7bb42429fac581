import { createReadStream } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import yauzl from 'yauzl'
import type { ZipFile } from 'yauzl'
import { StartError } from '../base/start-error.ts'
import type { PastFile } from './history.ts'
import type { WhatsAppExport } from './whatsapp.ts'

/** A text of so many bytes is no chat any more, whatever a zip says of it. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024

/** An export that is open; whoever has read all of its files closes it. */
export interface Archive extends WhatsAppExport {
  close(): void
}

/**
 * Opens what WhatsApp's "Export chat" made: a zip with a text and files in it, or the text alone, whose files may lie beside it.
 * @throws {StartError} that says what is wrong with it.
 */
export async function openExport(path: string): Promise<Archive> {
  const found = await stat(path).catch((error: unknown) => { throw new StartError(`${path} cannot be read: ${(error as Error).message}`) })
  if (found.isDirectory()) throw new StartError(`${path} is a folder: name the text in it, or the zip that WhatsApp made.`)
  return (await isZip(path)) ? openZip(path) : openText(path)
}

async function isZip(path: string): Promise<boolean> {
  const head = await buffer(createReadStream(path, { end: 3 }))
  return head.toString('latin1') === 'PK\x03\x04'
}

async function openText(path: string): Promise<Archive> {
  const [folder, fileName] = [dirname(path), basename(path)]
  const files = new Map<string, PastFile>()
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile() || entry.name === fileName) continue
    const file = join(folder, entry.name)
    files.set(entry.name, { name: entry.name, size: (await stat(file)).size, open: () => Promise.resolve(createReadStream(file)) })
  }
  return { fileName, titles: [fileName], text: textOf(await readFile(path), fileName), files, close: () => undefined }
}

async function openZip(path: string): Promise<Archive> {
  const zipName = basename(path)
  const wrong = (error: unknown) => new StartError(`${zipName} cannot be read as a zip: ${error instanceof Error ? error.message : String(error)}`)
  const zip = await yauzl.openPromise(path, { autoClose: false, strictFileNames: false }).catch((error: unknown) => { throw wrong(error) })
  try {
    const files = new Map<string, PastFile>()
    const texts: PastFile[] = []
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      const name = basename(entry.fileName)
      const file = { name, size: entry.uncompressedSize, open: () => zip.openReadStreamPromise(entry) }
      files.set(name, file)
      if (/\.txt$/i.test(name)) texts.push(file)
    }
    const chat = texts.find(({ name }) => /^_chat\.txt$|whatsapp/i.test(name)) ?? (texts.length === 1 ? texts[0] : undefined)
    if (chat === undefined) throw new StartError(`${zipName} holds no text of a chat (_chat.txt, or "WhatsApp Chat with ...txt").`)
    if (chat.size > MAX_TEXT_BYTES) throw new StartError(`${zipName}: ${chat.name} is larger than a chat can be (${chat.size} bytes).`)
    files.delete(chat.name)
    const text = textOf(await buffer(await chat.open()), `${zipName}/${chat.name}`)
    return { fileName: `${zipName}/${chat.name}`, titles: [chat.name, zipName], text, files, close: () => { closeZip(zip) } }
  } catch (error) {
    closeZip(zip)
    throw error instanceof StartError ? error : wrong(error)
  }
}

function closeZip(zip: ZipFile): void {
  if (zip.isOpen) zip.close()
}

function textOf(bytes: Buffer, fileName: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new StartError(`${fileName} is no text in UTF-8.`)
  }
}
