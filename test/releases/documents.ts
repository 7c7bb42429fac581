import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'graphql'
import { SEND_MESSAGE } from '../../src/client/send-message.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The documents that clients of this build send, by where they stand: those of the web client, of the helper, and of the pages to copy from. */
export function documentsOfClients(): Record<string, string> {
  const web = readdirSync(join(ROOT, 'web/src/graphql')).filter((name) => name.endsWith('.graphql'))
  // Fragments of one file are used in the other.
  const documents: Record<string, string> = { 'web client': web.map((name) => readFileSync(join(ROOT, 'web/src/graphql', name), 'utf8')).join('\n'), 'parley/client': SEND_MESSAGE }
  for (const page of ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]) {
    let n = 0
    // Fenced ones, templates into which nothing is put, and short ones between quotes.
    for (const match of readFileSync(join(ROOT, page), 'utf8').matchAll(/^ *```graphql.*\n([^]*?)^ *```|`\s*((?:query|mutation|subscription|fragment)\b(?:[^`$]|\$(?!\{))+)`|'((?:query|mutation|subscription)\b[^'\n]*\})'/gm)) {
      const text = match[1] ?? match[2] ?? match[3] ?? ''
      // Some are cut short for those who read.
      if (canParse(text)) documents[`${page} ${++n}`] = text
    }
  }
  return documents
}

function canParse(text: string): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}
