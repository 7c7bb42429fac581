import { TypeInfo, getNamedType, isLeafType, isNonNullType, isObjectType, parse, validate, visit, visitWithTypeInfo } from 'graphql'
import type { DocumentNode } from 'graphql'
import { schema } from '../../src/graphql/schema.ts'
import type { Row } from './rows.ts'

/** A row's operation as it is sent. */
export interface Operation {
  document: string
  /** The root field. */
  field: string
  /** The values of the world that it needs. */
  variables: string[]
}

/** Makes a row's short text into a document; null where the schema does not have its root field (yet). @throws where it does not fit the schema. */
export function operationOf({ kind, text }: Pick<Row, 'kind' | 'text'>): Operation | null {
  const field = /^\w+/.exec(text)?.[0] ?? ''
  if (rootType(kind)?.getFields()[field] === undefined) return null
  const body = `{ ${kind === 'mutation' ? wholeMutation(field, text) : text} }`
  const types = variableTypes(parse(`${kind} ${body}`))
  const declared = [...types].map(([name, type]) => `$${name}: ${type}`)
  const document = `${kind} ${declared.length === 0 ? '' : `(${declared.join(', ')}) `}${body}`
  const faults = validate(schema, parse(document))
  if (faults.length > 0) throw new Error(`${text}: ${faults.map(({ message }) => message).join(' ')}`)
  return { document, field, variables: [...types.keys()] }
}

export function rootType(kind: Row['kind']) {
  return kind === 'query' ? schema.getQueryType() : kind === 'mutation' ? schema.getMutationType() : schema.getSubscriptionType()
}

/** `updateChat(title: "New")` with the arguments in its one `input`, and with all that its payload holds. */
function wholeMutation(field: string, text: string): string {
  const args = text.slice(field.length).replace(/^\((.*)\)$/s, '(input: { $1 })')
  const payload = getNamedType(schema.getMutationType()?.getFields()[field]?.type)
  if (!isObjectType(payload)) throw new Error(`${field} answers no object`)
  const values = Object.values(payload.getFields()).filter(({ name }) => name !== 'errors' && name !== 'query')
  const selections = values.map(({ name, type }) => (isLeafType(getNamedType(type)) ? name : `${name} { __typename }`))
  return `${field}${args} { ${selections.join(' ')} errors { __typename code path message } }`
}

/** What each variable has to be, by the place where it stands. */
function variableTypes(document: DocumentNode): Map<string, string> {
  const types = new Map<string, string>()
  const info = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(info, {
      Variable({ name }) {
        const type = info.getInputType()
        if (type == null) throw new Error(`$${name.value} stands at no known argument`)
        if (!types.has(name.value) || isNonNullType(type)) types.set(name.value, String(type))
      },
    }),
  )
  return types
}
