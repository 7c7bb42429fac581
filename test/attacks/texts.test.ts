import { randomUUID } from 'node:crypto'
import { getNamedType, getNullableType, isEnumType, isInputObjectType, isListType, isRequiredArgument, isRequiredInputField } from 'graphql'
import type { GraphQLArgument, GraphQLField, GraphQLInputField, GraphQLInputType, GraphQLNamedInputType } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { chatsOf, historyOf, stage } from '../whatsapp/server/parley.ts'

// What a database cannot store, in every text that a query or mutation takes, by somebody who may do nearly everything: told as what it is, never as a fault of the server's.

const BAD = ['a\0b', 'half \ud83d of a character']

/** All places for texts below a root field, such as `input.location.name`. */
function textsIn(path: string, given: GraphQLInputType): string[] {
  const type = getNamedType(given)
  if (isInputObjectType(type)) return Object.values(type.getFields()).flatMap((field) => textsIn(`${path}.${field.name}`, field.type))
  return type.name === 'String' ? [path] : []
}

const leadsTo = (at: string, path: string) => path === at || path.startsWith(`${at}.`)

const roots = [...Object.values(schema.getQueryType()?.getFields() ?? {}), ...Object.values(schema.getMutationType()?.getFields() ?? {})]
const places = roots.flatMap((field) => field.args.flatMap((arg) => textsIn(arg.name, arg.type).map((path) => ({ field, path }))))

test('no text of the schema that nothing could store is a fault of the server', async () => {
  const { meta, root, alice } = await stage({ templates: [{ name: 'order', components: [{ type: 'BODY', text: 'It is on its way.' }] }] })
  meta.customer({ phone: '14155550123', name: 'Ada' }).writes('hello')
  const [customer] = await chatsOf(alice)
  const garden = await alice.group('Garden', root)
  const mine = await alice.send(garden, 'mine')
  const [{ id: theirs }] = await historyOf(alice, customer.id)

  /** A value that fits its place, but the bad text at `path`. */
  const valueOf = ({ name, type: given }: Pick<GraphQLArgument | GraphQLInputField, 'name' | 'type'>, at: string, path: string, bad: string, isCustomers: boolean): unknown => {
    const type = getNamedType(given)
    const fields = isInputObjectType(type) ? Object.values(type.getFields()) : null
    const one = fields !== null
      ? Object.fromEntries(fields.filter((field) => isRequiredInputField(field) || leadsTo(`${at}.${field.name}`, path)).map((field) => [field.name, valueOf(field, `${at}.${field.name}`, path, bad, isCustomers)]))
      : at === path ? bad : goodFor(name, type, isCustomers)
    return isListType(getNullableType(given)) ? [one] : one
  }
  const goodFor = (name: string, type: GraphQLNamedInputType, isCustomers: boolean): unknown => {
    if (isEnumType(type)) return type.getValues()[0]?.name
    if (type.name === 'Boolean') return true
    if (type.name === 'Int' || type.name === 'Float') return 1
    if (name === 'clientId') return randomUUID()
    if (/message|reply|forward/i.test(name)) return isCustomers ? theirs : mine
    if (/chat/i.test(name)) return isCustomers ? customer.id : garden
    return type.name === 'ID' ? root.id : 'something'
  }
  const documentOf = (field: GraphQLField<unknown, unknown>, args: readonly GraphQLArgument[]) => {
    const isMutation = schema.getMutationType()?.getFields()[field.name] === field
    const [declared, passed] = [args.map((arg) => `$${arg.name}: ${String(arg.type)}`), args.map((arg) => `${arg.name}: $${arg.name}`)].map((list) => list.join(', '))
    return `${isMutation ? 'mutation' : 'query'} (${declared}) { ${field.name}(${passed}) { ${isMutation ? 'errors { code path }' : '__typename'} } }`
  }

  const told: Record<string, string> = {}
  for (const { field, path } of places) {
    const args = field.args.filter((arg) => isRequiredArgument(arg) || leadsTo(arg.name, path))
    for (const bad of BAD) {
      for (const isCustomers of [false, true]) {
        const variables = Object.fromEntries(args.map((arg) => [arg.name, valueOf(arg, arg.name, path, bad, isCustomers)]))
        const { status, data, errors } = await alice.request(documentOf(field, args), variables)
        const codes = [...(errors ?? []).map(({ extensions }) => extensions?.code), ...((data?.[field.name]?.errors ?? []) as { code: string }[]).map(({ code }) => code)]
        if (status >= 500 || codes.includes('INTERNAL_SERVER_ERROR')) told[`${field.name} ${path}`] = JSON.stringify(errors)
      }
    }
  }
  expect(places.length).toBeGreaterThan(30)
  expect(told).toEqual({})
})
