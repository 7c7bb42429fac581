import { GraphQLError, parse, print } from 'graphql'
import type { DocumentNode } from 'graphql'
import { readFileSync } from 'node:fs'
import { StartError } from '../base/start-error.ts'
import type { Config } from '../config.ts'

/** Documents that were listed ahead. */
export interface Persisted {
  /**
   * The text of a request that names its document by id rather than giving it; null where it gives it. An id stands in `documentId` (POST only), or as
   * Apollo's clients say it in `extensions.persistedQuery.sha256Hash`.
   * @throws {GraphQLError} ready for the client, where nothing is listed under this id.
   */
  textOf(params: { query?: unknown; documentId?: unknown; extensions?: unknown }): string | null
  /** @throws {GraphQLError} where only what is listed may be run, and this is not. */
  permit(document: DocumentNode): void
}

/** Reads the lists: files of JSON as codegen's client preset (`persistedDocuments`), Relay and Apollo write them. @throws {StartError} where one cannot be read. */
export function readPersisted({ files, only }: Config['persisted']): Persisted {
  const texts = new Map(files.flatMap(readList))
  // However they are written: clients print documents each in their own way.
  const listed = new Set(only ? [...texts.values()].map((text) => print(parse(text))) : [])
  return {
    textOf({ query, documentId, extensions }) {
      const id = documentId ?? hashIn(extensions)
      if ((query != null && query !== '') || typeof id !== 'string' || texts.size === 0) return null
      // Codegen writes the name of the hash before it.
      const text = texts.get(id) ?? texts.get(`sha256:${id}`)
      if (text === undefined) throw new GraphQLError('PersistedQueryNotFound', { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', http: { status: 400, spec: true } } })
      return text
    },
    permit(document) {
      if (only && !listed.has(print(document))) throw new GraphQLError('This server runs only the documents that were listed ahead, and this is none of them.')
    },
  }
}

function hashIn(extensions: unknown): unknown {
  const query = (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery
  return (query as { sha256Hash?: unknown } | null | undefined)?.sha256Hash
}

function readList(file: string): [string, string][] {
  try {
    const list = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    if (Array.isArray(list.operations)) return (list.operations as { id: string; body: string }[]).map(({ id, body }) => [id, body])
    return Object.entries(list).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  } catch (error) {
    throw new StartError(`The list of documents ${file} cannot be read: ${(error as Error).message}`)
  }
}
