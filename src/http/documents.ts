import { GraphQLError, parse, specifiedRules, validate } from 'graphql'
import type { DocumentNode, OperationDefinitionNode, ValidationRule } from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Limits } from '../base/limits.ts'
import { sha256 } from '../base/secrets.ts'
import { costOf } from '../graphql/cost.ts'
import type { Cost } from '../graphql/cost.ts'
import { hideHints, hideValue } from '../graphql/errors.ts'
import { readLevels } from '../graphql/levels.ts'
import type { Level } from '../graphql/levels.ts'
import { schema } from '../graphql/schema.ts'

/** So many documents are remembered: clients of some versions, each with its few dozen. */
const MAX_DOCUMENTS = 1000
/** What they may take up together. */
const MAX_BYTES = 32 * 1024 * 1024
/** One that takes up more is read anew each time: no client of sense has it, and a few of them would push out all others. */
const MAX_BYTES_EACH = 1024 * 1024
/** Those that cannot be run are remembered apart: whoever makes them up pushes out nobody else's. */
const MAX_REFUSED = 100
/** What a parsed token takes up: 250 to 490 bytes by the heap of Node 20, with its node, its place and its links to the next. */
const BYTES_PER_TOKEN = 512
/** About what an error takes up. */
const BYTES_PER_ERROR = 2000
/** V8 takes the length of a longer string for its hash (String::kMaxHashCalcLength): a map would compare it with every one of the same length. */
const MAX_HASHED_LENGTH = 16_383
/** An answer names no more faults than these. */
export const MAX_ERRORS = 5

/** A document that could be read. */
export interface Prepared {
  document: DocumentNode
  /** Why it cannot be run against the schema, ready for the client; empty: it can. */
  errors: readonly GraphQLError[]
}

/** Reads documents and checks them against the limits and the schema, once for each text. */
export interface Documents {
  /** Whether this text was read before, and is remembered. */
  knows(text: string): boolean
  /** The parsed and checked document. @throws {GraphQLError}, ready for the client, where it cannot be read or is beyond the limits. */
  prepare(text: string): Prepared
  /** @throws {GraphQLError}, ready for the client, where an operation of a prepared document asks for too much with these variables. */
  checkCost(operation: OperationDefinitionNode, variables: Readonly<Record<string, unknown>> | null | undefined): void
}

interface Options {
  /** Whether the schema is public; otherwise also hints at its names are left out. */
  introspection: boolean
  limits: Limits
  /** Called for each document that is read anew and within the limits; throws where it may not be run. */
  permit?: (document: DocumentNode) => void
}

/** The schema, the rules and the limits are the same for all, so the text alone is the key. */
export function createDocuments({ introspection, limits, permit }: Options): Documents {
  const rules = introspection ? specifiedRules : [...specifiedRules, noIntrospection]
  const known = new LRUCache<string, Prepared>({ max: MAX_DOCUMENTS, maxSize: MAX_BYTES, maxEntrySize: MAX_BYTES_EACH })
  const knownToFail = new LRUCache<string, Prepared | GraphQLError>({ max: MAX_REFUSED, maxSize: MAX_BYTES / 4, maxEntrySize: MAX_BYTES_EACH })
  /** Of operations whose variables decide what they cost. */
  const costs = new WeakMap<OperationDefinitionNode, Exclude<Cost, number>>()
  const refused = (error: unknown) =>
    new GraphQLError(hideHints(hideValue(error instanceof Error ? error.message : 'The document cannot be read.'), introspection), {
      // Places in the text, not nodes: these keep the whole parsed document alive.
      ...(error instanceof GraphQLError ? { source: error.source, positions: error.positions } : {}),
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400, spec: true } },
    })
  const tooDear = (cost: number, operation: OperationDefinitionNode) =>
    refused(new GraphQLError(`This asks for up to ${cost} objects at once, and ${limits.cost} are allowed. Ask for smaller pages, or for less on each.`, { nodes: operation }))

  const read = (text: string, key: string): { document: DocumentNode; levels: ReadonlyMap<OperationDefinitionNode, Level> } => {
    try {
      const document = parse(text, { maxTokens: limits.tokens })
      const levels = readLevels(document, limits)
      for (const [operation, level] of levels) checkAlone(operation, level)
      permit?.(document)
      return { document, levels }
    } catch (error) {
      const told = refused(error)
      // Of a parsed document nothing is kept.
      knownToFail.set(key, told, { size: 2 * text.length + BYTES_PER_ERROR })
      throw told
    }
  }
  /** What the operations cost, of which those by variables are noted; one that is too dear whatever they are is an error. */
  const costErrors = (levels: ReadonlyMap<OperationDefinitionNode, Level>) =>
    [...levels].flatMap(([operation, level]) => {
      const cost = costOf(schema, operation, level)
      if (typeof cost !== 'number') costs.set(operation, cost)
      return typeof cost === 'number' && cost > limits.cost ? [tooDear(cost, operation)] : []
    })
  return {
    knows(text) {
      const key = keyOf(text)
      return known.has(key) || knownToFail.has(key)
    },
    prepare(text) {
      const key = keyOf(text)
      const found = known.get(key) ?? knownToFail.get(key)
      if (found instanceof GraphQLError) throw found
      if (found !== undefined) return found
      const { document, levels } = read(text, key)
      // One more than is told: that one says that there are more.
      const invalid = validate(schema, document, rules, { maxErrors: MAX_ERRORS }).slice(0, MAX_ERRORS).map(refused)
      const prepared = { document, errors: invalid.length > 0 ? invalid : costErrors(levels) }
      const memory = prepared.errors.length > 0 ? knownToFail : known
      memory.set(key, prepared, { size: sizeOf(text, document) })
      return prepared
    },
    checkCost(operation, variables) {
      const cost = costs.get(operation)?.(variables)
      if (cost !== undefined && cost > limits.cost) throw tooDear(cost, operation)
    },
  }
}

/** Whoever may try many passwords in one request has not one guess per request. */
function checkAlone(operation: OperationDefinitionNode, level: Level): void {
  if (operation.operation !== 'mutation') return
  const said = [...level.values()].flatMap((place) => place.said)
  const alone = said.find(({ field }) => schema.getMutationType()?.getFields()[field.name.value]?.extensions.alone === true)
  if (alone !== undefined && said.length > 1) throw new GraphQLError(`${alone.field.name.value} stands alone in its request.`, { nodes: said.map(({ field }) => field) })
}

/** What a text is remembered by. */
function keyOf(text: string): string {
  return text.length <= MAX_HASHED_LENGTH ? text : sha256(Buffer.from(text)).toString('base64')
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
