import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { formatDocument, stringifyDocument } from 'urql'
import type { Plugin } from 'vite'
import { SEND_MESSAGE } from '../src/client/send-message.ts'
import * as generated from './src/generated/graphql.ts'

/** What the page may ask: each document as it is written, and as the cache sends it, which asks for the name of every type besides. */
export function listDocuments(): Record<string, string> {
  const written = Object.entries(generated).flatMap(([name, document]) => (name.endsWith('Document') ? [document as Parameters<typeof formatDocument>[0]] : []))
  const texts = [SEND_MESSAGE, ...written.flatMap((document) => [stringifyDocument(document), stringifyDocument(formatDocument(document))])]
  return Object.fromEntries(texts.map((text) => [`sha256:${createHash('sha256').update(text).digest('hex')}`, text]))
}

/** Writes the list for `PERSISTED_DOCUMENTS`, beside the page and not in it. */
export function persisted(path: string): Plugin {
  return {
    name: 'persisted',
    apply: 'build',
    closeBundle: () => writeFile(path, `${JSON.stringify(listDocuments(), null, 2)}\n`),
  }
}
