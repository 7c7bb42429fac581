import { isAbstractType, isIntrospectionType, isObjectType } from 'graphql'
import { schema } from '../src/graphql/schema.ts'

/** The text of src/client/generated/facts.ts: what caches have to know of the schema. */
export function printClientFacts(): string {
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const possible = types.filter(isAbstractType).map((type) => `  ${type.name}: [${schema.getPossibleTypes(type).map(({ name }) => `'${name}'`).sort().join(', ')}],`)
  const roots: unknown[] = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const keyless = types.filter((type) => isObjectType(type) && !roots.includes(type) && !('id' in type.getFields())).map(({ name }) => `  '${name}',`)
  return [
    '// Made of the schema by `npm run generate`.',
    '',
    '/** Which types stand behind each interface. */',
    'export const POSSIBLE_TYPES = {',
    ...possible,
    '}',
    '',
    '/** Types without an `id`. */',
    'export const KEYLESS = [',
    ...keyless,
    ']',
    '',
  ].join('\n')
}
