import { TypeInfo, getNamedType, isInterfaceType, isIntrospectionType, isObjectType, parse, visit, visitWithTypeInfo } from 'graphql'
import type { GraphQLField, GraphQLNamedType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { operationOf } from './documents.ts'
import { titleOf } from './rows.ts'
import { TABLE } from './table.ts'

// The rows are tested beside this file. Here it shows that none is missing: what is new in the schema needs a row that says whose it is.

const operations = TABLE.map(operationOf).filter((operation) => operation !== null)
const visited = visitedFields()

describe('the table has a row for', () => {
  test('every query, mutation and subscription', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) => (type == null ? [] : fieldsOf(type)))
    expect(roots.filter((field) => !visited.has(field))).toEqual([])
  })

  test('every type of node', () => {
    const byNode = TABLE.flatMap(({ text }) => (text.startsWith('node(') ? [text] : []))
    const names = schema.getPossibleTypes(nodeType()).map(({ name }) => name)
    expect(names.filter((name) => !byNode.some((text) => text.includes(`... on ${name} {`)))).toEqual([])
  })

  test('every way to a chat, a message, a member, an invite or a session', () => {
    const ways = fields().filter(([, field]) => /^(Chat|Message|ChatMember|ChatInvite|Session|Receipt)(Connection)?$/.test(getNamedType(field.type).name))
    expect(ways.map(([coordinate]) => coordinate).filter((coordinate) => !visited.has(coordinate))).toEqual([])
  })

  test('every field that says that it is not for everybody', () => {
    const private_ = fields().filter(([, { description }]) => /only of the viewer|own only|else null|hidden from/i.test(description ?? ''))
    expect(private_.map(([coordinate]) => coordinate).filter((coordinate) => !visited.has(coordinate))).toEqual([])
    expect(private_.length).toBeGreaterThan(5)
  })
})

test('no row stands twice', () => {
  const titles = TABLE.map(titleOf)
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
})

/** The fields of objects by their coordinates. Payloads answer what a mutation let through, and edges what their page holds. */
function fields(): [coordinate: string, field: GraphQLField<unknown, unknown>][] {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !isIntrospectionType(type))
  const passed = /(Payload|Edge|Connection)$/
  return types.filter(({ name }) => !passed.test(name)).flatMap((type) => Object.entries(isObjectType(type) ? type.getFields() : {}).map(([name, field]): [string, GraphQLField<unknown, unknown>] => [`${type.name}.${name}`, field]))
}

function fieldsOf(type: GraphQLNamedType): string[] {
  return isObjectType(type) ? Object.keys(type.getFields()).map((name) => `${type.name}.${name}`) : []
}

function nodeType() {
  const type = schema.getType('Node')
  if (!isInterfaceType(type)) throw new Error('Node is an interface')
  return type
}

/** Every field that some row asks for. */
function visitedFields(): Set<string> {
  const found = new Set<string>()
  const info = new TypeInfo(schema)
  for (const { document } of operations) {
    visit(
      parse(document),
      visitWithTypeInfo(info, {
        Field({ name }) {
          found.add(`${info.getParentType()?.name ?? ''}.${name.value}`)
        },
      }),
    )
  }
  return found
}
