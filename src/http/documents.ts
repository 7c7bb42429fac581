import { GraphQLError, parse, specifiedRules, validate } from 'graphql'
import type { DocumentNode, ValidationRule } from 'graphql'
import { LRUCache } from 'lru-cache'
import { hideHints } from '../graphql/errors.ts'
import { schema } from '../graphql/schema.ts'

/** So many documents are remembered: clients of some versions, each with its few dozen. */
const MAX_DOCUMENTS = 1000
/** What they may take up together. */
const MAX_BYTES = 32 * 1024 * 1024
/** One that takes up more is read anew each time: no client of sense has it, and a few of them would push out all others. */
const MAX_BYTES_EACH = 1024 * 1024
/** What a parsed token takes up: 250 to 490 bytes by the heap of Node 20, with its node, its place and its links to the next. */
const BYTES_PER_TOKEN = 512
/** An answer names no more faults than these. */
export const MAX_ERRORS = 5

/** A document that could be read. */
export interface Prepared {
  document: DocumentNode
  /** Why it cannot be run against the schema, ready for the client; empty: it can. */
  errors: readonly GraphQLError[]
}

/** Reads documents and checks them against the schema, once for each text. */
export interface Documents {
  /** The parsed and checked document. @throws {GraphQLError}, ready for the client, where it cannot be read. */
  prepare(text: string): Prepared
}

/** `introspection`: whether the schema is public; otherwise also hints at its names are left out. The schema and the rules are the same for all, so the text alone is the key. */
export function createDocuments(introspection: boolean): Documents {
  const rules = introspection ? specifiedRules : [...specifiedRules, noIntrospection]
  const known = new LRUCache<string, Prepared>({ max: MAX_DOCUMENTS, maxSize: MAX_BYTES, maxEntrySize: MAX_BYTES_EACH })
  const refused = (error: unknown) =>
    new GraphQLError(hideHints(error instanceof Error ? error.message : 'The document cannot be read.', introspection), {
      ...(error instanceof GraphQLError ? { nodes: error.nodes, source: error.source, positions: error.positions } : {}),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400, spec: true } },
    })
  const read = (text: string): DocumentNode => {
    try {
      return parse(text)
    } catch (error) {
      throw refused(error)
    }
  }
  return {
    prepare(text) {
      const found = known.get(text)
      if (found !== undefined) return found
      const document = read(text)
      const prepared = { document, errors: validate(schema, document, rules).slice(0, MAX_ERRORS).map(refused) }
      known.set(text, prepared, { size: sizeOf(text, document) })
      return prepared
    },
  }
}

/** A JavaScript string has up to two bytes for each character. */
function sizeOf(text: string, { tokenCount = text.length }: DocumentNode & { tokenCount?: number }): number {
  return 2 * text.length + BYTES_PER_TOKEN * tokenCount
}

const noIntrospection: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value === '__schema' || node.name.value === '__type') context.reportError(new GraphQLError('Introspection is off on this server.', { nodes: node }))
  },
})
