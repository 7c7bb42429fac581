import SchemaBuilder from '@pothos/core'
import type { GraphQLContext } from './context.ts'

/** The one builder that all features add their types to. */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    URL: { Input: string; Output: string }
  }
}>({ defaultFieldNullability: false })

export const Query = builder.queryType({ description: 'Everything that can be read, as the viewer sees it.' })
builder.mutationType({ description: 'Everything that can be changed. Each takes one `input` and answers its own payload.' })
builder.subscriptionType({ description: 'Everything that happens, as it happens.' })
