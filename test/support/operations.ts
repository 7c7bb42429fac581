import { getNamedType, getNullableType, isEnumType, isInputObjectType, isLeafType, isListType, isRequiredArgument, isRequiredInputField } from 'graphql'
import type { GraphQLField, GraphQLInputType, GraphQLSchema } from 'graphql'

/** A root field of the schema, and the smallest operation that asks for it. */
export interface RootOperation {
  kind: 'query' | 'mutation' | 'subscription'
  /** Such as `query me`. */
  name: string
  /** Whether the field says of itself that it answers without sign-in. */
  isPublic: boolean
  document: string
}

/** One operation for each root field: a value for every required argument, whatever it means, and the smallest selection. */
export function rootOperations(schema: GraphQLSchema): RootOperation[] {
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }
  return Object.entries(roots).flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({
      kind: kind as RootOperation['kind'],
      name: `${kind} ${field.name}`,
      isPublic: field.extensions.public === true,
      document: `${kind} { ${callOf(field)} }`,
    })),
  )
}

function callOf(field: GraphQLField<unknown, unknown>): string {
  const args = field.args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${someValue(arg.type)}`)
  const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }'
  return `${field.name}${args.length === 0 ? '' : `(${args.join(', ')})`}${selection}`
}

/** A literal that passes validation. */
function someValue(given: GraphQLInputType): string {
  const type = getNullableType(given)
  if (isListType(type)) return `[${someValue(type.ofType)}]`
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'NONE'
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField)
    return `{ ${fields.map((field) => `${field.name}: ${someValue(field.type)}`).join(', ')} }`
  }
  switch (type.name) {
    case 'Int':
    case 'Float':
      return '1'
    case 'Boolean':
      return 'true'
    case 'DateTime':
      return '"2026-01-31T09:30:00.000Z"'
    default:
      return '"something"'
  }
}
