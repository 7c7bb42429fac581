import { Kind, getNamedType, getNullableType, isCompositeType, isInterfaceType, isListType, isObjectType } from 'graphql'
import type { FieldNode, GraphQLField, GraphQLNamedType, GraphQLSchema, OperationDefinitionNode, ValueNode } from 'graphql'
import type { Level } from './levels.ts'

/** What a page holds where no size is asked for, and at most: `graphql/page.ts`. */
const PAGE = 20
const MAX_PAGE = 100
/** What a list is taken to hold that has no size to ask for, such as the reactions to a message. */
const LIST = 5

/** So many objects an operation answers at most, by its variables; a number where they do not matter. */
export type Cost = number | ((variables: Readonly<Record<string, unknown>> | null | undefined) => number)

/** Reads the cost of a valid operation: each object counts one, those on a page as often as the page is large. */
export function costOf(schema: GraphQLSchema, operation: OperationDefinitionNode, level: Level): Cost {
  const root = schema.getRootType(operation.operation)
  if (root == null) return 0
  const defaults = new Map(operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]))
  return below(schema, [root], level, defaults)
}

type Defaults = ReadonlyMap<string, ValueNode | undefined>

function below(schema: GraphQLSchema, types: readonly GraphQLNamedType[], level: Level, defaults: Defaults): Cost {
  const costs: Cost[] = []
  for (const { said, below: inner } of level.values()) {
    // Fields of one name in one place have the same arguments; where they are of different types the dearest counts.
    const found = said.flatMap(({ field, on }) => {
      const definition = fieldOf(on === null ? types : [...typesOf(schema, on), ...types], field.name.value)
      return definition === null ? [] : [{ field, definition }]
    })
    const objects = found.filter(({ definition }) => isCompositeType(getNamedType(definition.type)))
    if (objects.length === 0) continue
    const own = below(schema, [...new Set(objects.map(({ definition }) => getNamedType(definition.type)))], inner, defaults)
    costs.push(times(largest(objects.map(({ field, definition }) => sizeOf(field, definition, defaults))), plus([1, own])))
  }
  return plus(costs)
}

function typesOf(schema: GraphQLSchema, name: string): GraphQLNamedType[] {
  const type = schema.getType(name)
  return type === undefined ? [] : [type]
}

function fieldOf(types: readonly GraphQLNamedType[], name: string): GraphQLField<unknown, unknown> | null {
  for (const type of types) {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
    if (field !== undefined) return field
  }
  return null
}

/** How many of what a field answers there are at most. */
function sizeOf(field: FieldNode, { args, type, name }: GraphQLField<unknown, unknown>, defaults: Defaults): Cost {
  const given = (argument: string) => field.arguments?.find((node) => node.name.value === argument)?.value
  if (args.some((arg) => arg.name === 'first')) {
    const [first, last] = [numberIn(given('first'), defaults), numberIn(given('last'), defaults)]
    const page = (sizes: readonly (number | null)[]) => Math.min(Math.max(...sizes.map((size) => size ?? 0), sizes.every((size) => size === null) ? PAGE : 0), MAX_PAGE)
    if (typeof first !== 'function' && typeof last !== 'function') return page([first, last])
    return (variables) => page([first, last].map((size) => (typeof size === 'function' ? size(variables) : size)))
  }
  if (args.some((arg) => arg.name === 'ids')) return lengthOf(given('ids'))
  // Those of a page are counted with it.
  if (name === 'edges' || name === 'nodes') return 1
  return isListType(getNullableType(type)) ? LIST : 1
}

type Size = number | null | ((variables: Readonly<Record<string, unknown>> | null | undefined) => number | null)

function numberIn(node: ValueNode | undefined, defaults: Defaults): Size {
  if (node?.kind === Kind.INT) return Number(node.value)
  if (node?.kind !== Kind.VARIABLE) return null
  const name = node.name.value
  const fallback = defaults.get(name)
  const otherwise = fallback?.kind === Kind.INT ? Number(fallback.value) : null
  return (variables) => {
    const value = variables?.[name]
    return typeof value === 'number' ? value : value === undefined ? otherwise : null
  }
}

function lengthOf(node: ValueNode | undefined): Cost {
  if (node?.kind === Kind.LIST) return Math.min(node.values.length, MAX_PAGE)
  if (node?.kind !== Kind.VARIABLE) return 1
  const name = node.name.value
  return (variables) => {
    const value = variables?.[name]
    return Array.isArray(value) ? Math.min(value.length, MAX_PAGE) : 1
  }
}

// ------------------------------------------------------------------ sums and products of what may depend on variables

function plus(costs: readonly Cost[]): Cost {
  const constant = costs.reduce<number>((sum, cost) => (typeof cost === 'number' ? sum + cost : sum), 0)
  const variable = costs.filter((cost) => typeof cost === 'function')
  return variable.length === 0 ? constant : (variables) => variable.reduce((sum, cost) => sum + cost(variables), constant)
}

function times(one: Cost, other: Cost): Cost {
  if (typeof one === 'number' && typeof other === 'number') return one * other
  return (variables) => valueOf(one, variables) * valueOf(other, variables)
}

function largest(costs: readonly Cost[]): Cost {
  if (costs.every((cost) => typeof cost === 'number')) return Math.max(...costs)
  return (variables) => Math.max(...costs.map((cost) => valueOf(cost, variables)))
}

function valueOf(cost: Cost, variables: Readonly<Record<string, unknown>> | null | undefined): number {
  return typeof cost === 'number' ? cost : cost(variables)
}
