import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../src/graphql/schema.ts'

/** The text of schema.graphql, as the code builds it. */
export function printSchemaFile(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}
