import { GraphQLError, Kind } from 'graphql'
import type { ASTNode, DirectiveNode, DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode } from 'graphql'
import type { Limits } from '../base/limits.ts'

/** A field of a document, with the type that the nearest fragment around it names; null where none does. */
export interface Said {
  field: FieldNode
  on: string | null
}

/** What stands in one place of an answer: under each name, the fields that are merged there, and what stands below them. */
export type Level = ReadonlyMap<string, { said: readonly Said[]; below: Level }>

/** Levels below `__schema` and `__type`: the schema's whole description as tools ask for it has 15. graphql-js holds its lists to three in one another. */
const INTROSPECTION_DEPTH = 20

/**
 * Reads what each operation asks for, as it will be executed: fragments in their places, fields of one name as one. The work is bound by the limits, so that
 * what validation would take seconds for, such as overlapping fragments, does not come that far.
 * @throws {GraphQLError} for the first limit that is broken.
 */
export function readLevels(document: DocumentNode, limits: Limits): ReadonlyMap<OperationDefinitionNode, Level> {
  const reader = new LevelReader(document, limits)
  const levels = new Map<OperationDefinitionNode, Level>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    levels.set(definition, reader.readOperation(definition))
  }
  // One that no operation spreads is validated all the same.
  reader.readUnusedFragments()
  return levels
}

/** Selections that are merged, each with the type that a fragment around them names. */
type Sets = readonly { set: SelectionSetNode; on: string | null }[]

class LevelReader {
  readonly #limits: Limits
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #used = new Set<string>()
  #fields = 0
  #aliases = 0

  constructor(document: DocumentNode, limits: Limits) {
    this.#limits = limits
    this.#fragments = new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [])))
    for (const definition of document.definitions) if ('directives' in definition) this.#checkDirectives(definition)
  }

  readOperation(operation: OperationDefinitionNode): Level {
    for (const variable of operation.variableDefinitions ?? []) this.#checkDirectives(variable)
    const level = this.#read([{ set: operation.selectionSet, on: null }], 1)
    const { rootFields } = this.#limits
    if (countOf(level) > rootFields) throw broken(`An operation has at most ${rootFields} fields at its top, this one has ${countOf(level)}.`, operation)
    return level
  }

  readUnusedFragments(): void {
    for (const [name, fragment] of this.#fragments) if (!this.#used.has(name)) this.#read([{ set: fragment.selectionSet, on: null }], 1)
  }

  /** `introspecting`: how many levels below one that describes the schema; 0 elsewhere. */
  #read(sets: Sets, depth: number, introspecting = 0): Level {
    const groups = new Map<string, Said[]>()
    const spread = new Set<string>()
    for (const { set, on } of sets) this.#collect(set, on, groups, spread)
    const level = new Map<string, { said: readonly Said[]; below: Level }>()
    for (const [name, said] of groups) {
      const [first] = said
      if (first === undefined) continue
      if (introspecting === 0 ? depth > this.#limits.depth : introspecting > INTROSPECTION_DEPTH) throw broken(`The document is nested too deeply: at most ${this.#limits.depth} levels of fields.`, first.field)
      const below = said.flatMap(({ field }) => (field.selectionSet === undefined ? [] : [{ set: field.selectionSet, on: null }]))
      const describes = introspecting > 0 || first.field.name.value === '__schema' || first.field.name.value === '__type'
      level.set(name, { said, below: below.length === 0 ? NOTHING : this.#read(below, depth + 1, describes ? introspecting + 1 : 0) })
    }
    return level
  }

  #collect(set: SelectionSetNode, on: string | null, groups: Map<string, Said[]>, spread: Set<string>): void {
    for (const selection of set.selections) {
      this.#checkDirectives(selection)
      if (selection.kind === Kind.FIELD) this.#put(selection, on, groups)
      else if (selection.kind === Kind.INLINE_FRAGMENT) this.#collect(selection.selectionSet, selection.typeCondition?.name.value ?? on, groups, spread)
      // In one place it counts once, as it is executed once.
      else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value)
        this.#used.add(selection.name.value)
        const fragment = this.#fragments.get(selection.name.value)
        if (fragment !== undefined) this.#collect(fragment.selectionSet, fragment.typeCondition.name.value, groups, spread)
      }
    }
  }

  #put(field: FieldNode, on: string | null, groups: Map<string, Said[]>): void {
    const { fields, aliases, repeats } = this.#limits
    if (++this.#fields > fields) throw broken(`The document has too many fields: at most ${fields}, those of a fragment wherever it is spread.`, field)
    if (field.alias !== undefined && ++this.#aliases > aliases) throw broken(`The document has too many aliases: at most ${aliases}.`, field)
    const name = field.alias?.value ?? field.name.value
    const said = groups.get(name)
    if (said === undefined) groups.set(name, [{ field, on }])
    else if (said.push({ field, on }) > repeats) throw broken(`The document says one field too often in one place: at most ${repeats} times.`, field)
  }

  #checkDirectives(node: ASTNode & { directives?: readonly DirectiveNode[] | undefined }): void {
    const { directives } = this.#limits
    if ((node.directives?.length ?? 0) > directives) throw broken(`There are too many directives in one place: at most ${directives}.`, node)
  }
}

const NOTHING: Level = new Map()

function countOf(level: Level): number {
  let count = 0
  for (const { said } of level.values()) count += said.length
  return count
}

function broken(message: string, node: ASTNode): GraphQLError {
  return new GraphQLError(message, { nodes: node })
}
